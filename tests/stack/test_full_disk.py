"""What supervisor and keepers do while the disk has no room, and after it."""
import contextlib
import os
import signal
import subprocess
import unittest
import unittest.mock

import support
import control
import disk
import processes
import supervisor
from keeper import Keeper
from test_supervision import Command


@unittest.skipUnless(os.geteuid() == 0, "only root mounts a disk")
class FullDisk(support.StackTest):
    """MILLRACE_HOME is a disk of 2 MB."""

    def setUp(self):
        super().setUp()
        self.home.root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "none", self.home.root], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.home.root], check=True)
        self.home.make()
        self.one = supervisor.Supervisor(self.home)
        self.one.settings = self.resolve(environment={"MILLRACE_DISK_MB": "1"})
        self.addCleanup(self.one.ended.set)
        self.one.serve()
        self.ready = self.folder / "ready"
        service = Command(self.resolve(), f"touch {self.ready}; exec sleep 100")
        service.is_ready = self.ready.exists
        self.kept = self.one.keepers["command"] = Keeper(service, self.one.write_state)
        self.addCleanup(self.kept.stop)

    @contextlib.contextmanager
    def listening(self):
        """Yields what returns all that the supervisor has said since."""
        said = []
        with unittest.mock.patch.object(processes, "say", said.append):
            yield lambda: "\n".join(said)

    def fill(self):
        self.ballast = self.home.root / "ballast"
        with self.ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def test_a_service_that_dies_on_a_full_disk_is_started_again(self):
        self.kept.start()
        self.eventually(lambda: self.kept.state == "ready", "never ready")
        self.fill()
        first = self.kept.signal(signal.SIGKILL)
        self.eventually(lambda: self.kept.state == "ready" and self.kept.pid != first,
                        f"not started again: {self.kept.record()}")
        self.assertTrue(processes.is_alive(self.kept.pid, self.kept.began))

    def test_a_service_that_needs_room_says_so_and_starts_when_there_is_some(self):
        def needs_room():
            support.home.write_private(self.home.root / "needed", "x" * 8192)
        self.kept.service.prepare = needs_room
        self.fill()
        self.kept.start()
        self.eventually(lambda: self.kept.state == "backoff", "not tried again")
        self.assertIn(f"No space left on device: '{self.home.root}/needed'", self.kept.error)
        self.assertFalse((self.home.root / "needed.new").exists(), "half a file stays")
        self.ballast.unlink()
        self.eventually(lambda: self.kept.state == "ready", "not started with room")

    def test_a_start_by_command_does_not_wait_for_the_next_try(self):
        self.kept.service.prepare = lambda: support.home.write_private(self.home.root / "needed", "x" * 8192)
        self.fill()
        self.kept.start()
        self.eventually(lambda: self.kept.failures >= 4 and self.kept.state == "backoff", "not tried again")
        self.ballast.unlink()
        control.ask(self.home, "start", name="command")
        self.eventually(lambda: self.kept.state == "ready", "not started", seconds=2)  # the pause is 4 s by now

    def test_the_state_is_written_once_there_is_room(self):
        self.fill()
        self.kept.start()
        self.eventually(lambda: self.kept.state == "ready", "never ready")
        self.assertEqual(control.ask(self.home, "status")["services"]["command"]["state"], "ready")
        self.assertFalse(self.home.state.exists())
        self.ballast.unlink()
        self.eventually(lambda: self.home.state.exists() and str(self.kept.pid) in self.home.state.read_text(),
                        "not written")

    def test_a_disk_that_gets_full_is_said_before_it_is(self):
        self.assertEqual(disk.warning(self.one.settings), "")
        with self.listening() as said:
            (self.home.root / "much").write_bytes(bytes(1_500_000))
            self.eventually(lambda: "only 0 MB are free" in said(), "not said")
            self.assertIn(f"only 0 MB are free under {self.home.root}", disk.warning(self.one.settings))
            (self.home.root / "much").unlink()
            self.eventually(lambda: "free under " + str(self.home.root) + " again" in said(), "the end isn't said")

    def test_logs_stay_bounded_and_make_room(self):
        log = self.home.log("redis")
        self.one.settings = self.resolve(environment={"MILLRACE_LOG_BYTES": "1000"})
        log.write_bytes(b"x" * 200_000)
        self.fill()
        self.eventually(lambda: log.stat().st_size == 0, "not cut")
        log.write_bytes(b"x" * 200_000)
        self.eventually(lambda: log.stat().st_size == 0, "not cut a second time")


if __name__ == "__main__":
    unittest.main()
