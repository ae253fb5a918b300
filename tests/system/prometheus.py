"""A Prometheus of Debian's that scrapes one node each second, with the rules of deploy/prometheus."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import clients
from stack import REPOSITORY, wait_until

RULES = REPOSITORY / "deploy" / "prometheus" / "rules.yaml"
CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: millrace
    static_configs: [{{targets: ["127.0.0.1:{node}"]}}]
"""


class Prometheus:
    """Use as a context. Rules fire after 2 s, not after their minutes; their expressions are as they are."""

    def __init__(self, port, node_port):
        self.url = f"http://127.0.0.1:{port}/api/v1/"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-prometheus-"))
        self.config = self.folder / "prometheus.yaml"
        self.config.write_text(CONFIG.format(node=node_port))
        (self.folder / "rules.yaml").write_text(re.sub(r"\bfor: \w+", "for: 2s", RULES.read_text()))
        self.port = port

    def __enter__(self):
        self.began = time.time()
        self.log = open(self.folder / "log", "w")
        # It ends with this process, however that ends.
        self.process = subprocess.Popen([
            "setpriv", "--pdeathsig", "KILL", "prometheus", f"--config.file={self.config}",
            f"--storage.tsdb.path={self.folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn"
        ], stdout=self.log, stderr=subprocess.STDOUT)
        try:
            wait_until("Prometheus scrapes the node", lambda: self.value('up{job="millrace"}') == 1, 60)
        except BaseException:
            print((self.folder / "log").read_text()[-3000:])
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, path, **words):
        answer = clients.http(self.url + path + "?" + urllib.parse.urlencode(words))
        if not answer or answer["status"] != "success":
            raise OSError(f"Prometheus says {json.dumps(answer)[:500]}")
        return answer["data"]

    def value(self, query):
        """Returns the value of a query with one series; None without one."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if len(found) == 1 else None

    def has_had_data(self, query):
        """Tells whether a query had a number at some second since Prometheus started."""
        found = self.ask("query_range", query=query, start=self.began, end=time.time(), step=1)["result"]
        return any(value != "NaN" for series in found for _, value in series["values"])

    def firing(self):
        """Returns the names of the alerts that fire."""
        return {x["labels"]["alertname"] for x in self.ask("alerts")["alerts"] if x["state"] == "firing"}

    def broken_rules(self):
        """Returns the rules whose evaluation failed, with the reason."""
        return [(rule["name"], rule.get("lastError")) for group in self.ask("rules")["groups"]
                for rule in group["rules"] if rule["health"] == "err"]
