"""The control channel: one JSON object a line over a unix socket in MILLRACE_HOME/run, which only the owner may
enter."""
import contextlib
import json
import os
import socket


class ControlError(Exception):
    """The supervisor refused a command; the text is its answer."""


class NotRunning(ControlError):
    """There is no supervisor."""


@contextlib.contextmanager
def short_path(path):
    """Yields a path to a socket that is short enough for the kernel (107 bytes), however deep the folder lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path):
    """Returns a listening socket at `path`; the caller holds the supervisor's lock, so no process uses an older one."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX)
    with short_path(path) as short:
        server.bind(short)
    server.listen(16)
    return server


def ask(home, verb, seconds=60.0, **arguments):
    """Sends a command and returns the answer. Raises NotRunning, or ControlError with what the supervisor says."""
    try:
        with socket.socket(socket.AF_UNIX) as connection, short_path(home.socket) as short:
            connection.settimeout(seconds)
            connection.connect(short)
            connection.sendall(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
            with connection.makefile("rb") as replies:
                line = replies.readline()
    except (FileNotFoundError, ConnectionError):
        raise NotRunning("the stack isn't running") from None
    except TimeoutError:
        raise ControlError(f"the supervisor didn't answer {verb} within {seconds:g} s") from None
    if not line:
        raise NotRunning("the supervisor went away")
    answer = json.loads(line)
    if not answer["ok"]:
        raise ControlError(answer["error"])
    return answer


def is_running(home):
    try:
        ask(home, "ping", seconds=5)
        return True
    except ControlError:
        return False
