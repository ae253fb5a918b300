#!/usr/bin/env python3
"""Nodes on machines of their own, with clocks that differ, and everything that can go wrong between them, at random
under load: Redis still equals SQL.

MILLRACE_FAULTS=300 makes it long, MILLRACE_SEED=N repeats the order and the moments as far as the machine allows.
`deploy/millrace test chaos [--faults N] [--seed S]`. Needs root, for the machines are network namespaces.
"""
import collections
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import network  # noqa: E402

if __name__ == "__main__":
    network.enter_hub()

import faults  # noqa: E402
import records  # noqa: E402
import running  # noqa: E402
import stack  # noqa: E402
from chaos_faults import MOST, ChaosFaults  # noqa: E402
from cluster import Cluster  # noqa: E402

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
FAULTS = int(os.environ.get("MILLRACE_FAULTS") or 20)
RATE = int(os.environ.get("MILLRACE_RATE") or 300)
SESSION_SECONDS = 3
NODES = 3
CHECK_EVERY = 3  #: faults between two checks
#: A Debezium that hangs is seen after 30 s, restarted by the node after 60 more, and reads again within some 20.
VERIFY_SECONDS = 240
#: Kinds, and how often each comes in a long run.
KINDS = {
    "kill_node": 5, "kill_node_that_returns": 4, "kill_node_unheard": 3, "freeze_node": 5, "cut_link": 5,
    "slow_link": 2, "part_nodes": 4, "restart_all_nodes": 2, "add_node": 3, "remove_node": 3, "lose_tail_of_redis": 3,
    "lose_read_of_tables": 3, "promote_replica": 3, "restart_kafka": 2, "restart_connect": 2, "snapshot_again": 2
}


class Chaos(records.EveryRecordCountsOnce, running.SystemTest):
    rate = RATE
    settings = {"MILLRACE_NODES": "0", "MILLRACE_SESSION_TIMEOUT_MS": str(1000 * SESSION_SECONDS)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.let_machines_in()
        folder, certificates = cls.stack.home / "nodes", cls.stack.home / "certs"
        folder.mkdir()
        cls.stack.door("certs", certificates, "--nodes", *(f"node-{number}" for number in range(1, MOST + 2)))
        cls.cluster = Cluster(cls.stack.home / "bin" / "millrace", folder,
                              {**stack.clean_environment(), **cls.stack.endpoints,
                               "MILLRACE_FIGURES": ":".join(map(str, cls.stack.figures))}, certificates,
                              (stack.FIRST_PORT, stack.FIRST_PORT + len(stack.PORTS) - 1))
        cls.addClassCleanup(cls.cluster.close)
        for _ in range(NODES):
            cls.cluster.add()

    @classmethod
    def let_machines_in(cls):
        """PostgreSQL asks for a password, and who comes from loopback; its peers come from their machines'
        addresses."""
        with (cls.stack.home / "config" / "postgres" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network.MACHINES} scram-sha-256\n")
        cls.stack.door("psql", "-qc", "SELECT pg_reload_conf()")

    def test_nothing_is_lost_or_doubled_whatever_happens_between_machines(self):
        dice = random.Random(SEED)
        kinds = faults.plan(dice, KINDS, FAULTS)
        stack.wait_until("all figures are live", self.cluster.is_live, 120)
        work = ChaosFaults(self.stack, dice, self.cluster, SESSION_SECONDS)
        read = records.Records(self.stack.kafka, work.topics)
        self.check(read, f"seed {SEED}, before the first fault")
        began, survived = time.monotonic(), collections.Counter()
        try:
            for number, kind in enumerate(kinds, 1):
                time.sleep(dice.uniform(0.1, 1.5))  # load between faults; what decides is polled
                said = work.run(kind)
                print(f"{number}/{len(kinds)} {kind}: {said}", flush=True)
                if number % CHECK_EVERY == 0 or number == len(kinds):
                    self.check(read, f"seed {SEED}, fault {number}, {kind}")
                survived[kind] += 1
        finally:
            self.report(survived, work.recovery, read, time.monotonic() - began)

    def check(self, read, why):
        self.assert_equal_to_sql(VERIFY_SECONDS, why=why)
        self.assert_every_record_counted_once(read, why)

    def report(self, survived, recovery, read, seconds):
        print(
            f"faults survived: {survived.total()} of {FAULTS}; records lost: {self.lost}, doubled: {self.doubled}; "
            f"{sum(read.counts.values())} records; "
            f"seed {SEED}; {seconds:.0f} s", flush=True)
        print(f"{'recovery, s':<26}{'faults':>7}{'p50':>7}{'max':>7}")
        for kind, times in sorted(recovery.items()):
            times = sorted(times)
            print(f"{kind:<26}{len(times):>7}{times[len(times) // 2]:>7.1f}{times[-1]:>7.1f}", flush=True)

    def tearDown(self):
        """Shows the ends of the nodes' logs where the test failed."""
        if any(error for _, error in self._outcome.result.failures + self._outcome.result.errors):
            for node in self.cluster.nodes:
                print(f"--- {node.name}, ended by itself with {node.ends}\n" +
                      "\n".join(node.log.read_text(errors="replace").splitlines()[-25:]))


if __name__ == "__main__":
    running.main()
