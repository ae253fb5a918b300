"""What every service of the stack offers: install, prepare, command, is_ready, stop. The supervisor knows no more about
it."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import signal
import urllib.error
import urllib.parse
import urllib.request

import home

MEGABYTE = 1 << 20


class ServiceError(Exception):
    """A service can't be installed, prepared or set up; the text says why."""


class Service:
    """A server or program that the stack runs. Subclasses say what is special about theirs."""

    name = ""                     #: in commands, file names and status
    title = ""                    #: for people
    packages = ()                 #: sections of deploy/packages.txt
    needs_java_parts = False      #: whether it runs on what Maven fetches
    memory = 0                    #: bytes it may take, to refuse a machine that is too small
    stop_signal = signal.SIGTERM  #: asks for an orderly end
    stop_seconds = 15             #: after which it is killed

    def __init__(self, settings):
        self.settings = settings
        self.home = settings.home

    def ports(self):
        """Returns the ports it listens on, by the setting that moves them."""
        return {}

    def prepare(self):
        """Makes folders and configuration; comes before every start, so it finds its own work done. Raises
        ServiceError."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        """Returns the whole environment of the process."""
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TZ": "UTC"}

    def user(self):
        """Returns as whom it runs, as arguments for subprocess."""
        return home.server_user()

    def folder(self):
        return self.home.root

    def config_folder(self):
        """Returns where its configuration lies, which its user reads and doesn't write; made by `prepare`."""
        return self.home.configuration / self.name

    def is_ready(self):
        """Tells whether it answers. Called ten times a second while it starts; must return within a second."""
        raise NotImplementedError

    def set_up(self):
        """Does what takes a running server, before others may use it. Comes after every start. Raises ServiceError."""

    def identity(self):
        """Returns what makes a running process out of date when it changes, as JSON values under names for people."""
        return {"settings": [self.command(), self.ports()]}

    def fingerprints(self):
        """Returns a hash for each part of the identity: it can be kept and shown, where the part may hold a
        password."""
        return {
            part: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
            for part, value in self.identity().items()
        }


def with_login(url, login=None):
    """Returns a request. `login` is a user and a password; those in the URL come first, and become the header too, as
    urllib takes them for a part of the host."""
    parts = urllib.parse.urlsplit(url)
    in_url, separator, host = parts.netloc.rpartition("@")
    if not separator and not login:
        return url
    encoded = base64.b64encode((in_url if separator else ":".join(login)).encode()).decode()
    return urllib.request.Request(parts._replace(netloc=host).geturl(), headers={"Authorization": f"Basic {encoded}"})


#: In bytes: whoever has a server's port answers.
LONGEST_ANSWER = 16 << 20


def http_get(url, seconds=1.0, login=None):
    """Returns status and body of a GET, or (None, '') where no server answers."""
    try:
        with urllib.request.urlopen(with_login(url, login), timeout=seconds) as reply:
            return reply.status, reply.read(LONGEST_ANSWER).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read(LONGEST_ANSWER).decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException):  # the last: the server ended amid its answer
        return None, ""


def http_json(url, seconds=1.0):
    """Returns the JSON of a GET, or None."""
    status, found = http_answer(url, seconds)
    return found if status == 200 else None


def http_answer(url, seconds=1.0, login=None):
    """Returns status and JSON of a GET; None for what doesn't come."""
    status, body = http_get(url, seconds, login)
    try:
        return status, json.loads(body)
    except ValueError:
        return status, None


def ask_connect(settings, path, seconds):
    """Returns status and JSON of a GET to Kafka Connect; None for what doesn't come."""
    return http_answer(settings["CONNECT_URL"] + path, seconds, settings.connect_login())


def write_config(path, text):
    """Writes a configuration file for a server: its user reads it, nobody else. It lies in a folder of
    `Service.config_folder`."""
    home.write_private(path, text, servers=True)


def properties(values):
    """Returns the text of a Java properties file."""
    return "".join(f"{name}={str(value)}\n" for name, value in values.items())


def log_tail(path, lines=20):
    """Returns the last lines of a log, or a line that says there are none."""
    path = pathlib.Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        return [f"({path} is empty)"]
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]
