#!/usr/bin/env python3
"""What changes a table's rows without records is said within ten seconds, by figure, with the reason and the command
that mends it. One row of the catalogue a table."""
import dataclasses
import os
import re
import time

import running
from stack import wait_until

SECONDS = 10  #: within which the figures say so
NODES = os.environ.get("MILLRACE_NODES", "1")
TABLE = """CREATE TYPE {t}_mood AS ENUM ('sad', 'glad');
CREATE TABLE {t} (id int PRIMARY KEY, g int NOT NULL, v int, mood {t}_mood NOT NULL DEFAULT 'sad',
  at timestamp(3) NOT NULL DEFAULT '2026-01-02 03:04:05.678');
ALTER TABLE {t} REPLICA IDENTITY FULL;
INSERT INTO {t} SELECT n, n % 3, n FROM generate_series(1, 10) AS n;
GRANT SELECT ON {t} TO {readers}"""
FIGURES = """-- redis: hash {t}:sums field {{g}} name {t}
SELECT g, sum(v) AS s FROM {t} GROUP BY g;
-- redis: json {t}:{{id}} name {t}_rows
SELECT id, v, mood, at FROM {t};
"""


@dataclasses.dataclass
class Row:
    """A row of the catalogue. In its texts {t} is the table, {p} the publication, {node} the node's role."""

    name: str
    does: str           #: SQL, by the tables' owner
    says: str           #: regular expression, of the figures' why
    mends: str = ""     #: SQL, before the table is read again
    remedy: str = ""    #: part of the why
    applies: bool = False  #: `apply` before the table is read again


