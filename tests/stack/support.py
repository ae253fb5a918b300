"""What the stack's tests share: its modules on the path, and a service that is nothing but a shell command."""
import pathlib
import sys
import tempfile
import time
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy" / "stack"))

import home  # noqa: E402
import settings  # noqa: E402


class StackTest(unittest.TestCase):
    """A test with a MILLRACE_HOME of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        pathlib.Path(folder.name).chmod(0o755)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "settings.env"
        self.config.write_text("")
        self.home = home.Home(self.folder / "home", REPOSITORY)

    def resolve(self, command_line=None, environment=None, config=""):
        """Returns the settings that these layers make; nothing of the caller's own environment is among them."""
        self.config.write_text(config)
        return settings.resolve(command_line or {}, {"MILLRACE_HOME": str(self.home.root), **(environment or {})},
                                self.config)

    def eventually(self, condition, message, seconds=20.0):
        """Waits until a condition holds; fails where it doesn't in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail(message)
            time.sleep(0.01)
