"""k8s/overlays/prod, copied and edited as docs/kubernetes.md says, with servers outside the cluster."""
import json
import os
import pathlib
import threading
import time
import unittest

import outside
from cluster import (NAMESPACE, job, kill, kubectl, node_pods, objects, rolled_out, run, say, served, until)

TABLE = """
CREATE TABLE orders (id serial PRIMARY KEY, status text NOT NULL, total numeric(12,2) NOT NULL);
INSERT INTO orders (status, total) SELECT (ARRAY['open', 'paid', 'sent'])[1 + n % 3], n * 1.25
  FROM generate_series(1, 5000) n;
"""
LOAD = """
INSERT INTO orders (status, total) SELECT 'open', n FROM generate_series(1, 20) n;
UPDATE orders SET status = 'paid' WHERE id % 97 = {number} % 97;
DELETE FROM orders WHERE id % 191 = {number} % 191;
"""
#: The rights of docs/own-database.md, for the project `shop`.
RIGHTS = ("~shop:*", "~millrace:shop:*", "&shop:*", "+@read", "+@write", "+@connection", "-@dangerous", "-@scripting",
          "+publish", "+time", "+info", "+bgrewriteaof", "+fcall", "+function|load", "+function|delete")


class Load(threading.Thread):
    """Writes orders as long as the block lasts."""

    def __init__(self, machine):
        super().__init__()
        self.machine, self.over, self.written = machine, threading.Event(), 0

    def run(self):
        while not self.over.wait(0.2):
            self.machine.psql(LOAD.format(number=self.written))
            self.written += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Prod(unittest.TestCase):
    """In the order of their names."""

    sources = None  #: a copy of the manifests' sources, which tests change

    @classmethod
    def setUpClass(cls):
        cls.secrets = cls.sources / "prod-secrets"
        run(cls.sources / "k8s/secrets.sh", cls.secrets)
        before = time.monotonic()
        cls.machine = cls.enterClassContext(outside.Machine(cls.secrets))
        say(f"the servers outside are up in {time.monotonic() - before:.0f} s")
        hosts = pathlib.Path(os.environ["KUBECONFIG"]).parents[1] / "hosts"
        hosts.write_text(f"{outside.ADDRESS} {outside.NAME}\n")
        cls.machine.psql(f"CREATE DATABASE {outside.DATABASE} OWNER {outside.OWNER}", "postgres")
        cls.machine.psql(f"SET ROLE {outside.OWNER};{TABLE}")
        cls.machine.redis("ACL", "SETUSER", outside.REDIS_USER, "on",
                          ">" + (cls.secrets / "redis-password").read_text(), *RIGHTS)
        cls.addClassCleanup(run, "kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", seconds=300)
        cls.write_overlay()
        cls.create_secrets()

    @classmethod
    def write_overlay(cls):
        ports = {name: f"{outside.NAME}:{port}" for name, port in cls.machine.told["ports"].items()}
        cls.overlay = cls.sources / "k8s/overlays/mine"
        run("cp", "-r", cls.sources / "k8s/overlays/prod", cls.overlay)
        here = {
            **{f"{name}_{what}": value for name in ("POSTGRES", "REDIS")
               for what, value in zip(("HOST", "PORT"), ports[name].split(":"))},
            "REDIS_USER": outside.REDIS_USER, "KAFKA_BROKER": ports["KAFKA"],
            "CONNECT_URL": f"http://{ports['CONNECT']}", "CONNECT_USER": cls.machine.told["connect"][0],
            "CONNECT_PASSWORD_FILE": "/secrets/connect-password"
        }
        file = cls.overlay / "settings.env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in here]
        file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in here.items())]) + "\n")

    @classmethod
    def create_secrets(cls):
        certificate = pathlib.Path(cls.machine.told["authority"])
        properties = pathlib.Path(cls.machine.told["kafka"]).read_text()
        for name, text in (("postgres-ca.crt", certificate.read_text()),
                           ("kafka.properties", properties.replace(str(certificate), "/secrets/postgres-ca.crt")),
                           ("connect-password", cls.machine.told["connect"][1])):
            (cls.secrets / name).write_text(text)
        run("kubectl", "create", "namespace", NAMESPACE)
        for secret, files in (("millrace-secrets", ("postgres-password", "node-password", "redis-password",
                                                    "http-token", "kafka.properties", "postgres-ca.crt",
                                                    "connect-password")),
                              ("millrace-node-tls", ("tls.crt", "tls.key", "ca.crt"))):
            kubectl("create", "secret", "generic", secret, *(f"--from-file={cls.secrets / file}" for file in files))
        kubectl("create", "secret", "generic", "millrace-debezium",
                f"--from-file=password={cls.secrets / 'debezium-password'}")

    def equal(self, what, before):
        good, log = job("verify")
        self.assertTrue(good, f"{what}:\n{log}")
        say(f"prod, {what}: equal after {time.monotonic() - before:.0f} s")
        return log

    def run_as_administrator(self, sql):
        """Runs what `prepare` or `remove` printed. Its passwords are in files that the administrator has."""
        folder = pathlib.Path(self.machine.told["kafka"]).parent / "passwords"
        folder.mkdir(exist_ok=True)
        for name, file in (("MILLRACE_DEBEZIUM_PASSWORD", "debezium-password"),
                           ("MILLRACE_NODE_PASSWORD", "node-password")):
            (folder / name).write_text((self.secrets / file).read_text())
        return self.machine.psql(sql.replace("/secrets/", f"{folder}/"))

    def test_1_the_setup_prints_the_sql_that_is_missing_and_ends_once_it_was_run(self):
        run("kubectl", "apply", "-k", self.overlay)

        def printed():
            log = kubectl("logs", "job/millrace-setup", "-c", "prepare", check=False).stdout
            return log[log.index("-- What the database"):] if "\nCOMMIT;" in log else None

        self.run_as_administrator(until("the SQL is printed", printed))
        before = time.monotonic()
        kubectl("wait", "--for=condition=Complete", "job/millrace-setup", "--timeout=900s")
        rolled_out()
        served(3)
        say(f"prod: served {time.monotonic() - before:.0f} s after the administrator's SQL")
        self.assertRegex(self.equal("from nothing", before), r"1 of 1 figures equal SQL")

    def test_2_a_node_is_killed_under_load(self):
        before = time.monotonic()
        with Load(self.machine) as load:
            kill("millrace-1", "node")
            rolled_out()
            served(3)
        self.equal(f"a node killed, {load.written} transactions", before)
        told = dict(line.split("|") for line in self.machine.psql(
            "SELECT status, count(*) FROM orders GROUP BY status").splitlines())
        shown = self.machine.redis("HGETALL", "shop:orders:by_status").splitlines()
        self.assertEqual({name: str(json.loads(value)["orders"]) if value.startswith("{") else value
                          for name, value in zip(shown[::2], shown[1::2])}, told)

    def test_3_no_password_is_in_the_pods(self):
        shown = json.dumps(objects("pods")) + json.dumps(objects("configmaps"))
        for name in ("postgres-password", "node-password", "redis-password", "debezium-password", "http-token"):
            self.assertNotIn((self.secrets / name).read_text(), shown, name)

    def test_4_verify_runs_every_night(self):
        found = json.loads(kubectl("get", "cronjob", "millrace-verify", "-o", "json").stdout)["spec"]
        self.assertEqual((found["suspend"], found["schedule"]), (False, "17 3 * * *"))

    def test_5_remove_and_delete_leave_nothing(self):
        self.assertTrue([x for x in self.machine.topics() if x.startswith("shop.public.")])
        kubectl("scale", "statefulset/millrace", "--replicas=0")
        until("no node", lambda: not node_pods())
        good, log = job("remove")
        if not good:
            self.run_as_administrator(log.partition("by this SQL:\n")[2])
            good, log = job("remove")
        self.assertTrue(good, log)
        self.assertEqual(self.machine.psql("SELECT slot_name FROM pg_replication_slots"), "")
        self.assertEqual(self.machine.psql(r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'millrace\_shop%'"), "")
        self.assertEqual(self.machine.redis("DBSIZE"), "0")
        self.assertEqual({x for x in self.machine.topics() if not x.startswith("millrace.connect.")}, set())
        run("kubectl", "delete", "-k", self.overlay, "--timeout=300s", seconds=400)
        until("no namespace", lambda: run("kubectl", "get", "namespace", NAMESPACE, check=False).returncode != 0)
