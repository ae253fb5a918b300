"""The full screen of `monitor`: puts frames on a terminal by curses, and takes keys. Leaves the terminal as it was."""
import contextlib
import curses
import locale
import os
import signal
import sys
import time

from monitor_frame import frame
from monitor_words import columns, encodable
from service import ServiceError

TICK = 100  #: ms that a key is waited for
COLOURS = {"good": 2, "busy": 3, "bad": 1}  #: green, yellow, red of any terminal


def check():
    """Raises ServiceError if the terminal has no addressable cursor."""
    name = os.environ.get("TERM", "")
    try:
        curses.setupterm()
        usable = curses.tigetstr("cup")
    except curses.error:
        usable = None
    if not usable:
        raise ServiceError(f"monitor can't use a terminal of the type TERM={name!r}; --once prints plain text")


def run(view):
    """Shows `view(scroll=..., only_bad=..., help=...)` until q or Ctrl-C. Returns the exit code."""
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)  # they would outlive a change of the terminal's size
    os.environ.setdefault("ESCDELAY", "25")
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:  # ssh brings names of locales that this machine doesn't have
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return curses.wrapper(lambda screen: Screen(screen, view).run())
    except KeyboardInterrupt:
        return 0


class Screen:
    """One terminal. `scroll`, `only_bad` and `help` are what keys changed."""

    def __init__(self, screen, view):
        self.screen, self.view = screen, view
        self.encoding = locale.nl_langinfo(locale.CODESET) or "ascii"
        self.scroll, self.only_bad, self.help = 0, False, False
        self.most, self.page = 0, 1
        self.roles = roles()
        with contextlib.suppress(curses.error):
            curses.curs_set(0)
        screen.timeout(TICK)

    def run(self):
        while True:
            self.draw()
            began = time.monotonic()
            key = self.screen.getch()
            if key == -1 and time.monotonic() - began < TICK / 2000:
                time.sleep(TICK / 1000)  # no keys can come any more: the terminal is closing
            if key in (ord("q"), ord("Q")):
                return 0
            self.take(key)

    def take(self, key):
        moves = {curses.KEY_UP: -1, curses.KEY_DOWN: 1, curses.KEY_PPAGE: -self.page, curses.KEY_NPAGE: self.page,
                 curses.KEY_HOME: -self.most, curses.KEY_END: self.most}
        if key in moves:
            self.scroll = max(0, min(self.most, self.scroll + moves[key]))
        elif key == ord("f"):
            self.only_bad, self.scroll = not self.only_bad, 0
        elif key == ord("?"):
            self.help = not self.help
        elif key == curses.KEY_RESIZE:
            self.screen.clear()  # a terminal may have moved its text

    def draw(self):
        height, width = self.screen.getmaxyx()
        shown = frame(self.view(scroll=self.scroll, only_bad=self.only_bad, help=self.help), width, height)
        self.page = shown.page
        if not self.help:
            self.most = shown.most
            self.scroll = min(self.scroll, self.most)
        self.screen.erase()
        for y, line in enumerate(shown.lines):
            x = 0
            for text, role in line:
                # The last cell of the screen can be written, but the cursor can't move on from it.
                with contextlib.suppress(curses.error):
                    self.screen.addstr(y, x, encodable(text, self.encoding), self.roles[role])
                x += columns(text)
        self.screen.refresh()


def roles():
    """Returns the attribute of each role. NO_COLOR, or a terminal without colours: bold and dim alone."""
    found = {"plain": curses.A_NORMAL, "title": curses.A_BOLD, "muted": curses.A_DIM, "good": curses.A_NORMAL,
             "busy": curses.A_BOLD, "bad": curses.A_BOLD}
    if os.environ.get("NO_COLOR") or not curses.has_colors():
        return found
    curses.use_default_colors()
    for role, colour in COLOURS.items():
        curses.init_pair(colour, colour, -1)
        found[role] |= curses.color_pair(colour)
    return found
