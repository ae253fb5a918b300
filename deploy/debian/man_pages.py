#!/usr/bin/python3
"""Writes man pages from what the program itself says: `man_pages.py PROGRAM FOLDER` makes millrace.1.gz and one page a
verb."""
import gzip
import pathlib
import re
import subprocess
import sys

#: CLI11's headings, and what a man page calls them.
HEADINGS = {"Positionals:": "ARGUMENTS", "Options:": "OPTIONS", "Subcommands:": "VERBS"}
ENTRY = re.compile(r"  (\S.*?)(?:\s{2,}(\S.*))?$")
CONTINUED = " " * 20


def ask(program, *words):
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout.strip()


def read_help(text):
    """Returns the sentence that describes, the usage, and {heading: [[name, text]...]}. Raises ValueError for a line
    that it doesn't know."""
    described, usage, sections, current = [], "", {}, None
    for line in filter(str.strip, text.splitlines()):
        entry = ENTRY.match(line)
        if line.startswith("Usage: "):
            usage = line.removeprefix("Usage: ")
        elif line in HEADINGS:
            current = sections.setdefault(HEADINGS[line], [])
        elif not usage:
            described.append(line)
        elif current and line.startswith(CONTINUED):
            current[-1][1] = f"{current[-1][1]} {line.strip()}".strip()
        elif current is not None and entry:
            current.append([entry[1], entry[2] or ""])
        else:
            raise ValueError(f"no man page knows how to show this line of --help: {line!r}")
    if not usage:
        raise ValueError("--help shows no usage")
    return " ".join(described), usage, sections


def roff(text):
    """Returns a text so that troff prints it as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def shown(section, entries):
    for name, text in entries:
        word, separator, rest = name.partition(" ")
        bold = f"\\fB{roff('millrace-' + word)}\\fR(1)" if section == "VERBS" else f"\\fB{roff(word)}\\fR"
        yield f".TP\n{bold}{separator}{roff(rest)}\n{roff(text)}".rstrip()


def page(name, version, help_text, more, see):
    """Returns a page in troff's language."""
    described, usage, sections = read_help(help_text)
    summary = described[:1].lower() + described[1:].rstrip(".") if "-" in name else described.rstrip(".")
    lines = [
        f'.TH {roff(name.upper())} 1 "" "Millrace {roff(version)}" "User Commands"', ".SH NAME",
        f"{roff(name)} \\- {roff(summary)}", ".SH SYNOPSIS", f".B {roff(usage)}", ".SH DESCRIPTION",
        roff(described.rstrip(".") + ".")
    ]
    for section, entries in sections.items():
        lines += [f".SH {section}", *shown(section, entries)]
    if more:
        lines += [".SH SETTINGS", roff(more)]
    lines += [".SH SEE ALSO", ",\n".join(f"\\fB{roff(other)}\\fR(1)" for other in see)]
    return "\n".join(lines) + "\n"


def pages(program):
    """Returns {name: page} of the program and of each verb that its help lists."""
    version, top = ask(program, "--version"), ask(program, "--help")
    verbs = [name for name, _ in read_help(top)[2]["VERBS"]]
    every = ["millrace", *(f"millrace-{verb}" for verb in verbs)]
    order = "Command line, environment (the names behind Env:), the file of --config, defaults, in this order."
    found = {"millrace": page("millrace", version, top, order, every[1:])}
    for verb, name in zip(verbs, every[1:]):
        told = "A verb takes the options of millrace(1) too, and its settings from the environment."
        found[name] = page(name, version, ask(program, verb, "--help"), told,
                           ["millrace", *(other for other in every[1:] if other != name)])
    return found


def main():
    program, folder = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.1.gz"):
        old.unlink()  # of a verb that is gone
    for name, text in pages(program).items():
        (folder / f"{name}.1.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
