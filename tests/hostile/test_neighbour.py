#!/usr/bin/env python3
"""A user without rights attacks a running stack on its own machine, and so does the servers' user, should a server be taken over. Root starts the stack, as only root can become others."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import clients  # noqa: E402
import running  # noqa: E402
from stack import alive, wait_until  # noqa: E402

NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
SERVERS = {"user": "millrace", "group": "millrace", "extra_groups": []}
PROGRAMS = ("node", "generator", "postgres", "redis", "kafka", "connect")


def attempt(who, *command):
    """Runs a command as somebody. Returns its exit code and all that it said."""
    done = subprocess.run([*map(str, command)], **who, cwd="/", env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=60)
    return done.returncode, done.stdout + done.stderr


@unittest.skipUnless(os.geteuid() == 0, "only root becomes somebody else")
class Neighbour(running.SystemTest):
    rate = 20

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.stack.home
        cls.secrets = {value for name, value in cls.stack.endpoints.items() if name.endswith("PASSWORD")}
        cls.secrets |= {path.read_text().strip() for path in (cls.home / "secrets").iterdir()}
        cls.victim = cls.home / "victim"
        cls.victim.write_text("root's")
        cls.victim.chmod(0o600)

    def pids(self):
        return {name: self.stack.pid(name) for name in PROGRAMS}

    def test_no_program_of_the_stack_has_roots_rights(self):
        wait_until("all figures are live", self.stack.is_live, 180)
        for name, pid in self.pids().items():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            self.assertNotIn("0", re.search(r"^Uid:\t(.*)$", status, re.MULTILINE)[1].split(), name)
            self.assertEqual(int(re.search(r"^CapEff:\t(.*)$", status, re.MULTILINE)[1], 16), 0, name)

    def test_no_file_with_a_secret_or_a_column_is_read(self):
        read = [pathlib.Path(path) for path in re.findall(r"^/.*$", attempt(NOBODY, "find", self.home, "-type", "f", "-readable")[1], re.MULTILINE)]
        self.assertIn(self.home / "bin" / "millrace", read)
        for path in read:
            text = path.read_text(errors="replace")
            self.assertFalse([secret for secret in self.secrets if secret in text], path)
            self.assertNotIn(self.home / "logs", path.parents, "logs have values of columns")
        for path in [*self.home.glob("logs/*"), self.home / "run" / "state.json", *self.home.glob("config/*/*")]:
            if path.is_file():
                self.assertNotEqual(attempt(NOBODY, "cat", path)[0], 0, path)

    def test_no_process_shows_a_secret(self):
        for name, pid in self.pids().items():
            self.assertNotEqual(attempt(NOBODY, "cat", f"/proc/{pid}/environ")[0], 0, name)
            shown = attempt(NOBODY, "cat", f"/proc/{pid}/cmdline")[1]
            self.assertFalse([secret for secret in self.secrets if secret in shown], name)

    def test_the_supervisor_takes_no_command(self):
        code, said = attempt(NOBODY, "/usr/bin/python3", "-c", "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])", self.home / "run" / "control.sock")
        self.assertEqual((code, "Permission denied" in said), (1, True), said)

    def test_redis_and_postgresql_let_nobody_in_without_a_password(self):
        e = self.stack.endpoints
        self.assertIn("NOAUTH", attempt(NOBODY, "redis-cli", "-p", e["REDIS_PORT"], "KEYS", "*")[1])
        for user in (e["POSTGRES_USER"], e["MILLRACE_NODE_USER"], e["MILLRACE_DEBEZIUM_USER"], "millrace_admin"):
            code, said = attempt(NOBODY, "psql", "-w", "-h", "127.0.0.1", "-p", e["POSTGRES_PORT"], "-U", user, "-c", "SELECT 1", e["POSTGRES_DB"])
            self.assertEqual((code, "no password supplied" in said), (2, True), said)

    def test_nothing_of_the_stack_is_changed_or_ended(self):
        for path in (self.home, self.home / "bin", *self.home.glob("config*"), *self.home.glob("config/*"), self.home / "logs", self.home / "redis"):
            for who in (NOBODY, SERVERS) if path != self.home / "redis" else (NOBODY,):
                self.assertNotEqual(attempt(who, "touch", path / "planted")[0], 0, f"{who['user']}: {path}")
        for name, pid in self.pids().items():
            self.assertNotEqual(attempt(NOBODY, "kill", "-9", pid)[0], 0, name)
            self.assertTrue(alive(pid), name)

    def test_links_that_the_servers_user_plants_lead_root_nowhere(self):
        """Each name that root writes or once wrote there, and each that a restart meets."""
        before = self.victim.stat()
        for name, files in {"redis": ("redis.conf", "redis.conf.new"), "kafka": ("kafka.properties", "kafka.properties.new", "log4j2.properties.new", "format.properties"),
                            "connect": ("connect.properties.new", "secrets.properties", "secrets.properties.new", "log4j2.properties.new"),
                            "postgres": ("millrace.conf", "millrace.conf.new", "password.new", "data/pg_hba.conf.new")}.items():
            for file in files:
                self.assertEqual(attempt(SERVERS, "ln", "-sfn", self.victim, self.home / name / file)[0], 0, file)
            self.stack.door("service", "restart", name)
        self.stack.sql.close()
        self.stack.redis.close()
        after = self.victim.stat()
        self.assertEqual((self.victim.read_text(), after.st_uid, after.st_mode), ("root's", before.st_uid, before.st_mode))
        wait_until("all figures are live", self.stack.is_live, 180)
        self.assert_equal_to_sql(why="after servers were restarted")

    def ask_connect(self, method, path, body=None):
        """Asks Kafka Connect what its REST interface lets everybody ask."""
        request = urllib.request.Request(f"{self.stack.endpoints['CONNECT_URL']}/connectors/millrace-shop{path}", None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status

    def config(self):
        return clients.http(f"{self.stack.endpoints['CONNECT_URL']}/connectors/millrace-shop/config")

    def said_of_connector(self, what):
        return re.search(rf"connector millrace-shop: {what}; it is registered again", self.stack.log_tail("supervisor", 200))

    def test_a_connector_that_somebody_deletes_is_registered_again_and_said(self):
        before = self.config()
        self.assertEqual(self.ask_connect("DELETE", ""), 204)
        wait_until("the supervisor says it", lambda: self.said_of_connector("was gone"), 60)
        after = self.config()
        self.assertEqual({name for name in before if before[name] != after.get(name)} - {"unavailable.value.placeholder", "transforms.placeholder.value.literal"}, set())
        wait_until("all figures are live", self.stack.is_live, 180)
        self.assert_equal_to_sql(180, why="after the connector was deleted")

    def test_a_connector_that_somebody_changes_is_as_before_and_said(self):
        before = self.config()
        self.assertEqual(self.ask_connect("PUT", "/config", {**before, "skipped.operations": "u,d"}), 200)
        wait_until("the supervisor says it", lambda: self.said_of_connector(r"was changed by somebody else \(skipped.operations\)"), 60)
        self.assertEqual(self.config(), before)
        self.assertFalse([secret for secret in self.secrets if secret in self.stack.log_tail("supervisor", 1000)])

    def test_a_connector_that_is_deleted_on_purpose_stays_away(self):
        self.stack.door("connector", "delete")
        seen = self.stack.log_tail("supervisor", 1000)
        # What would register it again looks every two seconds, and needs two looks.
        with self.assertRaises(AssertionError):
            wait_until("it is there again", lambda: "connector.class" in (self.config() or {}), 10, pause=1)
        self.assertEqual(self.stack.log_tail("supervisor", 1000), seen)
        self.stack.door("connector", "register")
        self.assertIn("connector.class", self.config())


if __name__ == "__main__":
    running.main()
