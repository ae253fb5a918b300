#!/usr/bin/env python3
"""Anything may die under load, and Redis still equals SQL: random faults, each proven, then `verify`, then records
against counters.

MILLRACE_CRASHES=100 makes it long, MILLRACE_SEED=N repeats the order and the moments as far as the machine allows.
"""
import collections
import os
import random
import time

import faults
import records
import running
from stack import wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
CRASHES = int(os.environ.get("MILLRACE_CRASHES", "12"))
RATE = int(os.environ.get("MILLRACE_RATE", "300"))
#: Kinds, and how often each comes in a long run. A run of 12 has every kind.
KINDS = {
    "kill_node": 5, "kill_node_twice": 2, "cut_redis": 4, "wipe_redis": 1, "lose_redis": 1, "kill_connect": 2,
    "kill_kafka": 1, "kill_postgres": 1, "restart_postgres": 1, "lose_slot": 2, "fail_a_read": 1
}
#: Generous: the machine may have two cores and a build to do.
RECOVERY_SECONDS = 120


class Crashes(records.EveryRecordCountsOnce, running.SystemTest):
    rate = RATE

    def test_nothing_is_lost_or_doubled_whatever_dies(self):
        dice = random.Random(SEED)
        kinds = faults.plan(dice, KINDS, CRASHES)
        self.assert_equal_to_sql(why="before the first fault")
        work = faults.Faults(self.stack, dice)
        read = records.Records(self.stack.kafka, work.topics)
        began, survived = time.monotonic(), collections.Counter()
        try:
            for number, kind in enumerate(kinds, 1):
                time.sleep(dice.uniform(0.2, 3.0))  # load between faults; what decides is polled
                said = getattr(work, kind)()
                print(f"{number}/{len(kinds)} {kind}: {said}", flush=True)
                wait_until("all figures are live again", self.stack.is_live, 300)
                self.assert_equal_to_sql(240, why=f"seed {SEED}, fault {number}, {kind}")
                self.assert_every_record_counted_once(read, f"seed {SEED}, fault {number}, {kind}")
                survived[kind] += 1
        finally:
            print(
                f"faults survived: {survived.total()} of {len(kinds)} "
                f"({', '.join(f'{n} {kind}' for kind, n in sorted(survived.items()))}); "
                f"records lost: {self.lost}, doubled: {self.doubled}; {sum(read.counts.values())} records; seed "
                f"{SEED}; {time.monotonic() - began:.0f} s",
                flush=True)
            if work.recovery:
                times = sorted(work.recovery)
                print(
                    f"kill -9 of the node to caught up: median {times[len(times) // 2]:.1f} s, worst {times[-1]:.1f} "
                    f"s, of {len(times)}",
                    flush=True)
        self.assertLess(max(work.recovery, default=0), RECOVERY_SECONDS)

    def test_redis_may_go_back_to_before_what_a_rebuild_swept(self):
        work = faults.Faults(self.stack, random.Random(SEED))
        print(work.lose_slot(), flush=True)  # rows deleted that no record tells
        self.assert_equal_to_sql(240, why="after the slot was lost")
        print(work.lose_redis(), flush=True)  # a new ledger, filled from the topics, then swept
        wait_until("all figures are live again", self.stack.is_live, 300)
        self.assert_equal_to_sql(240, why="after the rebuild")
        print(work.cut_redis(part=0.1), flush=True)
        wait_until("all figures are live again", self.stack.is_live, 300)
        self.assert_equal_to_sql(240, why="after Redis went back to the rebuild's beginning")


class WithoutExactlyOnce(running.SystemTest):
    """Somebody else's Connect: records come again after a crash."""

    rate = RATE
    settings = {"MILLRACE_EXACTLY_ONCE": "off"}
    kills = int(os.environ.get("MILLRACE_DOUBLING_CRASHES", "2"))

    def test_records_that_come_twice_change_no_figure(self):
        dice = random.Random(SEED)
        self.assert_equal_to_sql(why="before the first fault")
        work = faults.Faults(self.stack, dice)
        read = records.Records(self.stack.kafka, work.topics)
        for number in range(1, self.kills + 1):
            time.sleep(dice.uniform(2.0, 4.0))
            print(f"{number}/{self.kills} kill_connect: {work.kill_connect()}", flush=True)
            self.assert_equal_to_sql(240, why=f"seed {SEED}, without exactly-once, kill {number}")
        with records.quiet_generator(self.stack):
            read.read()
        print(
            f"without exactly-once: {self.kills} kills of Kafka Connect, {read.doubled} records came twice, no figure "
            f"differs; seed {SEED}",
            flush=True)
        self.assertGreater(read.doubled, 0, "no record came twice: the test has not tested what it says")


if __name__ == "__main__":
    running.main()
