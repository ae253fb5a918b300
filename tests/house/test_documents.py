#!/usr/bin/env python3
"""The documents are true and readable where a program can tell: links and paths lead somewhere, quoted code is in its
file, verbs and settings are the ones there are, lines wrap, README and ARCHITECTURE's sections are short, and pages
have a question as their title."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "stack"))
sys.dont_write_bytecode = True

WIDTH = 100            #: columns of a line of prose
README_LINES = 150     #: README has fewer
PYTHON_WIDTH = 120     #: columns of a line of Python
SECTION_LINES = 12     #: of prose, lists included, in a section of ARCHITECTURE
GLOSSARY_TERMS = 20    #: at least

#: By what the table of ARCHITECTURE.md adds: the words of the code whose every file it names.
EDITED_WITH = {
    "target": r"\btarget_kind::|\btarget_line::type\b|enum class type\b.*zset",
    "condition": r"\bpredicate::kind\b",
    "group key": r"\bkey_expression::kind\b",
    "aggregate": r"\baggregate_kind::",
}

FENCE = re.compile(r"\s*(```|~~~)")
HEADING = re.compile(r"(#+) (.*)")
BARE_LINK = re.compile(r"\s*([-*] )?(<?https?://\S+>?|\[[^\]]+\]: \S+|\[[^\]]+\]\(\S+\))[.,;]?")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def documents():
    """Returns every Markdown file of the repository, but what is built or fetched."""
    found = [
        path for path in ROOT.rglob("*.md")
        if not any(part.startswith(".") or part == "build" for part in path.relative_to(ROOT).parts)
    ]
    return sorted(found)


def programs():
    """Returns every Python file of the repository, but what is built or fetched."""
    skipped = {"build", "__pycache__"}
    return sorted(path for path in ROOT.rglob("*.py")
                  if not any(part.startswith(".") or part in skipped for part in path.relative_to(ROOT).parts))


def too_wide(text):
    """Returns the numbers of the lines of Python that are wider than PYTHON_WIDTH columns."""
    return [number for number, line in enumerate(text.split("\n"), 1) if len(line) > PYTHON_WIDTH]


def classified(text):
    """Yields (number, kind, line) for each line. Kinds: code, table, heading, blank, prose. Four spaces at the
    beginning make code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
            yield number, "code", line
        elif fenced or line.startswith("    "):
            yield number, "code", line
        elif not line.strip():
            yield number, "blank", line
        elif line.startswith("|"):
            yield number, "table", line
        else:
            yield number, "heading" if HEADING.match(line) else "prose", line


def too_long(text):
    """Returns the numbers of lines that don't wrap. Tables, code and bare links needn't."""
    return [number for number, kind, line in classified(text)
            if kind in ("prose", "heading") and len(line) > WIDTH and not BARE_LINK.fullmatch(line)]


def headings(text):
    return [HEADING.match(line)[2] for _, kind, line in classified(text) if kind == "heading"]


def anchors(text):
    """Returns the anchors that GitHub gives the headings."""
    out, seen = set(), {}
    for heading in headings(text):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        out.add(f"{slug}-{count}" if count else slug)
    return out


def broken_links(document, text):
    """Returns the relative links that lead nowhere, to a file or to a heading in it."""
    out = []
    prose = "\n".join(line for _, kind, line in classified(text) if kind != "code")
    for link in LINK.findall(prose):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or anchor and anchor not in anchors(text if target == document else target.read_text()):
            out.append(link)
    return out


def long_sections(text):
    """Returns {heading: lines of prose} for each section that has too many."""
    counts, current = {}, ""
    for _, kind, line in classified(text):
        if kind == "heading":
            current = line
        elif kind == "prose":
            counts[current] = counts.get(current, 0) + 1
    return {heading: count for heading, count in counts.items() if count > SECTION_LINES}


def is_question(title):
    """One question, and nothing else."""
    return title.startswith("# ") and title.endswith("?") and title.count("?") == 1


