#!/usr/bin/env python3
"""A node compares its figures with PostgreSQL from time to time, beside writers: what it finds is in Redis and in
`status`, and `resync` corrects it."""
import running
from stack import wait_until


class Reconciliation(running.SystemTest):
    rate = 50
    # Otherwise the node finds places that another client changed by itself.
    settings = {"MILLRACE_RECONCILE_SECONDS": "5", "MILLRACE_WALK_PLACES": "0"}

    @classmethod
    def setUpClass(cls):
        cls.take_figures("revenue.sql", "geo.sql")
        super().setUpClass()

    def found(self):
        flat = self.stack.redis("HGETALL", "batch_jobs:reconciliation")
        return dict(zip(flat[::2], flat[1::2]))

    def report(self):
        return self.stack.status().get("reconciliation", {})

    def test_figures_that_are_right_are_found_equal_beside_writers(self):
        first = wait_until("a comparison", lambda: self.found().get("result") == "equal" and self.found()["ended"], 120)
        wait_until("the next one", lambda: self.found()["ended"] > first and self.found()["result"] == "equal", 120)
        self.assertTrue(self.report()["leads"])
        self.assertEqual(self.report()["differing"], [])

    def test_drift_is_named_and_ends_once_it_is_mended(self):
        state = self.stack.sql("INSERT INTO customers (first_name, last_name, email, state) "
                               "VALUES ('A', 'B', 'drift@example.org', 'ZZ') RETURNING state")[0][0]
        wait_until("the place", lambda: self.stack.redis("HGET", "realtime:geo:customers", state) == "1", 60)
        self.stack.redis("HSET", "realtime:geo:customers", state, "7")
        wait_until("the drift is recorded", lambda: "geo_customers" in self.found().get("differing", ""), 120)
        wait_until("the status names it",
                   lambda: "geo_customers" in next((x["why"] for x in self.stack.status()["troubles"]
                                                    if x["id"] == "figures differ from PostgreSQL"), ""), 30)
        self.stack.door("rebuild", "--yes", seconds=300)
        wait_until("the drift has ended", lambda: self.found().get("result") == "equal", 180)
        wait_until("the status is well", lambda: not self.report()["differing"], 60)

    def test_a_server_that_is_away_is_a_comparison_that_failed(self):
        self.stack.door("service", "stop", "postgres")
        try:
            wait_until("the failure is told", lambda: self.report().get("result") == "failed", 240)
            self.assertIn("PostgreSQL", self.report()["why"])
        finally:
            self.stack.door("service", "start", "postgres")
        wait_until("the next comparison", lambda: self.report().get("result") == "equal", 240)


if __name__ == "__main__":
    running.main()
