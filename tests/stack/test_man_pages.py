"""Man pages show what --help says, and nothing that they don't understand goes by unseen."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "debian"))
sys.dont_write_bytecode = True

import man_pages

HELP = """Does a thing
Usage: millrace thing [OPTIONS] DIR

Positionals:
  DIR TEXT REQUIRED           The folder

Options:
  -h,--help                   Print this help message and exit
  --a-long-option TEXT=x (Env:LONG)
                              Says 'it'
  --bare UINT

"""


class ManPages(unittest.TestCase):
    def test_help_is_read_in_all_its_shapes(self):
        described, usage, sections = man_pages.read_help(HELP)
        self.assertEqual((described, usage), ("Does a thing", "millrace thing [OPTIONS] DIR"))
        self.assertEqual(
            sections, {
                "ARGUMENTS": [["DIR TEXT REQUIRED", "The folder"]], "OPTIONS": [[
                    "-h,--help", "Print this help message and exit"
                ], ["--a-long-option TEXT=x (Env:LONG)", "Says 'it'"], ["--bare UINT", ""]]
            })

    def test_a_line_that_no_page_could_show_fails_the_build(self):
        for text in ("Usage: x\n\nNotes:\n  no heading of ours\n", "Usage: x\nwhat is this\n", "no usage\n"):
            with self.assertRaises(ValueError):
                man_pages.read_help(text)

    def test_troff_takes_no_text_for_its_own(self):
        self.assertEqual(man_pages.roff("a\\b --x"), "a\\eb \\-\\-x")
        self.assertEqual([man_pages.roff(".so /etc/passwd")[:3], man_pages.roff("'it'")[:3]], ["\\&.", "\\&'"])

    def test_a_page_names_the_others_and_has_every_option(self):
        text = man_pages.page("millrace-thing", "1.2", HELP, "More.", ["millrace"])
        for part in (".SH NAME\nmillrace\\-thing \\- does a thing\n", ".B millrace thing [OPTIONS] DIR\n",
                     ".TP\n\\fB\\-\\-bare\\fR UINT\n", ".SH SEE ALSO\n\\fBmillrace\\fR(1)\n"):
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()
