"""The supervisor: a process of its own that keeps the services running and outlives the terminal.

Started as `supervisor.py MILLRACE_HOME`; told what to do over the control channel (control.py). It writes
MILLRACE_HOME/run/state.json at every change. SIGTERM ends everything cleanly. When it dies itself, the next one ends
what it left behind.
"""
import fcntl
import json
import os
import pathlib
import signal
import socketserver
import sys
import threading
import time

import connector
import control
import disk
import home
import processes
import services
from keeper import Keeper
from settings import DEFAULTS, REPOSITORY, Settings


class Supervisor:
    def __init__(self, folder):
        self.home = folder
        self.settings = None
        self.keepers = {}
        self.generator_rate = 0.0  #: rows a second
        self.watched = connector.Watch(self)
        self.ended = threading.Event()
        self._writing = threading.Lock()
        self._unwritten = ""       #: why the state file isn't what it should be
        self._disk_is_low = False

    # What the control channel offers. Each takes the command's arguments and returns the answer's fields.

    def ping(self):
        return {"pid": os.getpid()}

    def status(self):
        return {"pid": os.getpid(), "services": {name: keeper.record() for name, keeper in self.keepers.items()},
                "rate": self.generator_rate}

    def configure(self, values, given):
        """Takes new settings. What runs goes on with the old ones until it is started again; `status` calls it
        outdated."""
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

    def connector(self, wanted):
        """Has the project's connector registered again when it is gone or changed; or leaves it to whoever deletes
        it."""
        self.watched.expect(wanted)
        return {}

    def shutdown(self):
        self.watched.expect(False)
        for name in services.in_stopping_order(self.keepers):
            self.keepers[name].stop()
        self.ended.set()
        return {}

    # The rest is the supervisor's own.

    COMMANDS = ("ping", "status", "configure", "start", "stop", "restart", "kill", "rate", "connector", "shutdown")

    def keeper(self, name):
        if name not in self.keepers:
            raise control.ControlError(
                f"this stack runs no service {name!r}; it runs: {', '.join(self.keepers) or 'none'}")
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
        """Writes the state file. On a full disk it says so, once, and `watch` tries again."""
        with self._writing:
            try:
                home.write_private(self.home.state, json.dumps(self.status(), indent=1))
                why = ""
            except OSError as error:
                why = str(error)
            if why and not self._unwritten:
                processes.say(f"supervisor: can't write its state, and tries again every second: {why}")
            self._unwritten = why

    def end_orphans(self):
        """Ends what a supervisor that died has left behind, in stopping order."""
        if not self.home.state.is_file():
            return
        left = json.loads(self.home.state.read_text())["services"]
        for name in services.in_stopping_order(left):
            record, kind = left[name], services.kind_of(name)
            if processes.is_alive(record.get("pid"), record.get("began")):
                processes.say(f"{name}: left behind by a supervisor that died; ended")
                processes.end(record["pid"], record["began"], kind.stop_signal, kind.stop_seconds)

    def room(self):
        return disk.room(self.home.root, int((self.settings or DEFAULTS)["MILLRACE_DISK_MB"]))

    def watch(self):
        """Once a second: bounds the logs, looks at the disk, and writes the state where that failed. Goes on whatever
        fails."""
        while not self.ended.wait(1.0):
            for task in (self.bound_logs, self.look_at_disk):
                try:
                    task()
                except OSError as error:
                    processes.say(f"supervisor: {error}")
            if self._unwritten:
                self.write_state()

    def look_at_disk(self):
        """Says when room gets scarce, and when there is enough again."""
        left = self.room()
        if disk.is_scarce(left) != self._disk_is_low:
            self._disk_is_low = not self._disk_is_low
            processes.say("supervisor: " + (disk.in_words(left, self.home.root) if self._disk_is_low else
                                            f"{left['free'] >> 20} MB are free under {self.home.root} again"))

    def bound_logs(self):
        """Keeps each log and one older part of it within MILLRACE_LOG_BYTES each. The writers append, so a log can be
        cut under them."""
        bound = self.settings.number("MILLRACE_LOG_BYTES") if self.settings else 1 << 24
        for log in self.home.logs.glob("*.log"):
            if log.stat().st_size > bound:
                older = log.with_name(log.name + ".1")
                try:
                    with home.open_plain(log, os.O_RDONLY) as source, home.open_plain(
                            older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as target:
                        size = min(log.stat().st_size, 4 * bound)
                        source.seek(-size, os.SEEK_END)
                        target.write(source.read(size))  # not to its end: the writers may be as fast
                except OSError as error:
                    older.unlink(missing_ok=True)
                    processes.say(f"supervisor: {log} is cut, and its older part is lost: {error.strerror}")
                os.truncate(log, 0)

    def serve(self):
        supervisor = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                line = self.rfile.readline()
                if line:
                    self.wfile.write(json.dumps(supervisor.answer(line)).encode() + b"\n")

        listener = control.listen(self.home.socket)
        threading.Thread(target=self.watch, daemon=True).start()
        threading.Thread(target=self.watched.run, args=(self.ended,), daemon=True).start()

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                    threading.Thread(target=Connection, args=(connection, None, None), daemon=True).start()
                except (OSError, RuntimeError) as error:  # no descriptor or thread is left: that may pass
                    processes.say(f"supervisor: can't take a command: {error}")
                    time.sleep(1.0)

        threading.Thread(target=accept, daemon=True).start()


def main():
    folder = home.Home(sys.argv[1], REPOSITORY)
    folder.make()
    lock = folder.lock.open("a")
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
