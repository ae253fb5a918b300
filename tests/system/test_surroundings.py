#!/usr/bin/env python3
"""What is around Millrace changes: settings of database and role, row level security, a connector that is paused, an
encoding that can't be carried, figures that go. Each is told by name, or changes nothing; one project on the servers of
one stack has them one after another."""
import json
import re
import time

import projects
import running
from stack import wait_until

BOUND = 10  #: seconds, after which a source that stands still is told
TABLES = """
CREATE TABLE blob (id integer PRIMARY KEY, b bytea, at timestamptz, x double precision);
INSERT INTO blob VALUES (1, 'abcd', '2024-02-03 04:05:06.7+00', 0.1);
CREATE TABLE t (id integer PRIMARY KEY, g integer NOT NULL, v integer);
INSERT INTO t SELECT n, n % 2, n FROM generate_series(1, 10) n;
"""
BLOB = "-- redis: json blob:{id} name blob\nSELECT * FROM blob;\n"
SUMS = "-- redis: hash t field {g} name t\nSELECT g, sum(v) AS s FROM t GROUP BY g;\n"
#: What a role or a database may set, each to what would change values.
UNKIND = {
    "bytea_output": "escape", "DateStyle": "SQL, DMY", "IntervalStyle": "iso_8601", "extra_float_digits": "-5",
    "TimeZone": "Asia/Kolkata", "statement_timeout": "2s", "row_security": "on"
}


