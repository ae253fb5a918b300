"""Whose the files and processes of a stack are that root starts: what the servers' user owns leads root nowhere."""
import os
import pathlib
import pwd
import subprocess
import threading
import unittest

import support
import connect
import home
import kafka
import node
import postgres
import redis
from keeper import Keeper
from service import ServiceError

#: What used to be written, or is, in folders that the servers' user owns.
PLANTED = {
    redis.Redis: ("redis.conf", "redis.conf.new"),
    connect.Connect: ("connect.properties", "connect.properties.new", "log4j2.properties", "log4j2.properties.new",
                      "secrets.properties", "secrets.properties.new"),
    kafka.Kafka: ("kafka.properties", "kafka.properties.new", "log4j2.properties.new", "format.properties", "version"),
    postgres.Postgres: ("millrace.conf", "millrace.conf.new", "password.new", "password.new.new",
                        "data.new/postgresql.conf", "data.new"),
}


def ids(path):
    status = os.lstat(path)
    return status.st_uid, status.st_gid, status.st_mode & 0o7777


@unittest.skipUnless(os.geteuid() == 0, "only root's rights can be taken")
class ServersUser(support.StackTest):
    def setUp(self):
        super().setUp()
        self.home.make()
        self.victim = self.folder / "victim"
        self.victim.write_text("root's")
        self.victim.chmod(0o600)

    def plant(self, link):
        """Makes a symbolic link to root's file, as the servers' user."""
        done = subprocess.run(["ln", "-sfn", self.victim, link], **home.server_user(), cwd="/", capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_link_that_it_plants_leads_root_to_no_file_of_roots(self):
        before = ids(self.victim)
        for kind, names in PLANTED.items():
            for name in names:
                with self.subTest(f"{kind.name}/{name}"):
                    service = kind(self.resolve())
                    folder = self.home.server_folder(kind.name)
                    home.as_servers("rm", "-rf", folder / "data", folder / "data.new")
                    home.as_servers("mkdir", "-p", (folder / name).parent)
                    self.plant(folder / name)
                    try:
                        service.prepare()
                    except (OSError, ServiceError):
                        pass  # a refusal is as good
                    self.assertEqual((self.victim.read_text(), ids(self.victim)), ("root's", before))
                    home.as_servers("rm", "-rf", folder / name)

    def test_a_pipe_that_it_plants_keeps_nobody_waiting(self):
        service = kafka.Kafka(self.resolve())
        home.as_servers("mkfifo", self.home.server_folder("kafka") / "version")
        reader = threading.Thread(target=service.made_by, daemon=True)
        reader.start()
        reader.join(5)
        self.assertFalse(reader.is_alive())

    def test_the_password_of_debezium_and_redis_is_for_nobody_but_it(self):
        for kind in (redis.Redis, connect.Connect):
            kind(self.resolve()).prepare()
        user = pwd.getpwnam(home.SERVER_USER)
        for path in (self.home.configuration / "redis" / "redis.conf", self.home.connector_secrets):
            self.assertEqual(ids(path), (user.pw_uid, user.pw_gid, 0o600))

    def test_configuration_lies_where_it_can_make_nothing(self):
        for kind in PLANTED:
            kind(self.resolve()).prepare()
            done = subprocess.run(["touch", self.home.configuration / kind.name / "new"], **home.server_user(), cwd="/",
                                  capture_output=True)
            self.assertNotEqual(done.returncode, 0, kind.name)

    def test_a_link_in_the_place_of_its_folder_is_refused_and_named(self):
        (self.home.root / "redis").symlink_to(self.folder)
        before = ids(self.folder)
        with self.assertRaisesRegex(PermissionError, f"{self.home.root}/redis is a symbolic link"):
            redis.Redis(self.resolve()).prepare()
        self.assertEqual(ids(self.folder), before)

    def test_a_folder_of_another_user_is_refused(self):
        user = pwd.getpwnam(home.SERVER_USER)
        os.chown(self.home.root, user.pw_uid, user.pw_gid)
        with self.assertRaisesRegex(PermissionError, f"MILLRACE_HOME={self.home.root} belongs to {home.SERVER_USER}"):
            self.home.make()

    def test_logs_are_for_their_owner_and_its_group(self):
        old = self.home.log("redis")
        old.write_text("of an earlier version")
        old.chmod(0o644)
        self.home.make()
        self.home.open_log("node").close()
        self.assertEqual([ids(path)[2] for path in (old, self.home.log("node"), self.home.logs)], [0o640, 0o640, 0o750])


@unittest.skipUnless(os.geteuid() == 0, "nobody else can give rights away")
class Node(support.StackTest):
    def start(self, **environment):
        self.home.make()
        program = self.home.root / "bin" / "millrace"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\nexec sleep 1000\n")
        program.chmod(0o755)
        kept = Keeper(node.Node(self.resolve(environment=environment)), lambda: None)
        self.addCleanup(kept.stop)
        kept.service.stop_seconds = 1
        kept.start()
        self.eventually(lambda: kept.pid or kept.error, "not started")
        self.assertEqual(kept.error, "")
        return kept.pid

    def test_a_node_that_root_starts_has_no_rights(self):
        status = pathlib.Path(f"/proc/{self.start()}/status").read_text()
        lines = dict(line.split(":\t", 1) for line in status.splitlines())
        user = pwd.getpwnam(home.SERVER_USER)
        self.assertEqual((set(lines["Uid"].split()), set(lines["Gid"].split()), lines["Groups"].split()),
                         ({str(user.pw_uid)}, {str(user.pw_gid)}, []))
        self.assertEqual(int(lines["CapEff"], 16), 0)

    def test_a_node_reads_figures_and_files_that_only_root_can(self):
        closed = self.folder / "closed"
        (closed / "figures").mkdir(parents=True)
        closed.chmod(0o700)
        (closed / "figures" / "one.sql").write_text("SELECT 1")
        (closed / "ca.pem").write_text("certificate")
        (closed / "kafka.properties").write_text(f"sasl.password=secret\nssl.ca.location={closed}/ca.pem\n")
        pid = self.start(MILLRACE_FIGURES=str(closed / "figures"),
                         KAFKA_PROPERTIES_FILE=str(closed / "kafka.properties"))
        told = dict(word.partition("=")[::2] for word in pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0"))

        def read(path):
            return subprocess.run(["cat", path], **home.server_user(), cwd="/", capture_output=True, text=True,
                                  check=True).stdout

        self.assertEqual(read(f"{told['MILLRACE_FIGURES']}/one.sql"), "SELECT 1")
        properties = dict(line.partition("=")[::2] for line in read(told["KAFKA_PROPERTIES_FILE"]).splitlines())
        self.assertEqual(properties["sasl.password"], "secret")
        self.assertEqual(read(properties["ssl.ca.location"]), "certificate")
        self.assertEqual(ids(told["KAFKA_PROPERTIES_FILE"])[2], 0o600)

    def test_a_node_looks_for_nothing_in_the_home_of_root(self):
        told = pathlib.Path(f"/proc/{self.start()}/environ").read_text().split("\0")
        self.assertEqual([word for word in told if word.startswith("HOME=")], ["HOME=/nonexistent"])

    def test_a_node_reads_in_place_what_everybody_may(self):
        figures = self.folder / "figures"
        figures.mkdir()
        (figures / "one.sql").write_text("SELECT 1")
        pid = self.start(MILLRACE_FIGURES=str(figures))
        self.assertIn(f"MILLRACE_FIGURES={figures}", pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0"))


if __name__ == "__main__":
    unittest.main()