COLUMN_AGAIN = "BEGIN; ALTER TABLE {t} DROP v; ALTER TABLE {t} ADD v int DEFAULT 1; COMMIT"
#: Each has a table of its own, so all others' figures stay live.
CATALOGUE = (
    Row("rewritten", "ALTER TABLE {t} ALTER v TYPE int USING v * 100",
        "{t} was rewritten"), Row("column_again", COLUMN_AGAIN, "column v of public.{t} was dropped and added again"),
    Row(
        "swapped", "CREATE TABLE {t}_new (LIKE {t} INCLUDING ALL); INSERT INTO {t}_new SELECT id, g, v + 1 FROM {t}; "
        "BEGIN; ALTER TABLE {t} RENAME TO {t}_old; ALTER TABLE {t}_new RENAME TO {t}; COMMIT",
        "another table is public.{t} now",
        "ALTER PUBLICATION {p} ADD TABLE {t}; ALTER TABLE {t} REPLICA IDENTITY FULL; GRANT SELECT ON {t} TO {readers}",
        "ALTER PUBLICATION {p} ADD TABLE public.{t}"),
    Row(
        "made_again",
        "DROP TABLE {t}; CREATE TABLE {t} (id int PRIMARY KEY, g int NOT NULL, v int, mood {t}_mood NOT NULL DEFAULT "
        "'sad', at timestamp(3) NOT NULL DEFAULT now()); "
        "INSERT INTO {t} SELECT n, n % 3, n FROM generate_series(1, 5) AS n", "another table is public.{t} now",
        "ALTER PUBLICATION {p} ADD TABLE {t}; ALTER TABLE {t} REPLICA IDENTITY FULL; GRANT SELECT ON {t} TO {readers}",
        "ALTER PUBLICATION {p} ADD TABLE public.{t}"),
    Row("gone", "ALTER TABLE {t} RENAME TO {t}_away", "there is no table public.{t} any more",
        "ALTER TABLE {t}_away RENAME TO {t}", "millrace apply"),
    Row("label", "ALTER TYPE {t}_mood RENAME VALUE 'sad' TO 'low'",
        "column mood of public.{t}: the label 'sad' of its type {t}_mood is 'low' now"),
    Row("unpublished", "ALTER PUBLICATION {p} DROP TABLE {t}; UPDATE {t} SET v = v + 1000",
        "the publication {p} lacks public.{t}", "ALTER PUBLICATION {p} ADD TABLE {t}",
        "ALTER PUBLICATION {p} ADD TABLE public.{t}"),
    Row("published_again", "BEGIN; ALTER PUBLICATION {p} DROP TABLE {t}; ALTER PUBLICATION {p} ADD TABLE {t}; COMMIT",
        "the publication {p} was altered: changes of public.{t} may not have come"),
    Row(
        "filtered",
        "ALTER PUBLICATION {p} DROP TABLE {t}; ALTER PUBLICATION {p} ADD TABLE {t} WHERE (g > 1); UPDATE {t} SET v = "
        "v + 1000",
        "the publication {p} has a row filter on public.{t}",
        "ALTER PUBLICATION {p} DROP TABLE {t}; ALTER PUBLICATION {p} ADD TABLE {t}"),
    Row(
        "listed",
        "ALTER PUBLICATION {p} DROP TABLE {t}; ALTER TABLE {t} REPLICA IDENTITY DEFAULT; ALTER PUBLICATION {p} ADD "
        "TABLE {t} (id, g, mood, at); UPDATE {t} SET v = v + 1000",
        "the publication {p} has a column list on public.{t} without v",
        "ALTER PUBLICATION {p} DROP TABLE {t}; ALTER PUBLICATION {p} ADD TABLE {t}; ALTER TABLE {t} REPLICA IDENTITY "
        "FULL"
    ),
    Row("identity", "ALTER TABLE {t} REPLICA IDENTITY DEFAULT; DELETE FROM {t} WHERE id = 2",
        "public.{t} has REPLICA IDENTITY DEFAULT", "ALTER TABLE {t} REPLICA IDENTITY FULL",
        "ALTER TABLE public.{t} REPLICA IDENTITY FULL"),
    Row("finer", "ALTER TABLE {t} ALTER at TYPE timestamp(6)",
        r"column at of public.{t} has the type timestamp\(6\) without time zone \(it had timestamp\(3\)",
        remedy="millrace apply", applies=True),
    Row("retyped", "ALTER TABLE {t} ALTER v TYPE bigint",
        r"column v of public.{t} has the type bigint \(it had integer\)", remedy="millrace apply", applies=True),
    Row("row_security", "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
        "row level security hides rows of public.{t} from the role {node}",
        "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY", "ALTER ROLE {node} BYPASSRLS"),
    Row("unlogged", "ALTER PUBLICATION {p} DROP TABLE {t}; ALTER TABLE {t} SET UNLOGGED; UPDATE {t} SET v = v + 1000",
        "public.{t} is unlogged", "ALTER TABLE {t} SET LOGGED; ALTER PUBLICATION {p} ADD TABLE {t}",
        "ALTER TABLE public.{t} SET LOGGED"),
    Row(
        "attached",
        "CREATE TABLE {t}_all (LIKE {t}) PARTITION BY LIST (g); ALTER TABLE {t}_all ATTACH PARTITION {t} FOR VALUES "
        "IN (0, 1, 2)",
        "public.{t} is a partition of public.{t}_all", "ALTER TABLE {t}_all DETACH PARTITION {t}",
        "ALTER TABLE public.{t}_all DETACH PARTITION public.{t}"),
    Row("inherited", "CREATE TABLE {t}_more () INHERITS ({t}); INSERT INTO {t}_more VALUES (100, 1, 100)",
        "public.{t}_more inherits from public.{t}", "ALTER TABLE {t}_more NO INHERIT {t}",
        "ALTER TABLE public.{t}_more NO INHERIT public.{t}"),
    Row("revoked", "REVOKE SELECT ON {t} FROM {node}", "the role {node} may not SELECT from public.{t}",
        "GRANT SELECT ON {t} TO {node}", "GRANT SELECT ON public.{t} TO {node}"),
    Row("vacuumed", "VACUUM FULL {t}", "{t} was rewritten"), Row("truncated", "TRUNCATE {t}", "{t} was rewritten"),
)
#: What changes nothing that a figure shows.
HARMLESS = ("ALTER TABLE quiet ADD more text", "ALTER TABLE quiet DROP more", "CREATE INDEX ON quiet (v)",
            "ANALYZE quiet", "VACUUM quiet", "ALTER TYPE quiet_mood ADD VALUE 'calm'",
            "ALTER TYPE quiet_mood RENAME TO quiet_temper", "GRANT SELECT ON quiet TO PUBLIC",
            "COMMENT ON TABLE quiet IS 'x'",
            )


