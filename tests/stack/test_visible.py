#!/usr/bin/env python3
"""What the front door shows can't command a terminal, and what it didn't expect has words and an exit code."""
import contextlib
import io
import pathlib
import subprocess
import sys
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import support

import live
import main
import postgres
import progress
from visible import visible, visible_lines

#: As tests/unit/messages/visible_test.cpp has them.
WORDS = {
    "x\n\\! id": "x\\n\\! id", "a\tb\rc": "a\\tb\\rc", "\x1b]0;title\x07": "\\u001b]0;title\\u0007", "\0": "\\u0000",
    "\x7f": "\\u007f", "\u0085\u009b31m": "\\u0085\\u009b31m", "a\u2028b\u2029c": "a\\u2028b\\u2029c",
    "\u202e\u2066\ufeff": "\\u202e\\u2066\\ufeff", "Größe in m²": "Größe in m²", "注文 😀": "注文 😀", "a\\b": "a\\b"
}


class Visible(support.StackTest):
    def said(self, function, *arguments):
        out = io.StringIO()
        with contextlib.redirect_stderr(out):
            function(*arguments)
        return out.getvalue()

    def test_control_characters_are_written_out(self):
        for text, shown in WORDS.items():
            self.assertEqual(visible(text), shown)
            self.assertEqual(visible(shown), shown)
        self.assertEqual(visible_lines("a\n\tb\r\x1b[2J"), "a\n\tb\\r\\u001b[2J")
        self.assertEqual(visible(b"a\xff".decode(errors="surrogateescape")), "a\\xff")

    def test_a_line_of_a_wait_is_one_line(self):
        self.assertEqual(self.said(progress.say, "table x\x1b[2J"), "table x\\u001b[2J\n")
        self.assertEqual(live.worst({"troubles": [{"line": "table x\nall is well\u202e"}]}),
                         "table x\\nall is well\\u202e")

    def test_logs_of_servers_are_shown_line_by_line_without_commands(self):
        self.home.logs.mkdir(parents=True)
        self.home.log("postgres").write_bytes(b"ERROR: relation \"\x1b]0;x\x07\" \xff\nSTATEMENT: \xe2\x80\xae x\n")
        done = subprocess.run(
            [sys.executable, support.REPOSITORY / "deploy/stack/main.py", "logs", "postgres"], capture_output=True,
            env={
                "MILLRACE_HOME": str(self.home.root), "MILLRACE_CONFIG": str(self.config), "PATH": "/usr/bin:/bin",
                "PYTHONDONTWRITEBYTECODE": "1"
            })
        self.assertEqual(done.stdout.decode(), "ERROR: relation \"\\u001b]0;x\\u0007\" \\xff\nSTATEMENT: \\u202e x\n")

    def test_a_setting_with_a_newline_stays_one_word_of_psql(self):
        self.assertEqual(postgres.quoted("it's \\ a\n\\! id\r"), "'it''s \\\\ a\\n\\! id\\r'".replace("\\!", "\\\\!"))


class Unexpected(unittest.TestCase):
    def ended(self, error):
        out = io.StringIO()
        with unittest.mock.patch.object(main, "run", side_effect=error), \
                unittest.mock.patch.object(sys, "argv", ["millrace", "up"]), \
                contextlib.redirect_stderr(out), self.assertRaises(SystemExit) as caught:
            main.main()
        return caught.exception.code, out.getvalue()

    def test_what_a_verb_did_not_expect_has_words_and_an_exit_code(self):
        code, said = self.ended(KeyError("no such\nname\x1b"))
        self.assertEqual(code, 70)
        self.assertIn("millrace: up ended by an unexpected error: 'no such\\nname\\x1b'", said)
        self.assertIn("Traceback", said)
        self.assertIn("SECURITY.md", said)
        self.assertNotIn("\x1b", said)

    def test_what_the_system_refuses_is_told_in_its_words(self):
        code, said = self.ended(PermissionError(13, "Permission denied", "/x/y\x1b"))
        self.assertEqual(code, "millrace: [Errno 13] Permission denied: '/x/y\\x1b'")
        code, said = self.ended(OSError(28, "No space left on device", "/x/y\x1b"))
        self.assertEqual(code,
                         "millrace: /x/y\\u001b can't be written: No space left on device. Make room, and do it again")
        self.assertEqual(said, "")


if __name__ == "__main__":
    unittest.main()
