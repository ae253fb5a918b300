"""What a person sees of a long step: one line that is rewritten on a terminal, a few plain lines in a log. All of it
goes to stderr."""
import contextlib
import shutil
import subprocess
import sys
import threading
import time

from visible import visible, visible_lines


def on_terminal():
    return sys.stderr.isatty()


def say(text):
    """Prints a line of its own."""
    clear()
    print(visible_lines(text), file=sys.stderr, flush=True)


def show(text):
    """Rewrites the line at the bottom of the terminal; nothing where there is no terminal."""
    if on_terminal():
        width = shutil.get_terminal_size().columns - 1
        print("\r\033[K" + visible(text)[:width], end="", file=sys.stderr, flush=True)


def clear():
    if on_terminal():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


class Waiting:
    """Shows what is waited for, and for how long: on a terminal in the one line, in a log every 30 s, with what to do
    if it stays."""

    INTERVAL = 30.0

    def __init__(self, advice):
        self.began = self.said = time.monotonic()
        self.advice = advice

    def seconds(self):
        return time.monotonic() - self.began

    def show(self, text):
        show(f"{text} ... {self.seconds():.0f} s")
        if time.monotonic() - self.said >= self.INTERVAL:
            self.said = time.monotonic()
            say(f"{text} ... {self.seconds():.0f} s. If it stays: {self.advice}")


@contextlib.contextmanager
def step(text):
    """Shows that a step goes on, and for how long, until the block ends; says so when it is done."""
    began, done = time.monotonic(), threading.Event()

    def tick():
        if not on_terminal():
            say(f"{text} ...")
        while not done.wait(1.0 if on_terminal() else 30.0):
            seconds = time.monotonic() - began
            show(f"{text} ... {seconds:.0f} s") if on_terminal() else say(f"{text} ... {seconds:.0f} s")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
        clear()
    say(f"{text}: done in {time.monotonic() - began:.1f} s")


def run_counted(command, text, **options):
    """Runs ninja or what prints like it: `[n/m] ...` lines become progress, others are kept. Returns exit code and the
    kept lines."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               **options)
    kept, said = [], 0.0
    for line in process.stdout:
        count = line[1:].partition("]")[0] if line.startswith("[") else ""
        if "/" not in count:
            kept.append(line.rstrip("\n"))
            continue
        show(f"{text} {count}")
        if not on_terminal() and time.monotonic() - said > 30:
            said = time.monotonic()
            say(f"{text} {count}")
    clear()
    return process.wait(), kept
