"""The supervisor: a process of its own that keeps the services running and outlives the terminal.

Started as `supervisor.py MILLRACE_HOME`; told what to do over the control channel (control.py). It writes MILLRACE_HOME/run/state.json at
every change. SIGTERM ends everything in order. When it dies itself, the next one ends what it left behind.
"""
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socketserver
import sys
import threading
import time

import control
import home
import processes
import services
from keeper import Keeper
from settings import REPOSITORY, Settings


class Supervisor:
    def __init__(self, folder):
        self.home = folder
        self.settings = None
        self.keepers = {}
        self.generator_rate = 0.0  #: rows a second
        self.ended = threading.Event()
        self._writing = threading.Lock()

    # What the control channel offers. Each takes the command's arguments and returns the answer's fields.

    def ping(self):
        return {"pid": os.getpid()}

    def status(self):
        return {"pid": os.getpid(), "services": {name: keeper.record() for name, keeper in self.keepers.items()},
                "rate": self.generator_rate}

    def configure(self, values, given):
        """Takes new settings. What runs goes on with the old ones until it is started again; `status` calls it outdated."""
        self.settings = Settings(values, set(given), self.home)
        made = services.make(self.settings)
        for name in [name for name, keeper in self.keepers.items() if name not in made and keeper.state == "stopped"]:
            del self.keepers[name]
        for name, service in made.items():
            if name == "generator":
                service.rate = self.generator_rate
            if name not in self.keepers:
                self.keepers[name] = Keeper(service, self.write_state)
            else:
                self.keepers[name].replace(service)
        home.write_private(self.home.shared_settings, json.dumps(self.settings.shared()))
        return self.status()

    def start(self, name):
        self.keeper(name).start()
        return {}

    def stop(self, name):
        self.keeper(name).stop()
        return {}

    def restart(self, name):
        self.keeper(name).stop()
        self.keeper(name).start()
        return {}

    def kill(self, name, hold=False):
        keeper = self.keeper(name)
        pid = keeper.hold() if hold else keeper.signal(signal.SIGKILL)
        if pid is None:
            raise control.ControlError(f"{name} isn't running")
        while keeper.pid == pid:  # who asks for its state next must not be told that of the dead
            time.sleep(0.01)
        return {"pid": pid}

    def rate(self, rate):
        """Sets the generator's rate: of the one that runs, and of those to come."""
        keeper = self.keeper("generator")
        self.generator_rate = keeper.service.rate = rate
        if keeper.state == "ready":
            keeper.service.set_rate(rate)
        return {}

    def shutdown(self):
        for name in services.in_stopping_order(self.keepers):
            self.keepers[name].stop()
        self.ended.set()
        return {}

    # The rest is the supervisor's own.

    COMMANDS = ("ping", "status", "configure", "start", "stop", "restart", "kill", "rate", "shutdown")

    def keeper(self, name):
        if name not in self.keepers:
            raise control.ControlError(f"this stack runs no service {name!r}; it runs: {', '.join(self.keepers) or 'none'}")
        return self.keepers[name]

    def answer(self, line):
        try:
            arguments = json.loads(line)
            verb = arguments.pop("verb")
            if verb not in self.COMMANDS:
                raise control.ControlError(f"unknown command {verb!r}")
            return {"ok": True, **getattr(self, verb)(**arguments)}
        except Exception as error:  # whatever went wrong is the asker's to hear; the supervisor goes on
            return {"ok": False, "error": str(error) or type(error).__name__}

    def write_state(self):
        with self._writing:
            home.write_private(self.home.state, json.dumps(self.status(), indent=1))

    def end_orphans(self):
        """Ends what a supervisor that died has left behind, in stopping order."""
        if not self.home.state.is_file():
            return
        left = json.loads(self.home.state.read_text())["services"]
        for name in services.in_stopping_order(left):
            record, kind = left[name], services.kind_of(name)
            if processes.is_alive(record.get("pid"), record.get("began")):
                print(f"{time.strftime('%FT%T')} {name}: left behind by a supervisor that died; ended", flush=True)
                processes.end(record["pid"], record["began"], kind.stop_signal, kind.stop_seconds)

    def bound_logs(self):
        """Keeps each log and one older part of it within MILLRACE_LOG_BYTES each. The writers append, so a log can be cut under them."""
        while not self.ended.wait(1.0):
            bound = self.settings.number("MILLRACE_LOG_BYTES") if self.settings else 1 << 24
            for log in self.home.logs.glob("*.log"):
                if log.stat().st_size > bound:
                    shutil.copyfile(log, log.with_name(log.name + ".1"))
                    os.truncate(log, 0)

    def serve(self):
        supervisor = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                line = self.rfile.readline()
                if line:
                    self.wfile.write(json.dumps(supervisor.answer(line)).encode() + b"\n")

        listener = control.listen(self.home.socket)
        threading.Thread(target=self.bound_logs, daemon=True).start()

        def accept():
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=Connection, args=(connection, None, None), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()


def main():
    folder = home.Home(sys.argv[1], REPOSITORY)
    folder.make()
    lock = folder.lock.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another supervisor runs for " + str(folder.root))
    supervisor = Supervisor(folder)
    for ignored in (signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, lambda *_: None)  # not SIG_IGN: the children would inherit that
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=supervisor.shutdown).start())
    supervisor.end_orphans()
    supervisor.serve()
    supervisor.ended.wait()
    time.sleep(0.1)  # the answer to `shutdown` is still on its way
    for path in (folder.socket, folder.state, folder.shared_settings):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