class Catalogue(running.SystemTest):
    settings = {"MILLRACE_NODES": NODES}

    @classmethod
    def setUpClass(cls):
        cls.take_figures()
        super().setUpClass()
        of = cls.stack.endpoints
        cls.words = {
            "p": "millrace_shop", "node": of["MILLRACE_NODE_USER"],
            "readers": f"{of['MILLRACE_NODE_USER']}, {of['MILLRACE_DEBEZIUM_USER']}"
        }
        names = [row.name for row in CATALOGUE] + ["quiet", "shown", "asleep"]
        for name in names:
            cls.stack.sql(TABLE.format(t=name, **cls.words))
        (cls.folder / "catalogue.sql").write_text("".join(FIGURES.format(t=name) for name in names))
        cls.stack.door("apply", "--wait", 300)
        cls.shown = {}

    def run_sql(self, row, sql):
        """Runs a row's statements, each in a transaction of its own unless it says otherwise: VACUUM must be alone."""
        for statement in sql.format(t=row.name, **self.words).split("; "):
            self.stack.sql(statement)

    def told(self):
        """Returns why each figure isn't live, by name."""
        return {
            figure["name"]: figure for figure in self.stack.status().get("figures", []) if figure["state"] != "live"
        }

    def figures_of(self, name):
        return {name, f"{name}_rows"}

    def said_of(self, row):
        """Returns the row's figures where both say what they should."""
        wanted = row.says.format(t=row.name, **self.words)
        told = {name: x for name, x in self.told().items() if name in self.figures_of(row.name)}
        fits = len(told) == 2 and all(x["state"] == "incomplete" and re.search(wanted, x["why"]) for x in told.values())
        return told if fits else None

    def can_resync(self):
        return self.stack.door("resync", "--help", check=False).returncode == 0

    def test_figures_of_tables_that_are_as_they_were_are_live(self):
        self.assert_equal_to_sql(why="before anything")
        self.assertEqual(self.told(), {})
        wait_until(
            "the ledger has what is relied on", lambda: {row.name for row in CATALOGUE} <=
            {name.removeprefix("public.") for name in self.stack.redis("HKEYS", "millrace:shop:relied")}, SECONDS)

    def test_each_change_is_said_within_ten_seconds_and_of_its_figures_alone(self):
        for row in CATALOGUE:
            with self.subTest(row.name):
                before = set(self.told())
                self.run_sql(row, row.does)
                began = time.monotonic()
                told = wait_until(f"{row.name} is said", lambda: self.said_of(row), SECONDS)
                print(f"{row.name}: said after {time.monotonic() - began:.1f} s", flush=True)
                for x in told.values():
                    self.assertIn(f"millrace resync public.{row.name}", x["why"])
                    self.assertIn(row.remedy.format(t=row.name, **self.words), x["why"])
                self.assertLessEqual(set(self.told()), before | self.figures_of(row.name),
                                     "other figures are concerned")
                if self.can_resync():
                    self.mend(row)

    def mend(self, row):
        """What the figures say mends them."""
        self.run_sql(row, row.mends) if row.mends else None
        if row.applies:
            self.stack.door("apply", "--wait", 120)
        self.stack.door("resync", f"public.{row.name}")
        wait_until(f"{row.name} is live again", lambda: not self.figures_of(row.name) & set(self.told()), 60)
        code, report = self.stack.verify(60)
        bad = [
            figure for figure in report["figures"]
            if figure["figure"] in self.figures_of(row.name) and figure["result"] != "equal"
        ]
        self.assertEqual(bad, [], f"{row.name}, mended; verify ended with {code}")

    def test_status_and_verify_show_it(self):
        row = Row("shown", COLUMN_AGAIN, "column v of public.shown was dropped and added again")
        self.run_sql(row, row.does)
        wait_until("it is said", lambda: self.said_of(row), SECONDS)
        self.assertRegex(
            self.stack.door("status").stdout,
            r"shown +incomplete: column v of public\.shown was dropped.*Mend it by: millrace resync public\.shown")
        code, report = self.stack.verify(60)
        self.assertEqual(code, 2, report)

    def test_what_changes_nothing_is_not_spoken_of(self):
        before = set(self.told())
        for statement in HARMLESS:
            self.stack.sql(statement)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.assertEqual(set(self.told()) - before, set())
            time.sleep(0.5)

    def test_an_operation_that_is_not_published_concerns_every_figure(self):
        self.stack.sql("ALTER PUBLICATION millrace_shop SET (publish = 'insert')")
        gone = {name for name, x in self.told().items() if "there is no table" in x["why"]}
        wait_until(
            "all say so", lambda: all("leaves out update, delete, truncate" in x.get("why", "")
                                      for x in self.stack.status()["figures"]
                                      if x["name"] not in gone), SECONDS)
        self.stack.sql("ALTER PUBLICATION millrace_shop SET (publish = 'insert, update, delete, truncate')")

    def test_a_node_that_starts_says_what_changed_while_it_was_away_and_what_it_knew(self):
        known = set(self.told())
        names = [name for name in ("node", "node-2", "node-3") if self.stack.pid(name)]
        for name in names:
            self.stack.door("service", "stop", name)
        row = Row("asleep", COLUMN_AGAIN, "column v of public.asleep was dropped and added again")
        self.run_sql(row, row.does)
        for name in names:
            self.stack.door("service", "start", name)
        wait_until("a node answers", lambda: self.stack.status().get("figures"), 60)
        wait_until("what changed meanwhile is said", lambda: self.said_of(row), SECONDS)
        self.assertLessEqual(known, set(self.told()))


if __name__ == "__main__":
    running.main()
