"""Whose folder MILLRACE_HOME is: what a stack hasn't made, it doesn't take and doesn't delete."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "stack"))

import home


class Claims(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="millrace-home-")
        self.addCleanup(folder.cleanup)
        pathlib.Path(folder.name).chmod(0o755)
        self.root = pathlib.Path(folder.name) / "home"
        self.home = home.Home(str(self.root), self.root)

    def test_a_folder_with_somebodys_programs_is_refused_and_kept(self):
        (self.root / "bin").mkdir(parents=True)
        (self.root / "bin" / "tool").write_text("theirs")
        self.home.secret("SOME_PASSWORD")  # as every verb does that reads settings
        with self.assertRaisesRegex(PermissionError, "aren't Millrace's"):
            self.home.make()
        with self.assertRaisesRegex(PermissionError, "nothing is deleted"):
            self.home.wipe()
        self.assertEqual((self.root / "bin" / "tool").read_text(), "theirs")

    def test_a_new_folder_is_the_stacks_and_wiped_whole(self):
        self.home.secret("SOME_PASSWORD")
        self.home.make()
        self.home.wipe()
        self.assertFalse(self.root.exists())

    def test_a_folder_that_was_never_up_can_be_wiped(self):
        self.home.secret("SOME_PASSWORD")
        self.home.wipe()
        self.assertFalse(self.root.exists())

    def test_a_folder_with_other_files_alone_may_be_used(self):
        self.root.mkdir()
        (self.root / "notes.txt").write_text("theirs")
        self.home.make()
        self.home.wipe()
        self.assertEqual([file.name for file in self.root.iterdir()], ["notes.txt"])

    def test_a_stack_of_before_has_no_marker_and_is_known_by_its_lock(self):
        self.home.run.mkdir(parents=True)
        self.home.lock.touch()
        self.home.wipe()
        self.assertFalse(self.root.exists())


if __name__ == "__main__":
    unittest.main()
