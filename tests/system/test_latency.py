#!/usr/bin/env python3
"""How long from a commit in PostgreSQL until Redis shows it, under load; and what of that is the node's own. Prints;
asserts only a ratio."""
import os
import random
import time

import running
from stack import wait_until

RATE = int(os.environ.get("MILLRACE_RATE", "200"))
PROBES = int(os.environ.get("MILLRACE_PROBES", "150"))


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def summary(values):
    return (f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms, worst {max(values):.0f} ms "
            f"of {len(values)}")


class Latency(running.SystemTest):
    rate = RATE

    def test_a_committed_row_is_visible_soon_and_little_of_that_is_ours(self):
        self.assert_equal_to_sql(why="before the measurement")
        visible, own = [], []
        for number in range(PROBES):
            time.sleep(random.uniform(0.05, 0.3))  # at any moment of the pipeline's own rhythms
            visible.append(self.probe(number))
            own.append(self.stack.status()["router"]["own_lag_ms"])
        print(
            f"at {RATE} rows/s, commit to visible: {summary(visible)}; read from Kafka to durable in Redis: "
            f"{summary(own)}",
            flush=True)
        self.assertLess(percentile(own, 0.5), percentile(visible, 0.5), "the node's own part is more than the whole")
        self.assert_equal_to_sql(why="after the measurement")

    def probe(self, number):
        """Returns the milliseconds from a commit's return to the row's first sight in Redis."""
        made = self.stack.sql.one(
            f"INSERT INTO customers (first_name, last_name, email) VALUES ('Probe', '{number}', "
            f"'probe.{number}@example.org') RETURNING id"
        )
        committed = time.monotonic()
        wait_until(f"customer {made} is in Redis", lambda: self.stack.redis("EXISTS", f"customer:{made}"), 60,
                   pause=0.001)
        return (time.monotonic() - committed) * 1000


if __name__ == "__main__":
    running.main()
