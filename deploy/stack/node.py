"""The nodes: the program that this repository builds. Like the servers it runs without rights where root starts the
stack."""
import pathlib

import certificates
import handed
import service
from service import MEGABYTE, Service, ServiceError


class Program(Service):
    """A verb of our own binary, run from a copy: a build that goes on beside it must not change what a restart
    starts."""

    def binary(self):
        return self.home.root / "bin" / "millrace"

    def prepare(self):
        self.handed = handed.over(self.told(), self.home.config_folder(self.name))

    def told(self):
        """Returns the environment with the files that the settings name; where its user can't read one, `environment`
        has a copy."""
        return self.settings.child_environment()

    def environment(self):
        return {**self.told(), **self.handed}

    def program(self):
        """Returns what tells one binary from another."""
        status = self.binary().stat() if self.binary().exists() else None
        return [status.st_size, status.st_mtime_ns] if status else None


class Node(Program):
    name = "node"
    title = "node"
    memory = 400 * MEGABYTE
    stop_seconds = 20

    def __init__(self, settings, number=1):
        super().__init__(settings)
        self.number = number
        if number > 1:
            self.name = self.title = f"node-{number}"

    def ports(self):
        """The first node's /status has a port of its own; those of the others, and where nodes reach each other, lie
        side by side."""
        first = self.settings.number("MILLRACE_NODE_PORT") + 2 * (self.number - 1)
        http = {"MILLRACE_HTTP_PORT": self.settings.number("MILLRACE_HTTP_PORT")
                } if self.number == 1 else {"MILLRACE_NODE_PORT (/status)": first + 1}
        return {**http, **({"MILLRACE_NODE_PORT": first} if self.settings.nodes()[1] else {})}

    def http_port(self):
        return next(iter(self.ports().values()))

    def told(self):
        return {**super().told(), "MILLRACE_STATE_DIR": str(self.home.server_folder("notes")), **self.among_others()}

    def among_others(self):
        """Returns what makes it one of many."""
        if not self.settings.nodes()[1]:
            return {}
        return {
            "MILLRACE_NODE": self.name, "MILLRACE_NODE_ADDRESS": f"127.0.0.1:{self.ports()['MILLRACE_NODE_PORT']}",
            "MILLRACE_HTTP_PORT": str(self.http_port()), **self.shown_to_others()
        }

    def shown_to_others(self):
        """Returns what this node shows to the others, where they have certificates of one folder."""
        folder = self.settings.node_certificates()
        return certificates.files_of(folder, self.name) if folder else {}

    def prepare(self):
        """Makes its certificate in the folder that is ours. Refuses to start without one in another folder; the node
        itself looks at what is in the files."""
        folder = self.settings.node_certificates()
        if folder == self.home.node_certificates:
            certificates.ensure(folder, [self.name])
        missing = [path for path in self.shown_to_others().values()
                   if not pathlib.Path(path).is_file()] if self.among_others() else []
        if missing:
            raise ServiceError(
                f"{missing[0]} isn't there: `deploy/millrace certs {folder} --nodes {self.name}` makes it")
        super().prepare()

    def command(self):
        return [str(self.binary()), "node"]

    def identity(self):
        told = {
            name: value
            for name, value in self.settings.environment().items()
            if not name.startswith("MOCK_DATA") and name != "MILLRACE_FIGURES"
        }
        kafka = pathlib.Path(told.get("KAFKA_PROPERTIES_FILE") or "/")
        shown = [
            pathlib.Path(path)
            for setting, path in {**told, **self.among_others()}.items()
            if setting in ("MILLRACE_NODE_CERTIFICATE", "MILLRACE_NODE_AUTHORITY")
        ]
        # Figures are applied to a node that runs.
        return {
            "program": self.program(), "settings": [self.command(), told, self.among_others()],
            "Kafka's properties": kafka.read_text() if kafka.is_file() else "",
            "certificates": [path.read_text() for path in shown if path.is_file()]
        }

    def url(self, path):
        return f"http://127.0.0.1:{self.http_port()}{path}"

    def is_ready(self):
        """Tells whether it answers /status: then it looks for its part of the work."""
        return service.http_get(self.url("/status"))[0] == 200
