"""A terminal for a program under test: a pty of some size, and the screen that an xterm would show."""
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from fcntl import ioctl

#: A control sequence, a character set, a two-character escape, or text.
TOKEN = re.compile(r"\x1b\[([?>!]?)([\d;]*)([@-~])|\x1b[()*+].|\x1b[^\[()*+]|([^\x1b])", re.DOTALL)


class Terminal:
    """Runs a command in a terminal of its own. Use as a context: the program is gone behind."""

    def __init__(self, command, environment, lines=24, columns=80):
        self.controller, self.own = pty.openpty()
        self.resize(lines, columns)
        self.before = termios.tcgetattr(self.own)
        self.left, self.sent = "", b""
        self.modes = set()       #: private modes that are on: 25 the cursor, 1049 the second screen
        self.modes.add("25")
        self.process = subprocess.Popen(command, stdin=self.own, stdout=self.own, stderr=self.own,
                                        start_new_session=True, preexec_fn=self.control,
                                        env={**environment, "TERM": "xterm", "LC_ALL": "C.UTF-8"})

    def control(self):
        """Makes this the child's controlling terminal, from which Ctrl-C and changes of its size come."""
        ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.own)
        os.close(self.controller)

    def resize(self, lines, columns):
        """Gives the terminal another size. The kernel tells the program, which draws again."""
        ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.rows, self.columns = lines, columns
        self.cells = [[" "] * columns for _ in range(lines)]
        self.y = self.x = 0
        self.top, self.bottom = 0, lines - 1  #: the lines that scroll

    def type(self, keys):
        os.write(self.controller, keys.encode())

    def text(self):
        """Returns the lines of the screen, once the program has nothing more to say."""
        while select.select([self.controller], [], [], 0.05)[0]:
            try:
                self.sent += os.read(self.controller, 65536)
            except OSError:
                break
        try:
            text, self.sent = self.sent.decode(), b""
        except UnicodeDecodeError as error:  # the rest of a character is still to come
            text, self.sent = self.sent[:error.start].decode(), self.sent[error.start:]
        self.take(self.left + text)
        return ["".join(row).rstrip() for row in self.cells]

    def wait(self, seconds):
        """Returns the exit code of a program that ends by itself, whose output is taken meanwhile."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.text()
        self.text()
        return self.process.poll()

    def is_restored(self):
        """Tells whether the terminal is as the program found it: its settings, the first screen, the cursor."""
        return termios.tcgetattr(self.own) == self.before and self.modes & {"25", "1049"} == {"25"}

    def take(self, text):
        at = 0
        while found := TOKEN.match(text, at):
            at = found.end()
            private, numbers, command, character = found.groups()
            if found.group() == "\x1bM":
                self.up()
            elif character:
                self.put(character)
            elif private == "?" and command in "hl":
                (self.modes.update if command == "h" else self.modes.difference_update)(numbers.split(";"))
            elif command and not private:
                self.act(command, [int(x or 0) for x in numbers.split(";")])
        self.left = text[at:]

    def put(self, character):
        if character == "\n":
            self.down()
        elif character == "\r":
            self.x = 0
        elif character == "\b":
            self.x = max(0, self.x - 1)
        elif character == "\t":
            self.x = min((self.x // 8 + 1) * 8, self.columns - 1)
        elif character >= " ":
            if self.x == self.columns:
                self.x = 0
                self.down()
            self.cells[self.y][self.x] = self.last = character
            self.x += 1

    def down(self):
        """Moves the cursor to the next line; at the last one that scrolls, the lines move."""
        if self.y == self.bottom:
            self.scroll(self.top, 1)
        else:
            self.y = min(self.y + 1, self.rows - 1)

    def up(self):
        if self.y == self.top:
            self.scroll(self.top, -1)
        else:
            self.y = max(0, self.y - 1)

    def scroll(self, first, count):
        """Moves the lines from the first one to the bottom up by so many, or down where it is less than 0."""
        moved = self.cells[first:self.bottom + 1]
        blank = [[" "] * self.columns for _ in range(min(abs(count), len(moved)))]
        moved = [*moved[len(blank):], *blank] if count > 0 else [*blank, *moved[:len(moved) - len(blank)]]
        self.cells[first:self.bottom + 1] = moved

    def act(self, command, numbers):
        """Does what ncurses asks of an xterm."""
        first = max(1, numbers[0])
        row, x = self.cells[self.y], min(self.x, self.columns - 1)
        if command in "Hf":
            self.y, self.x = first - 1, max(1, numbers[1] if len(numbers) > 1 else 1) - 1
        elif command in "ABCDGd":
            moved = {"A": (-first, 0), "B": (first, 0), "C": (0, first), "D": (0, -first),
                     "G": (0, first - 1 - self.x), "d": (first - 1 - self.y, 0)}[command]
            self.y, self.x = self.y + moved[0], self.x + moved[1]
        elif command == "J":
            whole = numbers[0] in (2, 3)
            for y in range(0 if whole else self.y, self.rows):
                start = 0 if whole or y > self.y else x
                self.cells[y][start:] = [" "] * (self.columns - start)
        elif command == "K":
            start, end = {0: (x, self.columns), 1: (0, x + 1), 2: (0, self.columns)}[numbers[0]]
            row[start:end] = [" "] * (end - start)
        elif command == "X":
            row[x:x + first] = [" "] * len(row[x:x + first])
        elif command == "P":
            row[x:] = (row[x + first:] + [" "] * self.columns)[:self.columns - x]
        elif command == "@":
            row[x:] = ([" "] * first + row[x:])[:self.columns - x]
        elif command == "r":
            self.top, self.bottom = first - 1, (numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.y = self.x = 0
        elif command in "LM":
            self.scroll(self.y, first if command == "M" else -first)
        elif command in "ST":
            self.scroll(self.top, first if command == "S" else -first)
        elif command == "b":
            for _ in range(first):
                self.put(self.last)
        self.y, self.x = max(0, min(self.y, self.rows - 1)), max(0, min(self.x, self.columns))
