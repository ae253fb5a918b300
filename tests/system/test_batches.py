#!/usr/bin/env python3
"""Batch figures on a running system: the shop's equal their SQL, a figure that fails keeps its last
result, a killed node leaves an old or a new result, and `apply` changes them beside live figures."""
import json
import os
import shutil
import signal

import running
from stack import REPOSITORY, wait_until

PAIRS = ("-- redis: hash test:pairs field {{id}} every 3600s name pairs\n"
         "SELECT id, {value} AS value FROM generate_series(1, {rows}) AS id;\n")


class Batches(running.SystemTest):
    rate = 50

    @classmethod
    def setUpClass(cls):
        cls.take_figures()
        for file in (REPOSITORY / "sql" / "batch").glob("*.sql"):
            shutil.copy(file, cls.folder)
        super().setUpClass()

    def write(self, name, *figures):
        path = self.folder / f"{name}.sql"
        path.write_text("".join(figures)) if figures else path.unlink(missing_ok=True)

    def apply(self, *more, code=0):
        done = self.stack.door("apply", "--wait", 120, *more, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def batches(self):
        return {x["name"]: x for x in self.stack.status().get("scheduler", {}).get("batches", [])}

    def batch(self, name):
        return self.batches().get(name, {})

    def request(self, name):
        """Asks for a run, as verify does."""
        self.stack.redis("HSET", "millrace:shop:batches", f"r:{name}", 1)

    def history(self):
        return [json.loads(x) for x in self.stack.redis("LRANGE", "batch_jobs:history", 0, -1)]

    def live_runs(self):
        """What a fill of a live figure would change."""
        return self.stack.redis("HGET", "millrace:shop:format", "phase"), sorted(self.stack.figure_states().items())

    def test_the_batches_of_the_shop_equal_their_queries(self):
        report = self.assert_equal_to_sql(why="after the first runs")
        compared = {figure["figure"]: figure for figure in report["figures"]}
        for name in ("batch_customers", "batch_products", "batch_orders", "batch_summary"):
            self.assertEqual(compared[name]["result"], "equal")
            self.assertGreater(compared[name]["rows"], 0)
        customers = self.stack.sql.one("SELECT count(*) FROM customers")
        self.assertLessEqual(self.stack.redis("HLEN", "batch_etl:customers:latest"), int(customers))
        segments = {json.loads(x)["segment"] for x in self.stack.redis("HVALS", "batch_etl:customers:latest")}
        self.assertLessEqual(segments, {"Gold", "Silver", "Bronze"})
        self.assertIn("Gold", segments)
        self.assertGreater(json.loads(self.stack.redis("GET", "batch_summary:latest"))["orders"], 0)
        self.assertGreaterEqual(int(self.stack.redis("GET", "batch_jobs:completed")), 1)
        self.assertRegex(self.stack.redis("GET", "batch_jobs:last_success"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_all_batches_of_a_run_read_one_snapshot(self):
        self.request("batch_summary")
        wait_until(
            "a run of all", lambda: len(
                {self.batch(name).get("snapshot")
                 for name in ("batch_customers", "batch_products", "batch_orders")}) == 1, 130)

    def test_a_batch_is_added_without_a_fill_of_live_figures(self):
        before = self.live_runs()
        self.write("pairs", PAIRS.format(value="'old'", rows=1000))
        self.assertIn("pairs", self.apply().stdout)
        wait_until("the first run", lambda: self.stack.redis("HLEN", "test:pairs") == 1000, 60)
        wait_until("the live figures as before", lambda: self.live_runs() == before, 60)
        self.assertIn("Nothing to do", self.apply().stdout)
        self.assert_equal_to_sql(why="with a batch figure more")

    def test_a_batch_that_fails_is_named_and_keeps_its_last_result(self):
        self.stack.sql("CREATE TABLE divisors (n int NOT NULL)")
        self.stack.sql(f"GRANT SELECT ON divisors TO {self.stack.endpoints['MILLRACE_NODE_USER']}")
        self.stack.sql("INSERT INTO divisors VALUES (1)")
        self.write(
            "divided",
            "-- redis: string test:divided every 3600s name divided\nSELECT sum(10 / n) AS divided FROM divisors;\n")
        self.apply()
        wait_until("the first run", lambda: self.stack.redis("GET", "test:divided") == "10", 60)
        failed = int(self.stack.redis("GET", "batch_jobs:failed") or 0)
        self.stack.sql("INSERT INTO divisors VALUES (0)")
        self.request("divided")
        wait_until("the failure", lambda: "division by zero" in self.batch("divided").get("why", ""), 60)
        self.assertEqual(self.batch("divided")["state"], "failed")
        self.assertEqual(self.stack.redis("GET", "test:divided"), "10")
        self.assertGreater(int(self.stack.redis("GET", "batch_jobs:failed")), failed)
        self.assertIn("division by zero", self.stack.redis("LINDEX", "batch_jobs:history", 0))
        self.assertIn("divided", self.stack.door("status").stdout.splitlines()[0])
        code, report = self.stack.verify(60)
        self.assertEqual(code, 2, report)
        self.assertEqual({x["figure"]: x["state"] for x in report["figures"]}["divided"], "failed")
        self.stack.sql("DELETE FROM divisors WHERE n = 0")
        self.assert_equal_to_sql(why="once the rows are as they were")
        self.assertEqual(self.batch("divided")["state"], "waits")

    def test_two_rows_for_one_place_fail_the_run(self):
        self.write(
            "twice",
            "-- redis: hash test:twice field {state} every 3600s name twice\nSELECT state, id FROM customers;\n")
        self.apply()
        wait_until("the failure",
                   lambda: "two rows of the result have one place: test:twice" in self.batch("twice").get("why", ""),
                   60)
        self.assertEqual(self.stack.redis("EXISTS", "test:twice"), 0)
        self.write("twice")
        self.apply()
        self.assertNotIn("twice", self.batches())

    def test_a_node_killed_in_a_run_leaves_an_old_or_a_new_result(self):
        values = "(SELECT 'new' || pg_sleep(10)::text)"
        self.write("pairs", PAIRS.format(value=f"CASE WHEN id > 0 THEN {values} END", rows=1000))
        self.apply()
        wait_until("the run under way", lambda: '"pairs"' in (self.stack.redis("GET", "batch_jobs:current") or ""), 60)
        run = json.loads(self.stack.redis("GET", "batch_jobs:current"))["run"]
        self.stack.kill("node")
        self.assertIn(self.stack.redis("HLEN", "test:pairs"), (0, 1000))
        wait_until("the run recorded as interrupted",
                   lambda: any(x.get("run") == run and x["result"] == "interrupted" for x in self.history()), 90)
        wait_until("another attempt", lambda: set(self.stack.redis("HVALS", "test:pairs")) == {"new"}, 90)
        self.assertEqual(self.stack.redis("HLEN", "test:pairs"), 1000)
        wait_until("no staged keys",
                   lambda: not [x for x in self.stack.redis("KEYS", "millrace:shop:batch:*") if ":places:" not in x],
                   30)

    def test_missed_times_are_recorded(self):
        self.write("often",
                   "-- redis: string test:often every 2s name often\nSELECT count(*) AS often FROM customers;\n")
        self.apply()
        wait_until("a run", lambda: self.stack.redis("EXISTS", "test:often") == 1, 60)
        pid = self.stack.pid("node")
        os.kill(pid, signal.SIGSTOP)
        last = self.batch_record("often")["slot"]
        wait_until("times that pass", lambda: int(self.stack.redis("TIME")[0]) > last + 8, 30)
        os.kill(pid, signal.SIGCONT)
        wait_until("the missed times", lambda: self.batch("often").get("missed", 0) >= 2, 60)
        self.assertTrue(any(x["result"] == "missed" and x["figure"] == "often" for x in self.history()))
        self.write("often")
        self.apply()

    def batch_record(self, name):
        return json.loads(self.stack.redis("HGET", "millrace:shop:batches", f"f:{name}"))

    def test_removed_batches_leave_nothing(self):
        for name in ("pairs", "divided"):
            self.write(name)
        self.apply("--yes")
        self.assertEqual(self.stack.redis("EXISTS", "test:pairs", "test:divided"), 0)
        wait_until("the other batch figures in the status of the node, which starts over",
                   lambda: {"batch_customers", "batch_summary"} <= set(self.batches()), 60)
        self.assert_equal_to_sql(why="at the end")


if __name__ == "__main__":
    running.main()
