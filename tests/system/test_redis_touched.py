#!/usr/bin/env python3
"""Redis is touched by others: what is Millrace's is deleted, renamed, overwritten, evicted; it becomes a replica. It is
said within ten seconds, and mended."""
import contextlib
import time

import running
from stack import wait_until

#: Nothing may be wrong and live for longer.
SECONDS = 10
LEDGER = "millrace:shop:"


class Touched(running.SystemTest):
    rate = 50
    settings = {"MILLRACE_WALK_PLACES": "20000"}  # a round over all places in seconds

    def setUp(self):
        wait_until("all is live", self.stack.is_live, 240)
        self.redis = self.stack.redis

    @contextlib.contextmanager
    def standing_still(self):
        """Nobody writes rows meanwhile: a place whose row goes while nobody remembers it couldn't be found."""
        self.stack.door("service", "stop", "generator")
        try:
            yield
        finally:
            self.stack.door("service", "start", "generator")

    def life(self):
        return self.redis("HGET", LEDGER + "format", "life")

    def epoch(self):
        return int(self.redis("HGET", LEDGER + "format", "epoch"))

    def assert_filled_again(self, epoch, why):
        """Asserts that figures were filled again by themselves, and that all are right then."""
        wait_until(f"figures are filled again: {why}", lambda: self.epoch() > epoch and self.stack.is_live(), 120)
        self.assert_equal_to_sql(why=why)

    def of_rolled_up(self):
        """Returns the key with the parts of a rolled-up figure that has many groups."""
        keys = [key for key in self.redis("KEYS", LEDGER + "rollup:*") if self.redis("HLEN", key) > 2]
        return sorted(keys)[0]

    def said_of(self, figure):
        """Returns the figure's state and why, once it isn't live; else None."""
        states = [x for x in self.stack.status().get("figures", []) if x["name"] == figure and x["state"] != "live"]
        return states[0] if states else None

    def test_parts_of_a_rolled_up_figure_that_are_gone_are_told_and_filled_again(self):
        for number, take in enumerate((("DEL",), ("RENAME", "theirs"), ("SET", "theirs"))):
            key = self.of_rolled_up()
            epoch = self.epoch()
            self.redis(take[0], key, *take[1:])
            began = time.monotonic()
            said = wait_until(f"{take[0]} of {key} is said",
                              lambda: self.said_of(key.rpartition(":")[2]) or self.epoch() > epoch, SECONDS)
            print(f"{take[0]}: {said} after {time.monotonic() - began:.1f} s", flush=True)
            self.assert_filled_again(epoch, f"{take[0]} {key}")
            self.redis("DEL", "theirs")
            if number < 2:  # what is mended by itself waits half a minute before the next time
                wait_until("it may be mended again", lambda: not self.redis("EXISTS", LEDGER + "mended"), 40)

    def assert_found_and_filled_again(self, touches):
        """Touches places, by figure, and asserts that each figure is said to have failed, and that all are filled
        again."""
        wait_until("it may be mended", lambda: not self.redis("EXISTS", LEDGER + "mended"), 40)
        epoch = self.epoch()
        with self.standing_still():  # else the next row mends a part of it
            for command in touches.values():
                wait_until(f"{command[1]} is there", lambda command=command: self.redis("EXISTS", command[1]), 30)
                self.redis(*command)
            began = time.monotonic()
            said = set()

            def all_are_said():
                said.update(figure for figure in touches if self.said_of(figure))
                return said == set(touches) or said and self.epoch() > epoch

            # A node that mends at once has failed figures for some 40 ms only, and fills them for 200 ms.
            wait_until(f"{set(touches)} are said to have failed", all_are_said, 60, pause=0.02)
            self.assertTrue(said, "a figure was said to have failed before it was filled again")
            print(f"{said}: after {time.monotonic() - began:.1f} s", flush=True)
            self.assert_filled_again(epoch, str(touches))

    def test_places_of_rolled_up_figures_that_are_touched_are_found_and_filled_again(self):
        self.assert_found_and_filled_again({
            "orders_by_status": ("DEL", "metrics:orders:by_status"), "revenue": ("SET", "metrics:revenue:total", "0.07")
        })

    def test_places_of_rows_and_keyed_groups_that_are_touched_are_found_and_filled_again(self):
        self.assert_found_and_filled_again({
            "customers": ("DEL", "customer:7"), "orders": ("SET", "order:3", "{}"),
            "customer_stats": ("HSET", "customer:7:stats", "spent", "0.07"),
            "top_customers": ("ZREM", "top:customers", "7")
        })

    def test_a_state_log_that_is_gone_is_written_again_from_memory(self):
        log = max(self.redis("KEYS", LEDGER + "log:*"), key=lambda key: self.redis("LLEN", key))
        life = self.life()
        self.redis("DEL", log)
        cell = log[len(LEDGER + "log:"):].rpartition(":")[0]

        def is_sound():
            generation, length = self.redis("HMGET", f"{LEDGER}cell:{cell}", "generation", "length")
            return f"{LEDGER}log:{cell}:{generation}" != log and int(length) == self.redis(
                "LLEN", f"{LEDGER}log:{cell}:{generation}")

        wait_until("the log is another one, and whole", is_sound, SECONDS)
        self.assertEqual(self.life(), life, "nothing had to be filled")
        self.stack.kill("node")
        wait_until("the node is live with what Redis has", self.stack.is_live, 120)
        self.assert_equal_to_sql(why="after a log was written again and loaded")

    def test_a_state_log_that_goes_while_no_node_runs_means_a_rebuild(self):
        with self.standing_still():
            self.stack.door("service", "stop", "node")
            life = self.life()
            self.redis("DEL", max(self.redis("KEYS", LEDGER + "log:*"), key=lambda key: self.redis("LLEN", key)))
            self.stack.door("service", "start", "node")
            wait_until("the ledger is a new one", lambda: self.life() not in (life, None), 120)
            wait_until("all is live again", self.stack.is_live, 240)
            self.assert_equal_to_sql(why="after the rebuild")

    def test_a_ledger_that_loses_a_cell_or_its_format_is_begun_again(self):
        with self.standing_still():
            for key in ("cell:3:1", "format"):
                life = self.life()
                self.redis("DEL", LEDGER + key)
                wait_until(f"{key}: it is said, or begun again", lambda: not self.stack.is_live() or self.life() not in
                           (life, None), SECONDS)
                wait_until("the ledger is a new one", lambda: self.life() not in (life, None), 120)
                wait_until("all is live again", self.stack.is_live, 240)
                self.assert_equal_to_sql(why=f"after {key} was deleted")

    def test_all_of_redis_may_be_flushed(self):
        self.redis("FLUSHDB")
        wait_until("the figures aren't live", lambda: not self.stack.is_live(), SECONDS)
        wait_until("all is live again", self.stack.is_live, 240)
        self.assert_equal_to_sql(why="after FLUSHDB")

    def test_a_figure_is_filled_again_when_a_person_asks(self):
        self.redis("DEL", "metrics:orders:by_status")
        self.assertNotEqual(self.stack.door("refill", "nobody", check=False).returncode, 0)
        self.stack.door("refill", "orders_by_status", seconds=200)
        self.assert_equal_to_sql(why="after refill")

    def test_evicted_keys_put_figures_in_doubt_until_they_are_filled_again(self):
        with self.standing_still():
            epoch, life = self.epoch(), self.life()
            used = int(
                next(line for line in self.redis("INFO", "memory").splitlines()
                     if line.startswith("used_memory:")).partition(":")[2])
            self.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            self.redis("CONFIG", "SET", "maxmemory", str(used + 2_000_000))
            try:
                wait_until("status says what the policy means",
                           lambda: "allkeys-lru" in str(self.stack.status().get("redis", {}).get("findings")), SECONDS)
                for number in range(60):
                    with contextlib.suppress(Exception):  # Redis may be full for a moment
                        self.redis("SET", f"theirs:{number}", "x" * 100_000, "EX", 60)
                self.assertGreater(self.evicted(), 0, "Redis evicted something")
                wait_until("no figure is called live", lambda: "live" not in set(self.stack.figure_states().values()),
                           SECONDS)
            finally:
                self.redis("CONFIG", "SET", "maxmemory", "0")
                self.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")
            wait_until("everything is filled again",
                       lambda: self.stack.is_live() and (self.epoch() > epoch or self.life() != life), 240)
            self.assert_equal_to_sql(why="after keys were evicted")
            self.assertEqual(self.stack.status()["redis"]["findings"], [])

    def evicted(self):
        return int(
            next(line for line in self.redis("INFO", "stats").splitlines()
                 if line.startswith("evicted_keys:")).partition(":")[2])

    def test_a_redis_that_becomes_a_replica_is_told_and_waited_for(self):
        self.redis("REPLICAOF", "127.0.0.1", "1")
        try:
            trouble = wait_until("status says it", lambda: self.stack.status()["writer"]["trouble"], SECONDS)
            self.assertIn("replica", trouble["what"])
            self.assertAlmostEqual(trouble["since"], time.time(), delta=60)
            self.assertNotEqual(self.stack.door("servers", "redis", check=False).returncode, 0)
        finally:
            self.redis("REPLICAOF", "NO", "ONE")
        wait_until("the node goes on", lambda: self.stack.is_live() and not self.stack.status()["writer"]["trouble"],
                   60)
        self.assert_equal_to_sql(why="after Redis was a replica")


if __name__ == "__main__":
    running.main()
