"""The generator of the shop's rows. Its rate may be changed while it runs."""
import json
import random
import urllib.request

import service
from node import Program
from service import MEGABYTE


class Generator(Program):
    name = "generator"
    title = "generator"
    memory = 100 * MEGABYTE
    stop_seconds = 10

    def __init__(self, settings, rate=0.0):
        super().__init__(settings)
        self.rate = rate  #: rows a second

    def ports(self):
        return {"MILLRACE_GENERATOR_PORT": self.settings.number("MILLRACE_GENERATOR_PORT")}

    def command(self):
        seed = self.settings.get("MILLRACE_GENERATOR_SEED") or str(random.randrange(1, 1 << 31))
        return [
            str(self.binary()), "generate", "--rate", f"{self.rate:g}", "--control-port",
            self.settings["MILLRACE_GENERATOR_PORT"], "--seed", seed
        ]

    def identity(self):
        """Its command isn't part of it: the rate is changed on the run, and the seed may be another at each start. Of
        the rest it knows PostgreSQL and the token."""
        told = {
            name: value
            for name, value in self.settings.environment().items()
            if name.startswith("POSTGRES") or name == "MILLRACE_HTTP_TOKEN"
        }
        return {
            "program": self.program(),
            "settings": [told,
                         self.ports(), self.settings["LOG_LEVEL"],
                         self.settings.get("MILLRACE_GENERATOR_SEED")]
        }

    def url(self):
        return f"http://127.0.0.1:{self.settings['MILLRACE_GENERATOR_PORT']}/control"

    def is_ready(self):
        return service.http_get(self.url())[0] == 200

    def set_rate(self, rate):
        """Tells the running generator its rate, and remembers it for the next start. Raises OSError where it doesn't
        answer."""
        self.rate = rate
        request = urllib.request.Request(
            self.url(),
            json.dumps({"rate": rate}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.settings['MILLRACE_HTTP_TOKEN']}"},
            method="POST")
        urllib.request.urlopen(request, timeout=5).close()