class Surroundings(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.stack
        cls.shop.door("psql", "-q", "-c", f"CREATE DATABASE around OWNER {cls.shop.endpoints['POSTGRES_USER']}")
        cls.shop.sql_of("around")(TABLES)
        cls.stack = cls.project = projects.Project(cls.shop, "around", "around", 2).__enter__()
        cls.addClassCleanup(cls.project.__exit__)

    def administer(self, *statements, database="around"):
        self.shop.door("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database,
                       *(word for sql in statements for word in ("-c", sql)))

    def headline(self):
        return self.project.door("status").stdout.partition("\n")[0]

    def write(self, **figures):
        for name, text in figures.items():
            (self.project.folder / "figures" / f"{name}.sql").write_text(text)

    def empty_figures(self):
        for file in (self.project.folder / "figures").glob("*.sql"):
            file.unlink()

    def test_init_and_prepare_name_an_encoding_that_cannot_be_carried(self):
        self.administer(
            f"CREATE DATABASE legacy OWNER {self.shop.endpoints['POSTGRES_USER']} ENCODING 'SQL_ASCII' LC_COLLATE 'C' "
            "LC_CTYPE 'C' TEMPLATE template0",
            database="postgres")
        with projects.Project(self.shop, "legacy", "legacy", 3) as legacy:
            legacy.sql("CREATE TABLE cust (id integer PRIMARY KEY, name text)")
            self.assertIn("the database's encoding is SQL_ASCII", legacy.init())
            self.assertIn("-- NOT BY SQL: the database's encoding is SQL_ASCII",
                          (legacy.folder / "prepare.sql").read_text())
            legacy.prepare()
            refused = legacy.up(check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("the database's encoding is SQL_ASCII", refused.stderr)

    def test_up_of_a_project_without_figures_serves_none_and_says_so(self):
        self.project.init()
        with (self.project.folder / "millrace.env").open("a") as file:
            file.write(f"MILLRACE_STALE_AFTER_SECONDS={BOUND}\n")
        self.project.prepare()
        self.empty_figures()
        said = self.project.up(seconds=300).stderr
        self.assertIn("figures: none", said)
        self.assertIn("there are no figures", self.headline())
        self.assertEqual(self.project.verify()[0], 0)

    def test_figures_are_applied_to_a_node_that_had_none(self):
        self.write(blob=BLOB, sums=SUMS)
        said = self.project.door("check").stdout
        self.assertIn(
            f"The database around at {self.shop.endpoints['POSTGRES_HOST']}:{self.shop.endpoints['POSTGRES_PORT']} "
            "was asked",
            said)
        self.prepare_again()
        self.project.door("apply", "--wait", 120)
        self.assert_equal_to_sql(why="after the first figures")
        self.assertEqual(self.headline(), "all is well: 2 figures are live")

    def prepare_again(self):
        """Has an administrator run what is missing now."""
        script = self.project.folder / "more.sql"
        script.write_text(self.project.door("prepare", check=False).stdout)
        self.shop.door("psql", "-q", "-d", "around", "-f", script)

    def test_settings_of_database_and_role_change_no_value(self):
        role = "millrace_around_debezium"
        self.administer(
            *(f"ALTER DATABASE around SET {name} = '{value}'" for name, value in UNKIND.items()),
            *(f"ALTER ROLE {role} IN DATABASE around SET {name} = '{value}'" for name, value in UNKIND.items()),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'around' AND pid <> "
            "pg_backend_pid()"
        )
        self.project.sql.close()
        reader = "SELECT 1 FROM pg_replication_slots WHERE slot_name = 'millrace_around' AND active"
        wait_until("the log is read by a new session", lambda: self.shop.sql(reader), 120)
        self.project.sql(
            "INSERT INTO blob VALUES (2, 'abcd', '2024-12-31 23:59:59+00', 1.1), (3, '\\x5c00ff61', NULL, 1e-7)")
        self.assert_equal_to_sql(wait=120, why="with unkind settings")
        shown = {number: json.loads(self.project.redis("GET", f"around:blob:{number}"))["b"] for number in (1, 2, 3)}
        self.assertEqual(shown, {1: "\\x61626364", 2: "\\x61626364", 3: "\\x5c00ff61"})

    def test_verify_refuses_to_judge_with_a_role_that_row_level_security_filters(self):
        self.administer("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "CREATE POLICY few ON t USING (g = 0)")
        code, report = self.project.verify()
        self.assertEqual(code, 2)
        self.assertIn("can't judge: row level security hides rows of public.t from the role millrace_around_node",
                      report["said"])
        prepared = self.project.door("prepare", check=False)
        self.assertEqual(prepared.returncode, 1)
        for role in ("node", "debezium"):
            self.assertIn(f"row level security hides rows of public.t from the role millrace_around_{role}",
                          prepared.stderr)
        self.prepare_again()
        self.project.door("resync", "t")  # nobody knows what was hidden meanwhile
        self.project.sql("UPDATE t SET v = v + 1")
        self.assert_equal_to_sql(why="once the roles see every row")

    def test_a_connector_that_is_paused_makes_figures_stale_and_is_resumed(self):
        self.shop.rest("/connectors/millrace-around/pause", method="PUT")
        wait_until("the first line tells it", lambda: "the connector is PAUSED" in self.headline(), 10)
        wait_until("figures are stale", lambda: set(self.project.figure_states().values()) == {"stale"}, BOUND + 10)
        self.assertRegex(
            self.headline(),
            r"^all 2 figures are stale, for \d+ s: the connector is PAUSED: run `millrace connector restart`$")
        code, report = self.project.verify(3)
        self.assertEqual(code, 2, report)
        self.assertIn("Debezium hasn't read PostgreSQL's WAL to its end", report["said"])
        self.assertIn("was PAUSED and is resumed", self.project.door("connector", "restart").stdout)
        wait_until("figures are live", self.project.is_live, 60)
        self.assert_equal_to_sql(why="after the pause")
        again = self.project.door("connector", "restart", check=False)
        self.assertEqual((again.returncode, "nothing is restarted" in again.stdout), (1, True), again.stdout)

    def test_a_message_that_any_role_may_write_into_the_log_stops_nothing(self):
        self.administer("CREATE ROLE anybody LOGIN")
        self.administer("SET ROLE anybody",
                        "SELECT pg_logical_emit_message(true, 'millrace.heartbeat', repeat('a', 80 * 1024 * 1024))")
        self.project.sql("UPDATE t SET v = v + 1")
        self.assert_equal_to_sql(wait=60, why="after a message larger than a record may be")

    def test_figures_are_stale_while_kafka_is_away(self):
        self.assert_stale_while_away("kafka", r"^all 2 figures are stale, for \d+ s: .*Kafka")

    def test_figures_are_stale_while_postgres_is_away(self):
        self.project.sql.close()
        self.assert_stale_while_away("postgres", r"^all 2 figures are stale, for \d+ s: .*PostgreSQL")

    def assert_stale_while_away(self, service, words):
        """Stops the service, and asserts that figures say since when they are stale, and are exact once it is back."""
        stopped = time.time()
        self.shop.door("service", "stop", service)
        try:
            wait_until("figures are stale", lambda: set(self.project.figure_states().values()) == {"stale"}, BOUND + 30)
            wait_until("the first line says why and since when", lambda: re.match(words, self.headline()), 20)
            for figure in self.project.status()["figures"]:
                self.assertGreater(figure["since"], stopped - 10, figure)
                self.assertLess(figure["since"], time.time() - BOUND + 2, figure)
        finally:
            self.shop.door("service", "start", service)
        wait_until("figures are live", self.project.is_live, 120)
        self.project.sql("UPDATE t SET v = v + 1")
        self.assert_equal_to_sql(why=f"after {service} was away")

    def test_an_empty_folder_removes_no_figure_unless_that_is_said(self):
        self.empty_figures()
        refused = self.project.door("apply", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("this removes 2 of 2 figures", refused.stderr)
        self.assertEqual(self.project.up(check=False).returncode, 1)
        self.assertEqual(set(self.project.figure_states().values()), {"live"})
        self.assertIn("Applied: 0 figures", self.project.door("apply", "--yes").stdout)
        wait_until("their places are gone", lambda: not projects.keys(self.project.redis, "around:blob:*"), 30)


if __name__ == "__main__":
    running.main()
