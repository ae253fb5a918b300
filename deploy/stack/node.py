"""The node: the program that this repository builds, run as whoever runs the stack (its figures lie in that user's folders)."""
import pathlib

import service
from service import MEGABYTE, Service


class Program(Service):
    """A verb of our own binary, run from a copy: a build that goes on beside it must not change what a restart starts."""

    def binary(self):
        return self.home.root / "bin" / "millrace"

    def user(self):
        return {}

    def environment(self):
        return self.settings.child_environment()

    def program(self):
        """Returns what tells one binary from another."""
        status = self.binary().stat() if self.binary().exists() else None
        return [status.st_size, status.st_mtime_ns] if status else None


class Node(Program):
    name = "node"
    title = "node"
    memory = 400 * MEGABYTE
    stop_seconds = 20

    def ports(self):
        return {"MILLRACE_HTTP_PORT": self.settings.number("MILLRACE_HTTP_PORT")}

    def command(self):
        return [str(self.binary()), "node"]

    def identity(self):
        told = {name: value for name, value in self.settings.environment().items() if not name.startswith("MOCK_DATA") and name != "MILLRACE_FIGURES"}
        kafka = pathlib.Path(told.get("KAFKA_PROPERTIES_FILE") or "/")
        # Figures are applied to a node that runs.
        return {"program": self.program(), "settings": [self.command(), told], "Kafka's properties": kafka.read_text() if kafka.is_file() else ""}

    def url(self, path):
        return f"http://127.0.0.1:{self.settings['MILLRACE_HTTP_PORT']}{path}"

    def is_ready(self):
        """Tells whether it answers /status: then it has claimed its shards."""
        return service.http_get(self.url("/status"))[0] == 200
