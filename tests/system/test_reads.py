#!/usr/bin/env python3
"""Millrace reads tables itself: any key, old dates, open transactions, tables that can't be read, topics that lost
records, partitions that were added; and `resync`."""
import json
import pathlib
import shutil
import tempfile
import threading

import running
from stack import wait_until

SAID_WITHIN = 10  #: seconds: what is wrong is told by then


class Reads(running.SystemTest):
    """Each test has a table and figures of its own, so that none waits for another's."""

    @classmethod
    def setUpClass(cls):
        cls.parent = pathlib.Path(tempfile.mkdtemp(prefix="millrace-reads-"))
        cls.folder = cls.parent / "figures"
        cls.folder.mkdir()
        cls.parent.chmod(0o755)
        (cls.folder / "total.sql").write_text(
            "-- redis: string metrics:revenue:total name revenue\nSELECT sum(total_amount) AS revenue FROM orders;\n")
        cls.figures = [cls.folder]
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.parent, ignore_errors=True)

    def make(self, table, columns, rows, *figures):
        """Makes a table with its rows, and applies figures over it; `rows` is the text behind INSERT INTO."""
        self.stack.sql(
            f"CREATE TABLE {table} ({columns}); ALTER TABLE {table} REPLICA IDENTITY FULL; INSERT INTO {table} {rows};"
            f"GRANT SELECT ON {table} TO {self.stack.endpoints['MILLRACE_NODE_USER']}, "
            f"{self.stack.endpoints['MILLRACE_DEBEZIUM_USER']}"
        )
        for name, target, query in figures:
            (self.folder / f"{name}.sql").write_text(f"-- redis: {target} name {name}\n{query};\n")

    def apply(self, wait=120):
        return self.stack.door("apply", "--wait", wait, seconds=wait + 60)

    def resync(self, table):
        return self.stack.door("resync", table, "--wait", 120)

    def why(self, figure):
        """Returns a figure's state and why it isn't live."""
        found = [x for x in self.stack.status().get("figures", []) if x["name"] == figure]
        return (found[0]["state"], found[0].get("why", "")) if found else ("absent", "")

    def assert_says(self, figure, state, *words):
        """Asserts that the figure is told to be in this state, with these words, in time."""
        return wait_until(f"{figure} is {state} ({words})",
                          lambda: self.why(figure)[0] == state and all(word in self.why(figure)[1] for word in words),
                          SAID_WITHIN)

    # Keys and values.

    def test_a_table_keyed_by_a_time_is_read(self):
        self.make("ev", "at timestamptz PRIMARY KEY, v int", "VALUES ('2026-01-01', 1)",
                  ("ev", "hash ev", "SELECT count(*) AS n, sum(v) AS s FROM ev"))
        self.make("reading", "device_id int, at timestamptz, v numeric(10,2), PRIMARY KEY (device_id, at)",
                  "SELECT n % 2, '2026-02-01'::timestamptz + n * interval '1 min', n FROM generate_series(1, 15000) n",
                  ("per", "hash per:{device_id}",
                   "SELECT device_id, count(*) AS n, sum(v) AS s FROM reading GROUP BY device_id"))
        self.apply()
        self.assertEqual(self.stack.redis("HGET", "ev", "n"), "1")
        self.assertEqual(self.stack.redis("HGET", "per:1", "n"), "7500")
        self.resync("reading")
        self.assertEqual(self.stack.redis("HGET", "per:1", "n"), "7500")
        self.assert_equal_to_sql(why="tables keyed by times")

    def test_dates_before_christ_come_out_right_from_a_read_and_from_the_stream(self):
        self.make("ides", "id int PRIMARY KEY, d date, at timestamp",
                  "VALUES (1, '0044-03-15 BC', '0044-03-15 12:00:00 BC'), (2, '1582-10-10', '1582-10-10 01:02:03.5')",
                  ("ides", "json ides:{id}", "SELECT * FROM ides"))
        self.apply()
        self.stack.sql("INSERT INTO ides SELECT id + 10, d, at FROM ides")
        self.assert_equal_to_sql(why="old dates")
        for row in (1, 11):
            self.assertEqual(json.loads(self.stack.redis("GET", f"ides:{row}"))["d"], "0044-03-15 BC")

    # Transactions.

    def test_what_an_open_transaction_wrote_before_its_table_was_captured_is_read(self):
        self.make("n2", "id int PRIMARY KEY, v int", "SELECT i, i FROM generate_series(1, 1000) i",
                  ("n2", "json n2:{id}", "SELECT * FROM n2"))
        writer = self.stack.sql_of(self.stack.endpoints["POSTGRES_DB"])
        writer("BEGIN; UPDATE n2 SET v = v + 1 WHERE id < 500; DELETE FROM n2 WHERE id = 1000")
        applied = []
        thread = threading.Thread(target=lambda: applied.append(self.apply()))
        thread.start()
        try:
            wait_until("status names the transaction that the read waits for",
                       lambda: "open when it began: process" in self.stack.status().get("cluster", {}).get("stage", ""),
                       60)
            writer("COMMIT")
        finally:
            writer.close()
            thread.join()
        self.assertEqual(applied[0].returncode, 0)
        self.assert_equal_to_sql(why="after the transaction")
        self.assertIsNone(self.stack.redis("GET", "n2:1000"))

    # A table that can't be read.

    def test_a_table_that_cannot_be_read_keeps_its_rows_and_the_reason_is_told(self):
        node = self.stack.endpoints["MILLRACE_NODE_USER"]
        self.make("secret", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 100) n",
                  ("secret", "hash secret", "SELECT count(*) AS n FROM secret"))
        self.apply()
        self.stack.sql(f"REVOKE SELECT ON secret FROM {node}")
        refused = self.stack.door("resync", "secret", check=False)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn(f"GRANT SELECT ON public.secret TO {node}", refused.stderr)
        self.assert_says("secret", "incomplete")
        self.assertEqual(self.stack.redis("HGET", "secret", "n"), "100")
        self.stack.sql(f"GRANT SELECT ON secret TO {node}")
        self.resync("secret")
        self.assert_equal_to_sql(why="once it may be read")

    def test_an_apply_that_cannot_end_is_replaced_by_the_next_one(self):
        node = self.stack.endpoints["MILLRACE_NODE_USER"]
        self.make("barred", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 10) n",
                  ("barred", "hash barred", "SELECT count(*) AS n FROM barred"))
        self.stack.sql(f"REVOKE SELECT ON barred FROM {node}")
        done = self.stack.door("apply", "--wait", 5, check=False)
        self.assertEqual(done.returncode, 3)
        wait_until("status says why",
                   lambda: "public.barred can't be read: " in self.stack.status().get("cluster", {}).get("trouble", ""),
                   SAID_WITHIN)
        self.assertEqual(self.why("revenue")[0], "live")
        (self.folder / "barred.sql").unlink()
        self.apply()
        self.assert_equal_to_sql(why="without the figure")
        self.assertEqual(self.stack.redis("EXISTS", "barred"), 0)

    def test_a_table_that_cannot_be_read_holds_only_the_figures_over_it(self):
        node = self.stack.endpoints["MILLRACE_NODE_USER"]
        self.make("closed", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 10) n",
                  ("closed", "hash closed", "SELECT count(*) AS n FROM closed"))
        self.make("open", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 10) n",
                  ("open", "hash open", "SELECT count(*) AS n, sum(v) AS s FROM open"))
        self.stack.sql(f"REVOKE SELECT ON closed FROM {node}")
        done = self.stack.door("apply", "--wait", 30, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, "closed can't be filled while public.closed can't be read: .*permission denied")
        self.assert_holds("closed", "open", "revenue")
        self.stack.sql("INSERT INTO open VALUES (11, 11); UPDATE open SET v = v + 1 WHERE id = 1")
        wait_until("a figure over another table goes on", lambda: self.stack.redis("HGET", "open", "s") == "67", 30)
        self.stack.kill("node")
        wait_until("the node is back", lambda: self.why("open")[0] == "live", 60)
        self.assert_holds("closed", "open", "revenue")
        self.stack.door("rebuild", "--yes")
        # The node still calls them live until it has noticed that they are gone.
        wait_until("figures over other tables are filled again",
                   lambda: self.stack.redis("HGET", "open", "s") == "67" and self.why("revenue")[0] == "live", 120)
        self.assert_holds("closed", "open", "revenue")
        self.assertEqual(self.stack.redis("HGET", "open", "s"), "67")
        code, report = self.stack.verify(30)
        self.assertEqual(code, 2, report)
        self.assertEqual([x["figure"] for x in report["figures"] if not x["equal"]], ["closed"],
                         running.in_words(report))
        self.stack.sql(f"GRANT SELECT ON closed TO {node}")
        wait_until("all is live", self.stack.is_live, 120)
        self.assert_equal_to_sql(why="once the table may be read")
        self.assertEqual(self.stack.redis("HGET", "closed", "n"), "10")

    def assert_holds(self, figure, *others):
        """Asserts that the figure fills and names its table, and that the others are live."""
        self.assert_says(figure, "filling", f"public.{figure} can't be read: ", "permission denied")
        self.assertEqual({self.why(x)[0] for x in others}, {"live"})
        self.assertIsNone(self.stack.redis("HGET", figure, "n"))

    def test_resync_names_a_table_that_no_figure_reads(self):
        done = self.stack.door("resync", "nothing", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no figure reads the table public.nothing", done.stderr)

    # What happens to topics.

    def test_a_topic_without_its_head_has_its_table_read(self):
        self.make("headless", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 50) n",
                  ("headless", "hash headless", "SELECT count(*) AS n, sum(v) AS s FROM headless"))
        self.apply()
        self.assert_equal_to_sql(why="before")
        self.stack.delete_records("dbserver1.public.headless")
        (self.folder /
         "headless_more.sql").write_text("-- redis: json headless:{id} name headless_more\nSELECT * FROM headless;\n")
        self.apply()
        self.assert_equal_to_sql(why="after an apply that reads it")
        self.stack.door("rebuild", "--yes")
        wait_until("all is filled again", self.stack.is_live, 120)
        self.assert_equal_to_sql(why="after a rebuild")

    def test_records_from_before_a_type_change_are_no_dead_letters_of_a_rebuild(self):
        self.make("retyped", "id int PRIMARY KEY, v text", "SELECT n, 'x' FROM generate_series(1, 5) n",
                  ("retyped", "json retyped:{id}", "SELECT * FROM retyped"))
        self.apply()
        self.stack.sql("INSERT INTO retyped VALUES (6, 'many')")
        wait_until("its record is read", lambda: self.stack.redis("EXISTS", "retyped:6"), 30)
        self.stack.sql("ALTER TABLE retyped ALTER v TYPE int USING length(v)")
        self.stack.door("rebuild", "--yes")
        wait_until("all is filled again", lambda: self.stack.is_live() and
                   self.stack.redis("GET", "retyped:6") == '{"id":6,"v":4}', 120)
        self.assert_equal_to_sql(why="after a rebuild with another type")
        self.assertEqual(self.stack.door("status").stderr, "")

    def test_partitions_that_are_added_are_noticed_and_the_table_is_read_again(self):
        self.make("wider", "id int PRIMARY KEY, v int", "SELECT n, n FROM generate_series(1, 201) n",
                  ("wider", "json wider:{id}", "SELECT * FROM wider"))
        self.apply()
        before = self.stack.pid("node")
        self.stack.topics("alter", "dbserver1.public.wider", "--partitions", "12")
        wait_until("the node starts over", lambda: self.stack.pid("node") not in (None, before), 30)
        self.stack.sql("UPDATE wider SET v = v + 1000")
        self.stack.sql("DELETE FROM wider WHERE id % 7 = 0")
        wait_until("all is live again", self.stack.is_live, 120)
        self.assert_equal_to_sql(why="with twelve partitions")

    # Doubts that reading mends.

    def test_a_table_that_was_rewritten_is_read_again_by_itself(self):
        self.make("t", "id int PRIMARY KEY, g int NOT NULL, v int", "SELECT n, n % 3, n FROM generate_series(1, 10) n",
                  ("t", "hash t field {g}", "SELECT g, sum(v) AS s FROM t GROUP BY g"))
        self.apply()
        self.stack.sql("ALTER TABLE t ALTER v TYPE int USING v * 100")
        wait_until("the sums are a hundred times as large", lambda: self.stack.redis("HGET", "t", "0") == "1800", 60)
        wait_until("it is live again", lambda: self.why("t")[0] == "live", 30)
        self.assert_equal_to_sql(why="after the rewrite")


if __name__ == "__main__":
    running.main()
