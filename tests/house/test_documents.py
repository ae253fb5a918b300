#!/usr/bin/env python3
"""The documents are true where a program can tell: paths exist, quoted code is in its file, verbs and settings are the ones there are."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "tests/README.md")]
sys.path.insert(0, str(ROOT / "deploy" / "stack"))
sys.dont_write_bytecode = True


class Documents(unittest.TestCase):
    def test_every_link_to_a_file_leads_somewhere(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document.name} links to {target}, which isn't there")

    def test_every_folder_of_the_table_is_there(self):
        table = (ROOT / "README.md").read_text().partition("## What lives where")[2].partition("\n## ")[0]
        rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
        self.assertGreater(len(rows), 5)
        for row in rows:
            first = pathlib.Path(re.findall(r"`([^`]+)`", row)[0])
            for name in re.findall(r"`([^`]+)`", row):
                self.assertTrue((ROOT / name).exists() or (ROOT / first.parent / name).exists() or (ROOT / first.parts[0] / name).exists(), name)

    def test_quoted_code_is_in_its_file(self):
        quotes = re.findall(r"`([\w/.]+)`\n```cpp\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
        self.assertEqual(len(quotes), 3)
        for name, code in quotes:
            self.assertIn(code.strip(), (ROOT / name).read_text(), f"CONTRIBUTING.md quotes what {name} doesn't say (any more)")

    def test_every_verb_of_the_front_door_is_in_the_readme(self):
        import front
        table = (ROOT / "README.md").read_text().partition("## Verbs")[2].partition("\n## ")[0]
        for verb in [*front.VERBS, "up", "down", "env", "logs", "service", "package", "test"]:
            self.assertRegex(table, rf"`{verb}[ `]", f"README.md doesn't tell of the verb {verb}")

    def test_every_setting_of_the_readme_is_in_the_example(self):
        example = (ROOT / ".env.example").read_text()
        table = (ROOT / "README.md").read_text().partition("## Settings")[2]
        for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", table):
            if name != "NAME_FILE":
                self.assertIn(f"#{name}=", example)


if __name__ == "__main__":
    unittest.main()
