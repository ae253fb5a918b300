"""What psql would do beside SQL, told from a script's text: its backslash commands, as its lexer finds them
(psqlscan.l)."""
import re

#: What psql reads over: comments, quoted names and texts, dollar quotes; and a command, up to its line's end.
TOKEN = re.compile(
    r"""
    --[^\r\n]* | "(?:[^"]|"")*(?:"|$) | (?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\.|'')*(?:'|$) | '(?:[^']|'')*(?:'|$)
    | (?<![A-Za-z0-9_$])(?P<tag>\$(?:[A-Za-z_\x80-\uffff][A-Za-z0-9_\x80-\uffff]*)?\$).*?(?:(?P=tag)|$)
    | (?P<block>/\*) | (?P<command>\\[^\r\n]*)
    | (?P<variable>(?<!:):(?:\{\?[^}]*\}|'[^'\s]+'|"[^"\s]+"|(?!:)[A-Za-z0-9_]+))
    """, re.VERBOSE | re.DOTALL)

#: The commands of prepare.sql. Each stands alone on its line, or ends a statement.
OURS = (re.compile(r"\\set ON_ERROR_STOP on"), re.compile(r"\\if (:wrong|:\{\?(debezium|node)_password\})"),
        re.compile(r"\\(else|endif|quit|gexec)"), re.compile(r"\\gset"),
        re.compile(r"\\set (debezium|node)_password `head -n 1 [^`:]*`"), re.compile(r"\\echo '(?:[^'\\`]|''|\\\\)*'"))
VARIABLES = {":'debezium_password'", ":'node_password'"}


def end_of_block(text, at):
    """Returns where a block comment ends; they nest."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[at:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return at + mark.end()
    return len(text)


def commands(text):
    """Returns the backslash commands and the variables that stand outside of quotes and comments."""
    found, at = [], 0
    while token := TOKEN.search(text, at):
        at = end_of_block(text, token.start()) if token["block"] else max(token.end(), token.start() + 1)
        if token["command"] or token["variable"]:
            found.append((token["command"] or token["variable"]).strip())
    return found


def foreign(text):
    """Returns those that aren't what prepare.sql may have."""
    return [
        command for command in commands(text)
        if command not in VARIABLES and not any(known.fullmatch(command) for known in OURS)
    ]