def section(text, heading):
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def files_with(words):
    """Returns the C++ files, but for tests, in which the regular expression matches."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in ("actors", "messages", "nodes") for path in ROOT.glob(f"{folder}/**/*.[ch]pp")
        if re.search(words, path.read_text())
    }


class Documents(unittest.TestCase):
    def test_there_are_documents(self):
        self.assertGreater(len(documents()), 10)

    def test_every_relative_link_leads_to_a_file_and_a_heading(self):
        for document in documents():
            self.assertEqual(broken_links(document, document.read_text()), [],
                             f"{document.relative_to(ROOT)} has links that lead nowhere")

    def test_every_line_wraps(self):
        for document in documents():
            self.assertEqual(too_long(document.read_text()), [],
                             f"{document.relative_to(ROOT)}: these lines have more than {WIDTH} columns")

    def test_the_readme_is_short_and_has_the_command_for_tests(self):
        text = (ROOT / "README.md").read_text()
        self.assertLess(len(text.splitlines()), README_LINES)
        self.assertIn("`deploy/millrace test`", text)

    def test_every_page_of_docs_has_a_question_as_its_title_and_is_in_the_readme(self):
        pages = sorted((ROOT / "docs").glob("*.md"))
        self.assertGreater(len(pages), 5)
        readme = (ROOT / "README.md").read_text()
        for page in pages:
            self.assertTrue(is_question(page.read_text().splitlines()[0]), f"{page.name}: the title isn't one question")
            self.assertIn(f"(docs/{page.name})", readme)

    def test_sections_of_the_architecture_are_short(self):
        self.assertEqual(long_sections((ROOT / "ARCHITECTURE.md").read_text()), {},
                         f"sections with more than {SECTION_LINES} lines of prose")

    def test_the_architecture_opens_with_a_glossary(self):
        text = (ROOT / "ARCHITECTURE.md").read_text()
        self.assertEqual(headings(text)[:2], ["Architecture", "Glossary"])
        self.assertGreaterEqual(len(re.findall(r"^\| \*\*", section(text, "Glossary"), re.MULTILINE)), GLOSSARY_TERMS)

    def test_every_hard_idea_has_a_drawing(self):
        text = (ROOT / "ARCHITECTURE.md").read_text()
        for heading in ("The chain", "The ledger", "The fill"):
            drawn = [line for _, kind, line in classified(section(text, heading)) if kind == "code"]
            self.assertGreater(len(drawn), 4, heading)

    def test_every_folder_of_the_table_is_there(self):
        table = section((ROOT / "ARCHITECTURE.md").read_text(), "What lives where")
        rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
        self.assertGreater(len(rows), 5)
        for row in rows:
            first = pathlib.Path(re.findall(r"`([^`]+)`", row)[0])
            for name in re.findall(r"`([^`]+)`", row):
                self.assertTrue((ROOT / name).exists() or (ROOT / first.parent / name).exists()
                                or (ROOT / first.parts[0] / name).exists(), name)

    def test_every_file_to_edit_is_there(self):
        table = section((ROOT / "ARCHITECTURE.md").read_text(), "To add something, edit here")
        for wanted in ("target", "source", "verb", "statement of SQL"):
            self.assertIn(f"**{wanted}**", table)
        names = [name for name in re.findall(r"`([^`]+)`", table) if "/" in name]
        self.assertGreater(len(names), 20)
        for name in names:
            self.assertTrue((ROOT / name).exists(), f"ARCHITECTURE.md says to edit {name}, which isn't there")

    def test_a_row_names_every_file_that_uses_its_enumeration(self):
        table = section((ROOT / "ARCHITECTURE.md").read_text(), "To add something, edit here")
        for what, words in EDITED_WITH.items():
            named = set(re.findall(r"`([^`]+)`", "\n".join(row for row in table.splitlines() if f"**{what}**" in row)))
            using = files_with(words)
            self.assertGreater(len(using), 2, what)
            self.assertEqual(using - named, set(), f"ARCHITECTURE.md doesn't say that a new {what} can touch these")

    def test_quoted_code_is_in_its_file(self):
        quotes = re.findall(r"`([\w/.]+)`\n\n?```cpp\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
        self.assertEqual(len(quotes), 3)
        for name, code in quotes:
            self.assertIn(code.strip(), (ROOT / name).read_text(),
                          f"CONTRIBUTING.md quotes what {name} doesn't say (any more)")

    def test_every_verb_of_the_front_door_is_in_its_table(self):
        import front
        table = (ROOT / "docs" / "verbs.md").read_text()
        for verb in [
                *front.VERBS, "up", "down", "env", "logs", "service", "package", "test", "nodes", "certs", "psql",
                "bench", "monitor"
        ]:
            self.assertRegex(table, rf"`{verb}[ `]", f"docs/verbs.md doesn't tell of the verb {verb}")

    def test_every_kind_of_test_can_be_run_and_is_in_the_table(self):
        import testing
        first = (ROOT / "tests" / "README.md").read_text().partition("\n## ")[0]
        self.assertEqual(["all", *re.findall(r"^\| `(\w+)` \|", first, re.MULTILINE)], list(testing.KINDS))
        build = (ROOT / "tests" / "CMakeLists.txt").read_text()
        labels = set(" ".join(re.findall(r"(?:label IN ITEMS|LABELS) ([a-z][a-z ]*)", build)).split())
        self.assertIn("house", labels)
        self.assertEqual(labels - set(testing.KINDS), set(), "these labels can't be asked for")

    def test_every_system_test_is_in_the_table(self):
        text = (ROOT / "tests" / "README.md").read_text()
        for file in (ROOT / "tests" / "system").glob("test_*.py"):
            self.assertIn(f"| `{file.name}` |", text)

    def test_every_setting_of_the_documents_is_in_the_example(self):
        example = (ROOT / ".env.example").read_text()
        names = re.findall(r"`([A-Z]+_[A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text())
        self.assertGreater(len(names), 10)
        for name in names:
            if name != "NAME_FILE":
                self.assertIn(f"#{name}=", example)


class Programs(unittest.TestCase):

    def test_python_lines_end_at_120(self):
        found = programs()
        self.assertGreater(len(found), 50)
        long = [f"{path.relative_to(ROOT)}:{number}" for path in found
                for number in too_wide(path.read_text())]
        self.assertEqual(long, [], f"Python lines longer than {PYTHON_WIDTH} columns")


class Rules(unittest.TestCase):
    """Each rule convicts what breaks it, and nothing else."""

    def test_a_line_that_does_not_wrap_is_found(self):
        self.assertEqual(too_long("x" * 100 + "\n" + "word " * 21), [2])
        self.assertEqual(too_long("* " + "word " * 21 + "\n  [a](b.md)"), [1])

    def test_a_line_of_python_that_is_too_wide_is_found(self):
        self.assertEqual(too_wide("x" * 120 + "\n" + "x" * 121 + "\n"), [2])

    def test_tables_code_and_bare_links_need_not_wrap(self):
        long = "x" * 120
        for text in (f"| {long} |", f"    {long}", f"```\n{long}\n```", f"https://example.org/{long}",
                     f"[name]: https://example.org/{long}", f"* [name]({long}.md)"):
            self.assertEqual(too_long(text), [], text[:20])
        self.assertEqual(too_long(f"```\n{long}\n```\n{long}"), [4])

    def test_a_link_to_a_missing_file_or_heading_is_found(self):
        document = ROOT / "README.md"
        text = ("# A title\n\n## Two `words`, here\n\n"
                "[a](missing.md) [b](#a-title) [c](#two-words-here) [d](#none) [e](https://example.org) [f](LICENSE)\n")
        self.assertEqual(broken_links(document, text), ["missing.md", "#none"])
        self.assertEqual(broken_links(document, "[a](ARCHITECTURE.md#no-such-heading) [b](ARCHITECTURE.md#glossary)"),
                         ["ARCHITECTURE.md#no-such-heading"])

    def test_a_heading_that_comes_twice_has_two_anchors(self):
        self.assertEqual(anchors("# A\n## A\n"), {"a", "a-1"})

    def test_a_long_section_is_found(self):
        prose = "a line\n" * (SECTION_LINES + 1)
        self.assertEqual(long_sections(f"## Short\n{prose[7:]}## Long\n{prose}"), {"## Long": SECTION_LINES + 1})
        self.assertEqual(long_sections(f"## Listed\n{'* a line' + chr(10)}{prose}"), {"## Listed": SECTION_LINES + 2})
        self.assertEqual(long_sections("## Drawn\n" + "    a line\n" * 30 + "| a | row |\n" * 30), {})

    def test_a_title_is_one_question(self):
        self.assertTrue(is_question("# How fast is it?"))
        for title in ("# Bench", "How?", "# How? And why?", "# How fast? Very"):
            self.assertFalse(is_question(title), title)


if __name__ == "__main__":
    unittest.main()
