#!/usr/bin/env python3
"""A user without rights attacks a running stack on its own machine, and so does the servers' user, should a server be
taken over. Root starts the stack, as only root can become others."""
import contextlib
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import clients  # noqa: E402
import running  # noqa: E402
from stack import alive, wait_until  # noqa: E402

NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
SERVERS = {"user": "millrace", "group": "millrace", "extra_groups": []}
#: What a connector that was gone gets with its registration: another placeholder, and what is named by it.
OF_A_REGISTRATION = {
    "unavailable.value.placeholder", "transforms.placeholder.value.literal", "heartbeat.action.query",
    "message.prefix.include.list"
}
PROGRAMS = ("node", "generator", "postgres", "redis", "kafka", "connect")


def attempt(who, *command):
    """Runs a command as somebody. Returns its exit code and all that it said."""
    done = subprocess.run([*map(str, command)], **who, cwd="/", env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=60)
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
        read = [
            pathlib.Path(path)
            for path in re.findall(r"^/.*$",
                                   attempt(NOBODY, "find", self.home, "-type", "f", "-readable")[1], re.MULTILINE)
        ]
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
        code, said = attempt(NOBODY, "/usr/bin/python3", "-c",
                             "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])",
                             self.home / "run" / "control.sock")
        self.assertEqual((code, "Permission denied" in said), (1, True), said)

    def test_redis_and_postgresql_let_nobody_in_without_a_password(self):
        e = self.stack.endpoints
        self.assertIn("NOAUTH", attempt(NOBODY, "redis-cli", "-p", e["REDIS_PORT"], "KEYS", "*")[1])
        for user in (e["POSTGRES_USER"], e["MILLRACE_NODE_USER"], e["MILLRACE_DEBEZIUM_USER"], "millrace_admin"):
            code, said = attempt(NOBODY, "psql", "-w", "-h", "127.0.0.1", "-p", e["POSTGRES_PORT"], "-U", user, "-c",
                                 "SELECT 1", e["POSTGRES_DB"])
            self.assertEqual((code, "no password supplied" in said), (2, True), said)

    def kcat(self, *arguments, port="MILLRACE_KAFKA_PORT", data=""):
        """Runs kcat as nobody, without a login unless one is among the arguments, for a few seconds."""
        command = [
            "timeout", "10", "kcat", "-m", "4", "-X", "message.timeout.ms=4000", "-b",
            f"127.0.0.1:{self.stack.settings[port]}", *arguments
        ]
        return attempt(NOBODY, "sh", "-c", 'printf %s "$0" | "$@"', data, *command)

    def test_kafka_lets_nobody_read_write_or_look_without_a_login(self):
        topic, login = "dbserver1.public.orders", ("security.protocol=sasl_plaintext", "sasl.mechanism=PLAIN",
                                                   "sasl.password=wrong")
        wait_until("there are orders", lambda: sum(self.stack.kafka.ends({topic: 8}).values()), 60)
        logins = [(), *([word
                         for line in (*login, f"sasl.username={user}")
                         for word in ("-X", line)]
                        for user in ("millrace", "broker", "ANONYMOUS", "nobody"))]
        for more in logins:
            for port in ("MILLRACE_KAFKA_PORT", "MILLRACE_KAFKA_CONTROLLER_PORT"):
                code, said = self.kcat("-L", *more, port=port)
                self.assertNotEqual(code, 0, said)
                self.assertNotIn(topic, said)
        code, said = self.kcat("-C", "-e", "-o", "beginning", "-t", topic)
        self.assertNotEqual(code, 0, said)
        self.assertNotIn("total_amount", said)
        code, said = self.kcat("-P", "-t", topic, "-p", "0", data="theirs")
        self.assertNotEqual(code, 0, said)
        self.assertFalse(
            [record for record in self.stack.kafka.records(topic, partition=0) if record.get("payload") == "theirs"])

    def test_kafkas_tools_do_nothing_without_a_login(self):
        parts = self.stack.java_parts()
        broker, controller = (f"127.0.0.1:{self.stack.settings[port]}" for port in ("MILLRACE_KAFKA_PORT",
                                                                                    "MILLRACE_KAFKA_CONTROLLER_PORT"))
        patience = self.home / "impatient.properties"
        patience.write_text("default.api.timeout.ms=4000\nrequest.timeout.ms=3000\n")
        patience.chmod(0o644)
        before = self.stack.kafka.partitions("")
        for tool, *words in (("consumer.group.ConsumerGroupCommand", "--bootstrap-server", broker, "--list"),
                             ("TopicCommand", "--bootstrap-server", broker, "--delete", "--topic",
                              "dbserver1.public.orders"), ("MetadataQuorumCommand", "--bootstrap-controller",
                                                           controller, "describe", "--status")):
            _, said = attempt(NOBODY, "java", "-Xmx128m", "-cp", f"{parts}/kafka/*", f"org.apache.kafka.tools.{tool}",
                              "--command-config", patience, *words)
            self.assertRegex(said, "(?i)timed out|timeout|disconnected")
            self.assertNotRegex(said, r"shop\.|LeaderId")
        self.assertEqual(self.stack.kafka.partitions(""), before)

    def test_a_record_of_the_protocol_without_a_login_ends_the_connection(self):
        """Metadata, and a vote that would depose the controller."""
        for port in ("MILLRACE_KAFKA_PORT", "MILLRACE_KAFKA_CONTROLLER_PORT"):
            for request in (3, 52, 55, 62):
                with socket.create_connection(("127.0.0.1", int(self.stack.settings[port])), timeout=20) as connection:
                    body = struct.pack(">hhih", request, 1, 7, 6) + b"nobody" + struct.pack(">i", 0)
                    connection.sendall(struct.pack(">i", len(body)) + body)
                    heard = b""
                    with contextlib.suppress(ConnectionError):
                        heard = connection.recv(4096)
                    self.assertEqual(heard, b"", f"{port}: request {request}")

    def test_nothing_of_the_stack_is_changed_or_ended(self):
        for path in (self.home, self.home / "bin", *self.home.glob("config*"), *self.home.glob("config/*"),
                     self.home / "logs", self.home / "redis"):
            for who in (NOBODY, SERVERS) if path != self.home / "redis" else (NOBODY,):
                self.assertNotEqual(attempt(who, "touch", path / "planted")[0], 0, f"{who['user']}: {path}")
        for name, pid in self.pids().items():
            self.assertNotEqual(attempt(NOBODY, "kill", "-9", pid)[0], 0, name)
            self.assertTrue(alive(pid), name)

    def test_links_that_the_servers_user_plants_lead_root_nowhere(self):
        """Each name that root writes or once wrote there, and each that a restart meets."""
        before = self.victim.stat()
        for name, files in {
                "redis": ("redis.conf", "redis.conf.new"),
                "kafka": ("kafka.properties", "kafka.properties.new", "log4j2.properties.new", "format.properties"),
                "connect": ("connect.properties.new", "secrets.properties", "secrets.properties.new",
                            "log4j2.properties.new"),
                "postgres": ("millrace.conf", "millrace.conf.new", "password.new", "data/pg_hba.conf.new")
        }.items():
            for file in files:
                self.assertEqual(attempt(SERVERS, "ln", "-sfn", self.victim, self.home / name / file)[0], 0, file)
            self.stack.door("service", "restart", name)
        self.stack.sql.close()
        self.stack.redis.close()
        after = self.victim.stat()
        self.assertEqual((self.victim.read_text(), after.st_uid, after.st_mode),
                         ("root's", before.st_uid, before.st_mode))
        wait_until("all figures are live", self.stack.is_live, 180)
        self.assert_equal_to_sql(why="after servers were restarted")

    def status_of(self, url, method="GET", body=None, **headers):
        """Returns the code that nobody gets for a request."""
        more = [
            word for name, value in {"Content-Type": "application/json", **headers}.items()
            for word in ("-H", f"{name}: {value}")
        ]
        return int(
            attempt(NOBODY, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, *more,
                    *(["-d", json.dumps(body)] if body is not None else []), url)[1])

    def test_kafka_connect_answers_nobody_without_a_password(self):
        # where somebody would listen for the password
        config = {**self.config(), "database.hostname": "127.0.0.1", "database.port": "1"}
        connect, connector = self.stack.endpoints["CONNECT_URL"], "/connectors/millrace-shop"
        plugin = "/connector-plugins/io.debezium.connector.postgresql.PostgresConnector/config/validate"
        for method, path, body in (("GET", "/", None), ("GET", "/connectors?expand=info", None),
                                   ("GET", connector + "/config", None), ("DELETE", connector, None),
                                   ("PUT", connector + "/config", config), ("PUT", connector + "/pause", None),
                                   ("PUT", connector + "/stop", None), ("DELETE", connector + "/offsets",
                                                                        None), ("POST", connector + "/restart", None),
                                   ("POST", "/connectors", {"name": "theirs",
                                                            "config": config}), ("PUT", plugin, config),
                                   ("POST", connector + "/tasks", []), ("PUT", connector + "/fence", None),
                                   ("PUT", "/admin/loggers/root", {"level": "TRACE"}), ("GET", "/nothing", None)):
            self.assertEqual(self.status_of(connect + path, method, body), 401, f"{method} {path}")
            self.assertEqual(
                self.status_of(connect + path, method, body, Authorization=clients.basic("millrace", "wrong")), 401,
                f"{method} {path}")
        self.assertEqual(self.config()["database.port"], self.stack.endpoints["POSTGRES_PORT"])

    def test_node_and_generator_take_no_post_without_the_token(self):
        for setting, path, body in (("MILLRACE_HTTP_PORT", "/control", {"log_level": "trace"}),
                                    ("MILLRACE_HTTP_PORT", "/control/written", {"figure": "x", "keys": []}),
                                    ("MILLRACE_GENERATOR_PORT", "/control",
                                     {"rate": 1e6}), ("MILLRACE_GENERATOR_PORT", "/control", {"pause": True})):
            url = f"http://127.0.0.1:{self.stack.settings[setting]}{path}"
            for more in ({}, {"Authorization": "Bearer wrong"}):
                self.assertEqual(self.status_of(url, "POST", body, **more), 401, url)
        now = clients.http(f"http://127.0.0.1:{self.stack.settings['MILLRACE_GENERATOR_PORT']}/control")
        self.assertEqual((now["rate"], now["paused"]), (self.rate, False))

    def ask_connect(self, method, path, body=None):
        """Asks Kafka Connect as somebody who has the login, and makes a mistake with it."""
        self.stack.rest("/connectors/millrace-shop" + path, body, method)

    def config(self):
        return self.stack.rest("/connectors/millrace-shop/config")

    def config_if_there(self):
        """Returns the connector's configuration; None while there is none, or while Connect's worker joins its group
        again."""
        config = self.config() or {}
        return config if "connector.class" in config else None

    def said_of_connector(self, what):
        """Returns how often the supervisor said so."""
        return len(
            re.findall(rf"connector millrace-shop: {what}; registering it again",
                       self.stack.log_tail("supervisor", 1000)))

    def test_a_connector_that_somebody_deletes_is_registered_again_and_said(self):
        before, said = self.config(), self.said_of_connector("was gone")
        self.ask_connect("DELETE", "")
        wait_until("the supervisor says it", lambda: self.said_of_connector("was gone") > said, 60)
        after = wait_until("it is there", lambda: self.config_if_there(), 30)
        self.assertEqual({name for name in before if before[name] != after.get(name)} - OF_A_REGISTRATION, set())
        wait_until("all figures are live", self.stack.is_live, 180)
        self.assert_equal_to_sql(180, why="after the connector was deleted")

    def test_a_connector_that_somebody_changes_is_as_before_and_said(self):
        before = wait_until("it is there", lambda: self.config_if_there(), 30)
        self.ask_connect("PUT", "/config", {**before, "skipped.operations": "u,d"})
        wait_until("the supervisor says it",
                   lambda: self.said_of_connector(r"was changed by another client \(skipped.operations\)"), 60)
        wait_until("it is as before", lambda: self.config() == before, 30)
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
