"""`monitor`: the live page for a terminal. Asks a node for its /status, and shows what it says until q or Ctrl-C; or
prints it once."""
import json
import os
import subprocess
import sys
import threading
import time

import monitor_screen
import service
from monitor_frame import View, frame
from monitor_words import encodable
from node import Node
from service import ServiceError

PATIENCE = 3.0         #: seconds for an answer of the node, which takes at most one to gather it
ALERTS_EVERY = 5.0     #: seconds at least between two looks at the alerts
ALERTS_PATIENCE = 10.0
FIRST_RATE = 1.0       #: seconds at most that --once waits for its second look


def monitor(settings, name, interval, once):
    """Returns the exit code."""
    watch = Watch(settings, name, interval)
    if once or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return print_once(watch)
    monitor_screen.check()
    watch.start()
    return monitor_screen.run(watch.view)


def print_once(watch):
    """Prints one frame, uncut. Returns 1 if the node doesn't answer."""
    began = time.monotonic()
    if watch.look():
        watch.look_at_alerts()
        time.sleep(max(0.0, began + min(watch.interval, FIRST_RATE) - time.monotonic()))
        watch.look()
    for line in frame(watch.view()).text():
        print(encodable(line, sys.stdout.encoding or "utf-8"))
    return 1 if watch.away else 0


def node_of(settings, name):
    """Returns the node of that name, whether or not this stack started it."""
    return Node(settings, int(name.removeprefix("node").removeprefix("-") or 1))


class Watch:
    """Looks at a node every `interval` seconds. `view` may be called from another thread than the looks."""

    def __init__(self, settings, name, interval):
        self.settings, self.interval = settings, interval
        self.node = node_of(settings, name)
        self.before = self.now = None
        self.heard = time.monotonic()   #: when the node answered last, or the start
        self.away = ""
        self.alerts, self.alerts_why = None, "not asked yet"

    def start(self):
        for act, seconds in ((self.look, self.interval), (self.look_at_alerts, max(self.interval, ALERTS_EVERY))):
            threading.Thread(target=repeat, args=(act, seconds, self.fail), daemon=True).start()

    def view(self, **how):
        """Returns what is known now, as the frame takes it."""
        away = self.away
        return View(self.node.name, f"127.0.0.1:{self.node.http_port()}", self.before, self.now, time.time(), away,
                    time.monotonic() - self.heard if away else 0.0, self.alerts, self.alerts_why, **how)

    def look(self):
        """Asks the node for its report. Returns whether it answered."""
        began = time.monotonic()
        code, report = service.http_answer(self.node.url("/status"), PATIENCE)
        if code in (200, 503) and isinstance(report, dict) and "troubles" in report:
            self.heard = time.monotonic()
            self.before, self.now, self.away = self.now, (self.heard, report), ""
        elif code is not None:
            self.away = "Another program answers there, not a node"
        elif time.monotonic() - began < PATIENCE:
            self.away = "The connection was refused or lost"
        else:
            self.away = f"No answer came within {PATIENCE:g} s"
        return not self.away

    def fail(self, error):
        """Says that a look failed for a reason that nobody expected: what it showed before isn't known any more."""
        self.away = f"Its answer can't be read: {type(error).__name__}: {error}"

    def look_at_alerts(self):
        """Has the binary that the stack runs list the alerts: they are in Redis, not in the node's report."""
        try:
            self.alerts, self.alerts_why = alerts(self.settings), ""
        except (OSError, ValueError, ServiceError, subprocess.SubprocessError) as error:
            self.alerts, self.alerts_why = None, f"not known: {error}"


def repeat(act, seconds, failed):
    while True:
        began = time.monotonic()
        try:
            act()
        except Exception as error:  # whatever it was, the next look may do better
            failed(error)
        time.sleep(max(0.05, began + seconds - time.monotonic()))


def alerts(settings):
    """Returns the subjects of all alerts, as `alerts --json` prints them. Raises ServiceError."""
    binary = settings.home.root / "bin" / "millrace"
    if not binary.is_file():
        binary = os.environ.get("MILLRACE_BINARY")
    if not binary:
        raise ServiceError("no stack was started here")
    try:
        done = subprocess.run([str(binary), "alerts", "--json"], env=settings.child_environment(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=ALERTS_PATIENCE, errors="replace")
    except subprocess.TimeoutExpired:
        raise ServiceError(f"no answer within {ALERTS_PATIENCE:g} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"`millrace alerts` ended with {done.returncode}"]
        raise ServiceError(said[-1].removeprefix("millrace: "))
    found = json.loads(done.stdout)
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
