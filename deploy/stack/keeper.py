"""Keeps one service running: starts it, waits until it answers, starts it again with backoff when it dies.

A keeper is one thread; `start`, `stop` and `kill` may be called from any other. States: stopped -> starting (process
made, no answer yet) -> ready -> backoff (it died; a new one follows) ... -> stopping -> stopped
"""
import contextlib
import os
import select
import signal
import subprocess
import threading
import time

import processes
from service import ServiceError
from settings import SettingsError

FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 10.0
#: A service that was ready this long has earned a quick restart.
STEADY_SECONDS = 2.0
POLL_SECONDS = 0.1


class Keeper:
    def __init__(self, service, changed):
        self.service = service
        self.state = "stopped"
        self.since = time.time()
        self.restarts = 0        #: starts after the first, since it was last started by command
        self.failures = 0        #: starts in a row that never became ready
        self.error = ""          #: why it isn't running, where that is known
        self.running = None      #: fingerprints of what runs
        self.configured = service.fingerprints()
        self.pid = self.began = None
        self._changed = changed  #: called after every change of state; raises nothing
        self._wanted = self._hurry = False
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        self._thread = self._process = None
        self._lock = threading.Lock()

    def start(self):
        """Asks for the service to run; returns at once. One that waits before it is tried again is tried now."""
        with self._lock:
            if self._wanted and self._thread.is_alive():
                if self.state == "backoff":
                    self.failures, self._hurry = 0, True
                    self._wake()
                return
            self._wanted, self.restarts, self.failures, self.error = True, 0, 0, ""
            self._say("starting")
            self._thread = threading.Thread(target=self._keep, name=self.service.name, daemon=True)
            self._thread.start()

    def stop(self):
        """Ends the service cleanly; returns when it is gone."""
        with self._lock:
            self._wanted = False
            self._wake()
            if self._thread:
                self._thread.join()
                self._thread = None

    def signal(self, number):
        """Sends a signal to the process and its group. Returns its pid, or None where there is none."""
        pid = self.pid
        if not processes.is_alive(pid, self.began):
            return None
        os.killpg(pid, number)
        return pid

    def hold(self):
        """Kills the service and keeps it down until `start`."""
        self._wanted = False
        pid = self.signal(signal.SIGKILL)
        self.stop()
        return pid

    def record(self):
        """Returns what the state file and `status` say about it."""
        return {
            "pid": self.pid, "began": self.began, "state": self.state, "since": self.since, "restarts": self.restarts,
            "failures": self.failures, "error": self.error, "outdated": self.outdated()
        }

    def outdated(self):
        """Returns in which parts ("settings", "figures", ...) what runs differs from what it should be."""
        running = self.running
        return [] if running is None else sorted(part for part, value in self.configured.items()
                                                 if running.get(part) != value)

    def replace(self, service):
        """Takes the service with new settings; what runs goes on until it is started again."""
        self.service, self.configured = service, service.fingerprints()

    def _say(self, state, error=None):
        if state != self.state:
            self.state, self.since = state, time.time()
        if error is not None:
            self.error = error
        self._changed()

    def _wake(self):
        os.write(self._wake_writer, b"!")

    def _keep(self):
        backoff = FIRST_BACKOFF
        while self._wanted:
            try:
                ready_seconds = self._run_once()
            except Exception as error:  # whatever it was, a service that is wanted is tried again
                ready_seconds = self._give_up(f"{type(error).__name__}: {error}")
            if not self._wanted:
                break
            backoff = FIRST_BACKOFF if ready_seconds >= STEADY_SECONDS else backoff
            self.restarts += 1
            self.failures = 0 if ready_seconds else self.failures + 1
            self._say("backoff")
            self._hurry = False
            self._sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)
        self._say("stopped")

    def _run_once(self):
        """Runs the service until it ends. Returns for how many seconds it was ready."""
        self._say("starting")
        try:
            self.service.prepare()
            self.configured = self.service.fingerprints()  # prepare() may have made a certificate
            process = self._spawn()
        except (ServiceError, SettingsError, OSError, subprocess.SubprocessError) as error:
            self._log(f"can't start: {error}")
            self._say("starting", str(error))
            return 0.0
        ready_at = self._wait(process)
        code = process.wait()
        self._process = self.pid = self.began = self.running = None
        if self._wanted:
            self._log(f"ended with {'signal ' + str(-code) if code < 0 else 'status ' + str(code)}")
            self._say(self.state, f"ended with {'signal ' + str(-code) if code < 0 else 'status ' + str(code)}")
        return time.monotonic() - ready_at if ready_at else 0.0

    def _give_up(self, why):
        """Ends what can't be watched any more. Returns for how many seconds it counts as ready."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.pid = self.began = self.running = None
        self._log(f"can't be kept running: {why}")
        self._say("starting", why)
        return 0.0

    def _spawn(self):
        self.running = self.service.fingerprints()
        with self.service.home.open_log(self.service.name) as log:
            process = subprocess.Popen(self.service.command(), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, cwd=self.service.folder(),
                                       env=self.service.environment(), start_new_session=True, **self.service.user())
        self._process = process
        self.pid, self.began = process.pid, processes.start_time(process.pid)
        self._say("starting")
        return process

    def _wait(self, process):
        """Waits until the process ends, of itself or by our wish. Returns since when it was ready, or None."""
        ready_at = None
        gone = os.pidfd_open(process.pid)
        try:
            while self._wanted:
                timeout = None if ready_at else POLL_SECONDS
                if gone in select.select([gone, self._wake_reader], [], [], timeout)[0]:
                    return ready_at
                self._drain()
                if not ready_at and self._wanted and self._becomes_ready():
                    ready_at = time.monotonic()
            self._end(process, gone)
        finally:
            os.close(gone)
        return ready_at

    def _becomes_ready(self):
        if not self.service.is_ready():
            return False
        try:
            self.service.set_up()
        except (ServiceError, OSError) as error:
            self._log(str(error))
            self._say("starting", str(error))
            self._sleep(1.0)
            return False
        self._say("ready", "")
        return True

    def _end(self, process, gone):
        self._say("stopping")
        process.send_signal(self.service.stop_signal)
        if not select.select([gone], [], [], self.service.stop_seconds)[0]:
            self._log(f"didn't stop within {self.service.stop_seconds} s; killed")
            os.killpg(process.pid, signal.SIGKILL)

    def _sleep(self, seconds):
        deadline = time.monotonic() + seconds
        while self._wanted and not self._hurry and (left := deadline - time.monotonic()) > 0:
            select.select([self._wake_reader], [], [], left)
            self._drain()

    def _drain(self):
        try:
            os.read(self._wake_reader, 4096)
        except BlockingIOError:
            pass

    def _log(self, text):
        """Says something in the service's own log, and in the supervisor's; on a full disk in neither, but `error` has
        it."""
        processes.say(f"{self.service.name}: {text}")
        with contextlib.suppress(OSError), self.service.home.open_log(self.service.name) as log:
            log.write(f"--- supervisor: {text}\n".encode())
