#!/usr/bin/env python3
"""A project on servers that let nobody in by the way: PostgreSQL and Kafka by TLS and password, Redis by its access
lists. What one is told wrongly is said by its name, and no password is shown anywhere."""
import contextlib
import json
import os
import pathlib
import re
import shlex
import threading
import unittest
import urllib.parse

import clients
import projects
import running
import servers
from stack import FIRST_PORT, REPOSITORY, wait_until

DATABASE = 3
CONNECT = f"http://127.0.0.1:{FIRST_PORT + 10}"
TABLES = """
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, state text);
CREATE TABLE orders (id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers,
  total numeric(12,2) NOT NULL, status text NOT NULL);
INSERT INTO customers (name, state) SELECT 'customer ' || n, (ARRAY['CA', 'NY', 'TX'])[1 + n % 3]
  FROM generate_series(1, 50) n;
INSERT INTO orders (customer_id, total, status) SELECT 1 + n % 50, n * 1.25, 'open' FROM generate_series(1, 400) n;
"""
FIGURES = """\
-- redis: zset best member {customer_id} score spent name best
SELECT customer_id, sum(total) AS spent FROM orders GROUP BY customer_id;

-- redis: hash state:{state} name by_state
SELECT customers.state, count(*) AS orders, max(orders.total) AS largest
FROM orders JOIN customers ON customers.id = orders.customer_id GROUP BY customers.state;

"""
ONE_MORE = """\
-- redis: hash by_status field {status} name by_status
SELECT status, count(*) AS orders FROM orders GROUP BY status;
"""
LOAD = """
INSERT INTO orders (customer_id, total, status) SELECT 1 + n % 50, n * 0.75, (ARRAY['open', 'paid', 'sent'])[1 + n % 3]
  FROM generate_series(1, 300) n;
UPDATE orders SET status = 'paid', total = total + 0.10 WHERE id % 7 = {number};
DELETE FROM orders WHERE id % 31 = {number};
UPDATE customers SET state = 'WA' WHERE id % 11 = {number};
"""


def odd(letters):
    """Returns a password that begins with letters about which URLs, shells, properties and login modules have ideas of
    their own, and its rest, which nothing else has."""
    rest = os.urandom(12).hex()
    return letters + rest, rest


def rights(name):
    """Returns the rights that both documents say a user of Redis needs, for the project of that name."""
    texts = [
        " ".join((REPOSITORY / file).read_text().replace("\\\n", "").split())
        for file in ("docs/own-database.md", "deploy/debian/README.Debian")
    ]
    told = {re.search(r"ACL SETUSER figures on '>PASSWORD' (.*?function\|delete)", text).group(1) for text in texts}
    assert len(told) == 1, told
    return shlex.split(told.pop().replace("NAME", name))


