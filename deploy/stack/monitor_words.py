"""Words and cells of a terminal: numbers with their units, as the live page has them (nodes/page/words.js), and text
that fits a number of columns."""
import math
import unicodedata

from visible import visible

NOTHING = "–"
#: What a terminal without UTF-8 shows for the signs that we use ourselves.
PLAIN_SIGNS = str.maketrans("✓✕…·–─▶", "+x~.-->")


def count(x):
    """1234567 -> "1,234,567" """
    return f"{x:,.0f}" if math.isfinite(x) else NOTHING


def counted(x, one, more=None):
    """ "1 row", "2 rows" """
    return f"{count(x)} {one if x == 1 else more or one + 's'}"


def size(x):
    """Returns a number of bytes in words."""
    if not math.isfinite(x):
        return NOTHING
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while x >= 1024 and len(units) > 1:
        x /= 1024
        units.pop(0)
    return f"{x:.0f} {units[0]}" if units[0] == "B" or x >= 100 else f"{x:.1f} {units[0]}"


def seconds(x):
    """Returns a duration in words, as the node's own lines have it."""
    if not math.isfinite(x):
        return NOTHING
    whole = max(0, round(x))
    for limit, unit, name in ((120, 1, "s"), (120 * 60, 60, "min"), (48 * 3600, 3600, "h")):
        if whole < limit:
            return f"{whole // unit} {name}"
    return f"{whole // 86400} days"


def milliseconds(x):
    """45 -> "45 ms", 1234 -> "1.2 s" """
    if not math.isfinite(x):
        return NOTHING
    return f"{x:.0f} ms" if x < 1000 else f"{x / 1000:.1f} s" if x < 10000 else seconds(x / 1000)


def rate(x, unit):
    if not math.isfinite(x):
        return f"{NOTHING} {unit}/s"
    return f"{f'{x:.1f}'.removesuffix('.0') if 0 < x < 10 else count(x)} {unit}/s"


def capital(text):
    return text[:1].upper() + text[1:]


def shown(text):
    """Returns text from elsewhere in one line. Besides control characters, whatever has no width that every terminal
    agrees on is written out."""
    text = visible(str(text))
    return text if text.isascii() else "".join(
        f"\\u{ord(x):04x}" if unicodedata.category(x) in ("Cf", "Cn", "Cs") else x for x in text)


def width_of(character):
    """Returns the number of columns that a character takes."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text):
    return len(text) if text.isascii() else sum(map(width_of, text))


def cut(text, width):
    """Returns as much of the text as fits into so many columns, with `…` at its end where something is missing. None:
    all of it."""
    if width is None or columns(text) <= width:
        return text
    out, used = [], 0
    for character in text:
        used += width_of(character)
        if used > width - 1:
            break
        out.append(character)
    return "".join(out) + "…" if width > 0 else ""


def padded(text, width):
    """Returns the text, cut or filled with blanks to exactly so many columns."""
    text = cut(text, width)
    return text + " " * (width - columns(text))


def wrapped(text, width, lines):
    """Returns the text in at most so many lines of so many columns; the last one is cut. Breaks at blanks."""
    if width is None:
        return [text] if text else []
    out, line = [], ""
    words = text.split(" ")
    while words and len(out) < lines:
        if line and columns(line) + 1 + columns(words[0]) > width:
            if len(out) == lines - 1:
                return [*out, cut(" ".join([line, *words]), width)]
            out.append(cut(line, width))
            line = ""
        line = f"{line} {words[0]}" if line else words[0]
        words.pop(0)
    return [*out, cut(line, width)] if line and len(out) < lines else out


def encodable(text, encoding):
    """Returns the text as a terminal of that encoding can show it, in as many columns."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        text = text.translate(PLAIN_SIGNS)
    return "".join(x if can_show(x, encoding) else "?" * width_of(x) for x in text)


def can_show(character, encoding):
    try:
        character.encode(encoding)
        return True
    except UnicodeEncodeError:
        return False
