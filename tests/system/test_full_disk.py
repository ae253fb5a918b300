#!/usr/bin/env python3
"""A stack whose disk gets full under load: what has died is said, what is killed is tried again, and with room
everything goes on by itself. As root: it mounts a disk of its own."""
import contextlib
import os
import re
import shutil
import subprocess
import tempfile

import clients
import running
import servers  # puts the front door's modules on the path
import stack
from stack import wait_until

import control
import home

DISK_MB, SCARCE_MB, SPARE = 900, 150, 64 << 20
SERVERS = ("postgres", "redis", "kafka", "connect")
TOPIC = "ballast"
LOAD = (
    "INSERT INTO customers (first_name, last_name, email, address) SELECT 'full', 'disk', gen_random_uuid(), long "
    "FROM generate_series(1, 500) n, "
    "LATERAL (SELECT string_agg(md5(concat(random(), n, part)), '') AS long FROM generate_series(1, 60) part) x")


class SmallDisk(stack.Stack):
    """Has its folder on a disk of its own, from a file."""

    def __init__(self):
        super().__init__(rate=20, MILLRACE_DISK_MB=SCARCE_MB, MILLRACE_SLOT_WAL_KEEP="10GB")
        self.image = tempfile.NamedTemporaryFile(prefix="millrace-disk-")
        self.image.truncate(DISK_MB << 20)
        kept = (self.home / "empty.env").read_bytes()
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", self.image.name], check=True)
        subprocess.run(["mount", "-o", "loop", self.image.name, self.home], check=True)
        (self.home / "empty.env").write_bytes(kept)
        self.ballast = self.home / "ballast"

    def __exit__(self, *error):
        self.make_room()
        keep = os.environ.pop("MILLRACE_TEST_KEEP", None)  # a disk that is unmounted keeps nothing
        super().__exit__(*error)
        subprocess.run(["umount", "-l", self.home], check=False)
        shutil.rmtree(self.home, ignore_errors=True)
        self.image.close()
        if keep is not None:
            os.environ["MILLRACE_TEST_KEEP"] = keep

    def free(self):
        found = os.statvfs(self.home)
        return found.f_bavail * found.f_frsize

    def leave(self, room):
        """Takes all of the disk but `room` bytes."""
        with self.ballast.open("ab") as file, contextlib.suppress(OSError):
            while self.free() > room:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), min(self.free() - room, 64 << 20) or 4096)
                file.seek(0, os.SEEK_END)

    def fill(self):
        """Takes the last block."""
        self.leave(0)
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def make_room(self):
        self.ballast.unlink(missing_ok=True)

    def services(self):
        """Returns the supervisor's word on each service."""
        return control.ask(home.Home(self.home, stack.REPOSITORY), "status")["services"]

    def write_rows(self):
        """Writes some. Returns what PostgreSQL said where it refuses."""
        try:
            self.sql(LOAD, seconds=20)
            return ""
        except clients.SqlError as error:
            return str(error)

    def write_records(self):
        """Writes a record to a topic of nobody's. Returns whether Kafka has taken it."""
        try:
            self.kafka.run("-P", "-t", TOPIC, "-p", "0", "-X", "message.timeout.ms=5000", "-X",
                           "message.max.bytes=2000000", data=os.urandom(500_000).hex().encode())
            return True
        except OSError:
            return False


class FullDisk(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = SmallDisk().__enter__()
        cls.addClassCleanup(cls.stack.__exit__, None, None, None)

    def assert_states_are_true(self):
        """What is called ready lives."""
        for name, record in self.stack.services().items():
            if record["state"] == "ready" and not stack.alive(record["pid"]):
                wait_until(f"{name}, which died, isn't called ready",
                           lambda: self.stack.services()[name]["pid"] != record["pid"], 10)

    def test_little_room_is_said_before_none_is_left(self):
        wait_until("all figures are live", self.stack.is_live, 120)
        self.assertNotIn("MILLRACE_DISK_MB", self.stack.door("status").stderr)
        self.stack.leave(SPARE)
        said = wait_until("the supervisor warns",
                          lambda: re.search(r"only \d+ MB are free under \S+", self.stack.log_tail("supervisor")), 30)
        for verb in (("status",), ("logs", "node"), ("up", "--detach")):
            self.assertIn(said[0].partition("free")[2], self.stack.door(*verb).stderr, verb)
        self.assert_equal_to_sql(why="with little room")

    def test_on_a_full_disk_states_are_true_and_reasons_are_told(self):
        self.stack.topics("create", TOPIC, "--partitions", "1")
        self.stack.fill()
        refusals = []  # a row that finds no block, then WAL that finds none, of which PostgreSQL dies
        wait_until(
            "PostgreSQL has no room",
            lambda: refusals.append(self.stack.write_rows()) or re.search("No space left|connection", refusals[-1]), 60)
        print(f"PostgreSQL: {refusals[-1]}", flush=True)
        wait_until("Kafka has no room", lambda: not self.stack.write_records(), 120)
        self.assert_states_are_true()
        for name in ("node", *SERVERS):
            with contextlib.suppress(AssertionError):
                self.stack.kill(name)  # one that has died by itself needs no more
        wait_until("no state is of before the kill", lambda: all(record["pid"] is None or stack.alive(record["pid"])
                                                                 for record in self.stack.services().values()), 60)
        for name in SERVERS:
            done = self.stack.door("service", "start", name, check=False, environment={"MILLRACE_START_SECONDS": "5"})
            if done.returncode == 0:
                self.assertEqual(self.stack.services()[name]["state"], "ready")
            else:
                self.assertRegex(done.stderr, "doesn't come up after .*|No space left on device", name)
        print({name: (record["state"], record["error"]) for name, record in self.stack.services().items()}, flush=True)

    def test_with_space_again_everything_resumes_by_itself(self):
        self.stack.make_room()
        wait_until("all services are ready",
                   lambda: {record["state"] for record in self.stack.services().values()} == {"ready"}, 180)
        wait_until("all figures are live", self.stack.is_live, 300)
        self.assertEqual(self.stack.write_rows(), "")
        self.assert_equal_to_sql(240, why="after the disk was full")
        self.assertIn("are free under", self.stack.log_tail("supervisor"))
        self.assertEqual(self.stack.door("status").stderr, "")


if __name__ == "__main__":
    running.main()