class Onlooker(threading.Thread):
    """Reads the arguments of every process again and again, as anybody on the machine may."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.over = set(), threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            for process in pathlib.Path("/proc").glob("[0-9]*"):
                try:
                    self.seen.add((process / "cmdline").read_text(errors="replace"))
                except OSError:
                    pass


class Secured(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        logins = [odd(letters) for letters in ("o\\w'n p@%41$", "r\"e d/i:s@%41#", "k\"ä f=k,a\\$")]
        (owner, user, login), cls.secrets = zip(*logins)
        cls.servers = servers.Servers(("app", owner), ("figures", user), ("millrace", login)).__enter__()
        cls.addClassCleanup(cls.servers.__exit__)
        cls.servers.as_administrator("-c", "CREATE DATABASE shop OWNER app")
        cls.sql = cls.servers.sql_of("shop")
        cls.addClassCleanup(cls.sql.close)
        cls.sql(TABLES)
        cls.may("on", ">" + user, *rights("sealed"))
        cls.stack = cls.project = projects.Project(cls.servers, "sealed", "shop", 0).__enter__()
        cls.addClassCleanup(cls.project.__exit__)
        cls.redis = clients.Redis(int(cls.servers.settings["MILLRACE_REDIS_PORT"]), "figures", user, database=DATABASE)
        cls.addClassCleanup(cls.redis.close)
        cls.properties = cls.project.parent / "kafka.properties"
        cls.tell_kafka()
        cls.onlooker = Onlooker()
        cls.addClassCleanup(cls.onlooker.over.set)

    @classmethod
    def may(cls, *rules):
        """Changes what Redis's user may do."""
        cls.servers.redis("ACL", "SETUSER", "figures", *rules)

    @classmethod
    def tell_kafka(cls, password=None, certificate=None, mechanism="PLAIN"):
        """Writes the file of Kafka's properties."""
        user, right = cls.servers.login
        cls.properties.write_text(
            servers.client_properties(user, password or right, certificate or cls.servers.authority.certificate,
                                      mechanism))
        cls.properties.chmod(0o600)

    def init(self, *more, project=None, postgres="app", redis="figures", certificate=None, **environment):
        """Runs `init` with a URL for each server and returns what it said. Users may have a password in the URL; else
        it is in the environment."""
        at = {
            name: f"{servers.HOST}:{self.servers.settings[f'MILLRACE_{name}_PORT']}"
            for name in ("POSTGRES", "REDIS", "KAFKA")
        }
        query = urllib.parse.urlencode(
            {"sslmode": "verify-full", "sslrootcert": certificate or self.servers.authority.certificate})
        urls = [
            "--postgres", f"postgresql://{postgres}@{at['POSTGRES']}/shop?{query}", "--redis",
            f"redis://{redis}@{at['REDIS']}/{DATABASE}", "--brokers", at["KAFKA"]
        ]
        return (project
                or self.project).init(*urls, *more,
                                      environment={"KAFKA_PROPERTIES_FILE": str(self.properties), **environment})

    @contextlib.contextmanager
    def told(self, name, password="wrong"):
        """Has another password in the project's secrets as long as the block lasts."""
        file = self.project.folder / "secrets" / name
        right = file.read_text()
        file.write_text(password + "\n")
        yield
        file.write_text(right)

    def assert_equal_to_sql(self, why):
        code, report = self.project.verify(180)
        self.assertEqual(code, 0, f"{why}: verify ended with {code}\n{running.in_words(report)}")
        self.assertGreater(len(report["figures"]), 6)

    def test_init_takes_passwords_from_urls(self):
        with projects.Project(self.servers, "other", "shop", 1) as other:
            user, password = (urllib.parse.quote(text, safe="") for text in self.servers.owner)
            self.init(project=other, postgres=f"{user}:{password}",
                      redis=":".join(urllib.parse.quote(text, safe="") for text in self.servers.user))
            found = projects.secrets_of(other.folder)
            self.assertEqual((found["POSTGRES_PASSWORD"], found["REDIS_PASSWORD"]),
                             (self.servers.owner[1], self.servers.user[1]))

    def test_init_says_which_server_does_not_let_it_in(self):
        self.onlooker.start()  # before it a URL had a password: whoever writes that has it in the list of processes
        with self.assertRaisesRegex(
                AssertionError, r"PostgreSQL app@localhost:\d+/shop: password authentication failed for user \"app\""):
            self.init(PGPASSWORD="wrong")
        with self.assertRaisesRegex(AssertionError, r"PostgreSQL app@localhost:\d+/shop: .*certificate verify failed"):
            self.init(PGPASSWORD="wrong", certificate=self.servers.home / "kafka.pem")
        self.assertFalse(self.project.folder.exists(), "a refused init writes nothing")

    def test_init_takes_passwords_from_the_environment_and_keeps_them_where_only_their_owner_reads(self):
        said = self.init(PGPASSWORD=self.servers.owner[1], REDISCLI_AUTH=self.servers.user[1])
        found = projects.secrets_of(self.project.folder)
        self.assertEqual((found["POSTGRES_PASSWORD"], found["REDIS_PASSWORD"]),
                         (self.servers.owner[1], self.servers.user[1]))
        type(self).secrets += (found["MILLRACE_NODE_PASSWORD"], found["MILLRACE_DEBEZIUM_PASSWORD"])
        for name in found:
            self.assertEqual((self.project.folder / "secrets" / name).stat().st_mode & 0o777, 0o600)
        for text in (said, (self.project.folder / "millrace.env").read_text(),
                     (self.project.folder / "prepare.sql").read_text()):
            self.assert_no_secret(text)
        with (self.project.folder / "millrace.env").open("a") as file:
            file.write(f"MILLRACE_CONNECT_PORT={CONNECT.rpartition(':')[2]}\n")
        (self.project.folder / "figures" / "mine.sql").write_text(FIGURES)

    def test_an_administrator_prepares_the_database(self):
        self.servers.as_administrator("-f", self.project.folder / "prepare.sql", database="shop")
        self.assertEqual(self.project.door("prepare").stdout.strip().splitlines()[-1], "-- Nothing is missing.")
        with self.told("MILLRACE_DEBEZIUM_PASSWORD"):
            done = self.project.door("prepare", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the role millrace_sealed_debezium can't log in with the password that the settings have",
                      done.stderr)

    def test_up_names_every_server_that_does_not_let_it_in_and_starts_nothing(self):
        self.tell_kafka(password="wrong")
        with self.told("POSTGRES_PASSWORD"), self.told("REDIS_PASSWORD"):
            done = self.project.up(check=False)
        self.tell_kafka()
        self.assertEqual(done.returncode, 1)
        said = done.stdout + done.stderr
        for words in (
                r"PostgreSQL app@localhost:\d+/shop: password authentication failed .*\n  PostgreSQL: look at "
                r".*POSTGRES_PASSWORD",
                r"Redis at localhost:\d+ refuses user figures: WRONGPASS .*\n  Redis: look at .*REDIS_PASSWORD",
                r"Kafka at localhost:\d+: .*SASL authentication error: Authentication failed.*\n  Kafka: look at "
                r".*KAFKA_PROPERTIES_FILE .*sasl\.password"
        ):
            self.assertRegex(said, words)
        self.assertFalse((self.project.home / "logs" / "connect.log").exists(), "nothing was started")

    def assert_refused(self, server, words):
        done = self.project.door("servers", server, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, words)

    def test_a_certificate_of_another_ca_is_refused(self):
        self.tell_kafka(certificate=self.servers.home / "kafka.pem")
        self.assert_refused(
            "kafka", "Kafka at .*certificate verify failed.* verify that ssl.ca.location is correctly configured")
        self.tell_kafka()

    def test_scram_that_kafka_does_not_take_from_this_librdkafka_is_said_with_what_works(self):
        self.tell_kafka(mechanism=servers.SCRAM)
        self.assert_refused(
            "kafka",
            "(?s)Kafka at .*Authentication failed.*Kafka 4 takes no SCRAM from librdkafka before 2.6.1.*PLAIN over "
            "TLS works"
        )
        self.tell_kafka()

    def test_each_right_that_redis_does_not_give_is_named(self):
        right = ("reset", "on", ">" + self.servers.user[1], *rights("sealed"))
        for rules, words in ((["-function|load"],
                              r"FUNCTION LOAD: NOPERM .*\n  Redis: look at .*the README has the rights"),
                             (["-fcall"], "FCALL .*NOPERM"), (["resetkeys",
                                                               "~sealed:*"], "HGETALL millrace:sealed:format: NOPERM"),
                             (["resetkeys", "~millrace:sealed:*"], "EXISTS sealed:.*: NOPERM")):
            self.may(*rules)
            self.assert_refused("redis", r"Redis at localhost:\d+: " + words)
            self.may(*right)
        said = self.project.door("servers", "postgres", "redis", "kafka").stdout
        self.assertEqual(said, "PostgreSQL accepts the login\nRedis accepts the login\nKafka accepts the login\n")

    def test_up_serves_it(self):
        self.servers.redis("ACL", "LOG", "RESET")
        self.project.up()
        self.assert_equal_to_sql("after the first fill")

    def test_load_and_a_kill_come_out_equal(self):
        for number in range(4):
            self.sql(LOAD.format(number=number))
            if number == 1:
                self.project.kill("node")
        wait_until("all figures are live again", self.project.is_live, 180)
        self.assert_equal_to_sql("after load and a kill")
        spent = self.sql("SELECT customer_id, sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT 1")[0]
        shown = self.redis("ZREVRANGE", "sealed:best", 0, 0, "WITHSCORES")
        self.assertEqual((shown[0], float(shown[1])), (spent[0], float(spent[1])))

    def test_figures_are_applied_and_taken_away(self):
        mine = self.project.folder / "figures" / "mine.sql"
        mine.write_text(FIGURES.partition("\n\n")[2] + ONE_MORE)
        self.project.door("apply")
        self.assert_equal_to_sql("after other figures were applied")
        self.assertEqual((self.redis("EXISTS", "sealed:best"), self.redis("EXISTS", "sealed:by_status")), (0, 1))

    def test_status_knows_connector_and_figures(self):
        said = self.project.door("status").stdout
        self.assertRegex(said, r"connector +RUNNING, task RUNNING\n")
        self.assertRegex(said, r"by_status +live\n")
        self.assertNotIn("skipped", said, "topics of ours are nobody's table")

    def test_every_key_is_in_the_database_that_was_named(self):
        self.assertEqual(re.findall(r"^db(\d+):", self.servers.redis("INFO", "keyspace"), re.MULTILINE),
                         [str(DATABASE)])
        self.assertEqual(
            [key for key in projects.keys(self.redis, "*") if not key.startswith(("sealed:", "millrace:sealed:"))], [])

    def assert_no_secret(self, text, where="it"):
        self.assertFalse([secret for secret in self.secrets if secret in text], f"{where} shows a password")

    def test_no_password_is_shown(self):
        for log in (*self.project.home.glob("logs/*"), *self.servers.home.glob("logs/*")):
            self.assert_no_secret(log.read_text(errors="replace"), log.name)
        password = (self.project.home / "secrets" / "CONNECT_PASSWORD").read_text().strip()
        for path in ("/connectors?expand=info&expand=status", "/connectors/millrace-sealed",
                     "/connectors/millrace-sealed/config", "/connectors/millrace-sealed/tasks"):
            told = json.dumps(clients.http(CONNECT + path, authorization=clients.basic("millrace", password)))
            self.assertIn("verify-full" if path.endswith("config") else "millrace-sealed", told)
            self.assert_no_secret(told, path)
        for topic in self.servers.kafka.partitions("sealed-connect."):
            for record in self.servers.kafka.records(topic):
                self.assert_no_secret(str(record), topic)
        self.assert_no_secret(str(self.project.status()), "/status")
        for verb in (("status", "--json"), ("connector", "status"), ("remove",), ("prepare",)):
            self.assert_no_secret("".join(self.project.door(*verb).stdout), verb[0])

    def test_what_has_a_password_is_for_its_owner_alone(self):
        files = [path for path in self.project.folder.rglob("*") if path.is_file() and path.stat().st_size < 1 << 20]
        having = [path for path in files if any(secret in path.read_text(errors="replace") for secret in self.secrets)]
        self.assertGreater(len(having), 4)
        self.assertEqual([str(path) for path in having if path.stat().st_mode & 0o077], [])

    def test_remove_takes_all_of_it_away(self):
        done = self.project.door("remove", "--yes", check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        if done.returncode == 1:
            self.servers.as_administrator("-c", done.stdout.partition("by this SQL:\n")[2], database="shop")
        self.assertIn("has nothing on these servers", self.project.door("remove").stdout)
        self.assertEqual(projects.keys(self.redis, "*"), [])
        self.assertEqual([topic for topic in self.servers.kafka.partitions("") if "sealed" in topic], [])
        self.assertEqual(self.sql("SELECT slot_name FROM pg_replication_slots"), [])
        self.assertEqual(self.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'millrace\\_sealed%'"), [])
        self.assertGreater(int(self.sql.one("SELECT count(*) FROM orders")), 400, "tables stay")

    def test_what_was_removed_can_be_served_again(self):
        self.servers.as_administrator("-f", self.project.folder / "prepare.sql", database="shop")
        self.project.up()
        self.assert_equal_to_sql("after the project was removed and came again")

    def test_no_process_had_a_password_among_its_arguments(self):
        self.onlooker.over.set()
        self.onlooker.join()
        for verb in ("ConnectDistributed", "millrace\0node", "remove\0--yes"):
            self.assertTrue([words for words in self.onlooker.seen if verb in words], f"{verb} was seen")
        self.assert_no_secret("\n".join(self.onlooker.seen), "the list of processes")

    def test_redis_had_to_refuse_nothing(self):
        denied = [dict(zip(entry[::2], entry[1::2])) for entry in self.servers.redis("ACL", "LOG")]
        self.assertEqual([(entry["reason"], entry["object"]) for entry in denied], [])


if __name__ == "__main__":
    running.main()
