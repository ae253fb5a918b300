"""Faults, each with the proof that it happened. A fault takes the stack and the dice, and returns a sentence about what
it did."""
import threading
import time

from stack import TABLES, alive, wait_until

#: How far from the end most cuts of Redis's file fall: what a crash can lose, and a good deal more.
TAIL_BYTES = 256 << 10


def plan(dice, kinds, length):
    """Returns `length` kinds of faults: every kind as early as there is room, then by weight (`kinds`: weights by
    name), shuffled."""
    names = list(kinds)
    dice.shuffle(names)
    names = (names + dice.choices(list(kinds), kinds.values(), k=max(0, length - len(names))))[:length]
    dice.shuffle(names)
    return names


class Faults:
    """`recovery` collects, for kills of the node, the seconds until everything that Kafka had then was durable in
    Redis."""

    def __init__(self, stack, dice):
        self.stack, self.dice, self.recovery = stack, dice, []
        self.topics = stack.change_topics()

    def kill_node(self):
        began = time.monotonic()
        pid = self.stack.kill("node")
        wait_until("another node runs", lambda: self.stack.pid("node") not in (None, pid), 60)
        ends = self.stack.kafka.ends(self.topics)
        wait_until("the node has caught up", lambda: self.stack.is_caught_up(ends), 180, pause=0.05)
        seconds = time.monotonic() - began
        self.recovery.append(seconds)
        return f"node {pid} killed, caught up after {seconds:.1f} s"

    def kill_node_twice(self):
        """Again while it starts: after a time that is anything from no claim made to all caught up."""
        pid = self.stack.kill("node")
        after = wait_until("another node runs", lambda: self.stack.pid("node"), 60)
        pause = self.dice.uniform(0, 2.5)
        time.sleep(pause)
        return f"node {pid} killed, and {pause:.2f} s after its start again: " + (self.kill_node()
                                                                                  if alive(after) else "it had ended")

    def newest_writes(self):
        """Returns Redis's newest append-only file."""
        return max((self.stack.home / "redis" / "appendonlydir").glob("*.incr.aof"),
                   key=lambda path: int(path.name.split(".")[-3]))

    def cut_redis(self, part=None, at=None):
        """Kills Redis and cuts its newest append-only file at a random byte, to a part of it, or at a byte:
        acknowledged writes are gone, and no error tells."""
        pid = self.stack.kill("redis", hold=True)
        file = self.newest_writes()
        size = file.stat().st_size
        if at is None:
            at = int(size * part) if part else self.dice.randrange(
                max(0, size - TAIL_BYTES) if self.dice.random() < 0.7 else 0, size)
        with file.open("r+b") as writes:
            writes.truncate(at)
        assert file.stat().st_size == at < size, "nothing was cut"
        self.stack.redis.close()
        self.stack.door("service", "start", "redis")
        return f"redis {pid} killed, {size - at} of {size} bytes cut from {file.name}"

    def wipe_redis(self):
        """All keys go, under the feet of a node that runs."""
        redis = self.stack.redis
        had = redis("DBSIZE")
        redis("MULTI")
        redis("FLUSHALL")
        redis("DBSIZE")
        assert redis("EXEC")[-1] == 0, "Redis still has keys"
        self.wait_for_ledger()
        return f"redis wiped of {had} keys"

    def lose_redis(self):
        """Redis dies and comes back with nothing, not even its functions."""
        pid = self.stack.kill("redis", hold=True)
        folder = self.stack.home / "redis" / "appendonlydir"
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        self.stack.redis.close()
        self.stack.door("service", "start", "redis")
        self.wait_for_ledger()
        return f"redis {pid} killed, all its files deleted"

    def wait_for_ledger(self):
        """Until its next flush the node doesn't know, and calls itself live."""
        wait_until("a ledger is there again, and live",
                   lambda: self.stack.redis("HGET", "millrace:shop:format", "phase") == "live", 300)

    def fail_a_read(self):
        """All tables are read again; one of them can't be, the node dies over it, and then it can."""
        stack, node = self.stack, self.stack.endpoints["MILLRACE_NODE_USER"]
        stack.sql(f"REVOKE SELECT ON products FROM {node}")
        reads = threading.Thread(target=stack.door,
                                 args=("resync", *(f"public.{table}" for table in TABLES), "--wait", 240))
        reads.start()
        try:
            named = lambda: any("may not SELECT from public.products" in figure.get("why", "")
                                for figure in stack.status().get("figures", []))
            wait_until("figures over the table that can't be read say so", named, 60)
            killed = self.kill_node()
            wait_until("they say so again", named, 60)
        finally:
            stack.sql(f"GRANT SELECT ON products TO {node}")
            reads.join()
        return f"products couldn't be read; {killed}"

    def kill_connect(self):
        pid = self.stack.kill("connect")
        wait_until("another Kafka Connect runs", lambda: self.stack.pid("connect") not in (None, pid), 60)
        return f"connect {pid} killed"

    def kill_kafka(self):
        pid = self.stack.kill("kafka")
        wait_until("another Kafka runs", lambda: self.stack.pid("kafka") not in (None, pid), 60)
        return f"kafka {pid} killed"

    def kill_postgres(self):
        pid = self.stack.kill("postgres")
        wait_until("another PostgreSQL runs", lambda: self.stack.pid("postgres") not in (None, pid), 60)
        self.stack.sql.close()
        return f"postgres {pid} killed"

    def restart_postgres(self):
        pid = self.stack.pid("postgres")
        self.stack.door("service", "restart", "postgres")
        assert self.stack.pid("postgres") != pid and not alive(pid), "PostgreSQL is the old one"
        self.stack.sql.close()
        return f"postgres {pid} restarted"

    def lose_slot(self):
        """Connector and slot are deleted, rows change and go unseen, then both are made anew."""
        stack, sql = self.stack, self.stack.sql
        slots = "SELECT count(*) FROM pg_replication_slots"
        stack.door("connector", "delete")
        wait_until("the slot is free", lambda: sql.one(slots + " WHERE active") == "0", 60)
        # a slot isn't the shop's to drop
        debezium = stack.sql_as("millrace_debezium", stack.secret("MILLRACE_DEBEZIUM_PASSWORD"))
        debezium("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        debezium.close()
        assert sql.one(slots) == "0", "the slot is still there"
        gone = sql(
            "WITH few AS (SELECT id FROM order_items ORDER BY random() LIMIT 25) DELETE FROM order_items i USING few "
            "WHERE i.id = few.id RETURNING i.id"
        )
        sql("UPDATE customers SET state = 'gap' WHERE id IN (SELECT id FROM customers ORDER BY random() LIMIT 10)")
        assert sql.one(slots) == "0", "somebody made the slot again"
        stack.door("connector", "register")
        wait_until("the slot is there again", lambda: sql.one(slots + " WHERE active") == "1", 120)
        return f"slot dropped and made anew, {len(gone)} rows deleted in the gap"
