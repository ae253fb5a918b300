#!/usr/bin/env python3
"""Many nodes: the work is shared, and moves when a node comes, goes, dies or freezes; nothing is lost or doubled."""
import os
import signal
import time

import running
import sharing
import strangers
from stack import wait_until

ROUNDS = int(os.environ.get("MILLRACE_ROUNDS", "6"))
SESSION_SECONDS = 3


class Nodes(sharing.SharingTest):
    rate = 200
    settings = {
        "MILLRACE_NODES": "3", "MILLRACE_SESSION_TIMEOUT_MS": str(1000 * SESSION_SECONDS), "MILLRACE_NODE_CERTS": "off"
    }

    def test_every_shard_is_served_when_up_returns(self):
        self.assertEqual(sum(row["shards"] for row in self.table().values()), sharing.SHARDS)

    def test_the_work_is_shared_evenly(self):
        self.wait_for_owners()
        rows = self.table()
        self.assertEqual(set(rows), {"node", "node-2", "node-3"})
        for row in rows.values():
            self.assertIn(row["shards"], (10, 11), row)
            self.assertIn(row["sources"], (10, 11), row)
        self.assert_equal_to_sql(why="with three nodes")

    def test_a_node_that_is_killed_is_replaced_and_comes_back_to_its_work(self):
        for name in ("node", "node-2", "node-3"):
            before = self.table()
            self.stack.kill(name, hold=True)
            took = self.wait_for_owners(*(set(before) - {name}))
            print(f"{name} killed, its shards are served after {took:.1f} s", flush=True)
            self.assert_equal_to_sql(why=f"without {name}")
            self.stack.door("service", "start", name)
            self.wait_for_owners()
            self.assertEqual({key: row["shards"] for key, row in self.table().items()},
                             {key: row["shards"] for key, row in before.items()})
            self.assert_equal_to_sql(why=f"with {name} again")

    def test_a_node_that_is_frozen_is_replaced_and_fenced_when_it_thaws(self):
        pid = self.stack.pid("node-2")
        os.kill(pid, signal.SIGSTOP)
        try:
            self.wait_for_owners("node", "node-3")
            self.assert_equal_to_sql(why="while node-2 is frozen")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.wait_for_owners()
        self.assert_equal_to_sql(why="after node-2 has thawed")

    def test_a_node_that_is_stopped_hands_over_at_once(self):
        began = time.monotonic()
        self.stack.door("service", "stop", "node-3")
        stopped = time.monotonic() - began
        self.wait_for_owners("node", "node-2", seconds=SESSION_SECONDS)
        print(f"stopped in {stopped:.1f} s", flush=True)
        self.assertLess(stopped, 10)
        self.stack.door("service", "start", "node-3")
        self.wait_for_owners()
        self.assert_equal_to_sql(why="after a node was stopped and started")

    def test_nodes_are_added_and_removed(self):
        self.stack.door("nodes", "add")
        self.wait_for_owners()
        self.assertEqual({row["shards"] for row in self.table().values()}, {8})
        self.assert_equal_to_sql(why="with four nodes")
        self.stack.door("nodes", "remove")
        self.wait_for_owners("node", "node-2", "node-3")
        self.assertEqual(len(self.table()), 3)
        self.assert_equal_to_sql(why="with three again")

    def test_malformed_input_of_unknown_clients_stops_no_node(self):
        rows = self.table()
        pids = {name: row["pid"] for name, row in rows.items()}
        host, _, port = rows["node-2"]["address"].rpartition(":")
        there = {kind: come((host, int(port))) for kind, come in strangers.without_tls(self.dice).items()}
        silent = [strangers.connect((host, int(port))) for _ in range(200)]
        for connection in silent[:100]:  # the newest may stay until the next one comes
            with connection:
                self.assertIsNotNone(strangers.what_is_heard(connection))
        for connection in (*there.values(), *silent):
            connection.close()
        self.assertEqual({name: row["pid"] for name, row in self.table().items()}, pids)
        self.wait_for_owners()
        self.assert_equal_to_sql(why=f"seed {sharing.SEED}, after strangers")

    def test_an_apply_reaches_every_node(self):
        other = self.stack.home / "others"
        other.mkdir()
        (other / "mine.sql").write_text(
            "-- redis: hash states:customers field {state} name by_state\n"
            "SELECT state, count(*) AS customers FROM customers GROUP BY state;\n"
        )
        figures = self.stack.figures
        self.stack.door("apply", "--figures", *figures, other)
        self.wait_for_owners()
        self.assert_equal_to_sql(why="with one more figure")
        self.assertIn("by_state", self.stack.figure_states())
        self.stack.door("apply", "--figures", *figures)
        self.wait_for_owners()
        self.assert_equal_to_sql(why="without it")

    def test_random_faults_of_nodes_come_out_equal(self):
        for number in range(ROUNDS):
            name = self.dice.choice(("node", "node-2", "node-3"))
            fault = self.dice.choice(("kill", "freeze", "restart"))
            seconds = self.dice.uniform(0.1, 2 * SESSION_SECONDS)
            print(f"{number + 1}/{ROUNDS} {fault} {name}, then {seconds:.1f} s", flush=True)
            pid = self.stack.pid(name)
            if fault == "kill":
                self.stack.kill(name)
            elif fault == "restart":
                self.stack.door("service", "restart", name)
            elif pid:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            if fault == "freeze" and pid:
                os.kill(pid, signal.SIGCONT)
            self.wait_for_owners()
            self.assert_equal_to_sql(why=f"seed {sharing.SEED}, after {fault} of {name}")


if __name__ == "__main__":
    running.main()
