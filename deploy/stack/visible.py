"""Text from elsewhere (a name in a catalog, a server's error, a line of its log), made safe to show: it could end a
line or command a terminal.

messages/visible.hpp is the same for the program, in the same words.
"""
import re

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: C0, DEL, C1, line and paragraph separators, what turns the direction of writing; and bytes that weren't UTF-8
#: (surrogateescape).
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def escaped(match):
    character = match.group()
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xdc00:02x}"
    return SHORT.get(character) or f"\\u{ord(character):04x}"


def visible(text):
    """Returns the text in one line, each control character written out."""
    return CONTROLS.sub(escaped, text)


def visible_lines(text):
    """Returns text of several lines, which we composed: its newlines and tabs stay."""
    return CONTROLS.sub(lambda match: match.group() if match.group() in "\n\t" else escaped(match), text)
