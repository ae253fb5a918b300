#!/usr/bin/env python3
"""What is wrong is said, by name, and nothing is lost: records that can't be read, servers that refuse or are away,
settings and figures that can't be."""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import clients
import running
import stack as stacks
from stack import REPOSITORY, wait_until

ORDERS = "dbserver1.public.orders"


def changes_of(kafka, topic):
    """Yields (record, change) of what can be read; tests write what can't."""
    for record in kafka.records(topic):
        try:
            change = json.loads(record.get("payload") or "null")
        except ValueError:
            continue
        if change:
            yield record, change


def letters_of(kafka):
    """Returns the dead letters as {(topic, partition, offset): headers}, each once."""
    found = {}
    for record in kafka.records("shop.dead-letters"):
        headers = dict(zip(record.get("headers", [])[::2], record.get("headers", [])[1::2]))
        if "millrace.topic" in headers:
            found[headers["millrace.topic"],
                  int(headers["millrace.partition"]),
                  int(headers["millrace.offset"])] = headers
    return found


class Records(running.SystemTest):
    """Records that nobody can read."""

    def a_record(self, op="u"):
        """Returns key, payload and partition of a genuine record of orders, the newest of that operation."""
        self.stack.sql("UPDATE orders SET total_amount = total_amount + 1 WHERE id = (SELECT min(id) FROM orders)")
        self.assert_equal_to_sql(why="before the bad record")
        found = [record for record, change in changes_of(self.stack.kafka, ORDERS) if change["op"] == op]
        newest = max(found, key=lambda record: record["ts"])
        return newest["key"].encode(), newest["payload"], newest["partition"]

    def spoil(self, change):
        """Returns a genuine record's JSON after `change` was done to it, key, and partition."""
        key, payload, partition = self.a_record()
        record = json.loads(payload)
        change(record)
        return json.dumps(record).encode(), key, partition

    def assert_dead_letter_and_replay(self, value, key, partition, words):
        """Writes the record, and asserts: a dead letter with headers, incomplete figures, verify 2, and all well after
        replay."""
        offset = self.stack.kafka.produce(ORDERS, partition, value, key)
        place = (ORDERS, partition, offset)
        headers = wait_until("a dead letter with the record's place", lambda: letters_of(self.stack.kafka).get(place))
        self.assertEqual(headers["millrace.table"], "public.orders")
        for word in words:
            self.assertIn(word, headers["millrace.error"])
        states = wait_until("figures of orders are incomplete", lambda:
                            (s := self.stack.figure_states()).get("revenue") == "incomplete" and s)
        self.assertEqual(states["geo_customers"], "live", "a figure that doesn't read orders is not concerned")
        self.assertEqual(self.stack.verify(30)[0], 2)
        which = f"{ORDERS}/{partition}/{offset}"
        self.assertIn(which, self.stack.door("dead-letters", "list").stdout)
        shown = self.stack.door("dead-letters", "show", which).stdout
        for word in words:
            self.assertIn(word, shown)
        self.stack.door("dead-letters", "replay", which)
        wait_until("no letter is open", lambda: set(self.stack.figure_states().values()) == {"live"})
        self.assertNotIn(which, self.stack.door("dead-letters", "list").stdout)
        self.assert_equal_to_sql(why="after replay")

    def test_a_record_that_is_not_json_is_a_dead_letter(self):
        key, _, partition = self.a_record()
        self.assert_dead_letter_and_replay(b"this is no JSON", key, partition, ["JSON"])

    def test_a_truncated_record_is_a_dead_letter(self):
        key, payload, partition = self.a_record()
        self.assert_dead_letter_and_replay(payload.encode()[:len(payload) // 2], key, partition, [])

    def test_a_value_of_the_wrong_type_is_a_dead_letter(self):
        self.assert_dead_letter_and_replay(*self.spoil(lambda x: x["after"].update(total_amount={"not": "a number"})),
                                           ["total_amount"])

    def test_a_missing_column_is_a_dead_letter(self):
        self.assert_dead_letter_and_replay(*self.spoil(lambda x: x["after"].pop("customer_id")), ["customer_id"])

    def test_a_record_beyond_the_wal_is_a_dead_letter_and_later_changes_count(self):
        """Its LSN would make each later change of the row an old one."""

        def forge(record):
            record["source"]["lsn"] = 1 << 62
            record["after"]["total_amount"] = "987654.00"

        self.assert_dead_letter_and_replay(*self.spoil(forge), ["beyond PostgreSQL's WAL"])
        self.stack.sql("UPDATE orders SET total_amount = total_amount + 1 WHERE id = (SELECT min(id) FROM orders)")
        self.assert_equal_to_sql(why="after a change of the forged row")

    def test_many_bad_records_are_resolved_by_one_replay_and_the_stream_goes_on_around_them(self):
        key, payload, partition = self.a_record()
        for number in range(20):
            self.stack.kafka.produce(ORDERS, partition, b"{" * (number + 1), key)
        self.stack.sql(
            "INSERT INTO orders (customer_id, total_amount, status) SELECT id, 1.25, 'around' FROM customers")
        wait_until("orders behind the bad records are counted",
                   lambda: self.stack.redis("HGET", "metrics:orders:by_status", "around"))
        wait_until("the letters are open", lambda: self.stack.figure_states().get("revenue") == "incomplete")
        self.stack.door("dead-letters", "replay", "all")
        wait_until("no letter is open", lambda: set(self.stack.figure_states().values()) == {"live"})
        self.assert_equal_to_sql(why="after replay of all")

    def test_a_letter_whose_key_nobody_can_read_is_closed_by_hand_after_a_rebuild(self):
        _, payload, partition = self.a_record()
        which = f"{ORDERS}/{partition}/{self.stack.kafka.produce(ORDERS, partition, payload.encode(), b'no key')}"
        wait_until("the letter is open", lambda: which in self.stack.door("dead-letters", "list").stdout)
        done = self.stack.door("dead-letters", "replay", which, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"`millrace dead-letters resolve {which}`", done.stdout)
        self.stack.door("rebuild", "--yes")
        wait_until("figures are whole but for the letter",
                   lambda: self.stack.figure_states().get("revenue") == "incomplete", 90)
        self.stack.door("dead-letters", "resolve", which)
        wait_until("no letter is open", lambda: set(self.stack.figure_states().values()) == {"live"})
        self.assertEqual(self.stack.door("dead-letters", "resolve", which, check=False).returncode, 2)
        self.assert_equal_to_sql(why="after a rebuild and resolve")

    def test_records_of_a_table_that_no_figure_reads_are_skipped_and_counted(self):
        self.stack.topics("create", "dbserver1.public.audit", "--partitions", "2")
        for number in range(3):
            self.stack.kafka.produce("dbserver1.public.audit", number % 2, b'{"op":"c"}', b'{"id":1}')
        wait_until("status counts them", lambda: self.stack.status()["unknown_tables"] == {"public.audit": 3})
        self.assertIn("up to 3 records of public.audit", self.stack.door("status").stdout)
        self.assertEqual(set(self.stack.figure_states().values()), {"live"})
        self.assert_equal_to_sql(why="nothing of that is in a figure")
        self.stack.topics("delete", "dbserver1.public.audit")
        wait_until("it is forgotten with its topic", lambda: self.stack.status()["unknown_tables"] == {})


class Topics(running.SystemTest):
    """What Kafka won't take, and what it has lost."""

    TOO_LARGE = 70 << 20
    SLOTS = "SELECT count(*) FROM pg_replication_slots"

    def test_a_row_that_is_larger_than_a_record_may_be_is_said_and_a_new_slot_goes_on_without_it(self):
        sql = self.stack.sql
        self.assert_equal_to_sql(why="before the row")
        connector = self.stack.rest("/connectors/millrace-shop/status")
        self.assertEqual(connector["tasks"][0]["state"], "RUNNING")
        made = sql.one(
            "INSERT INTO orders (customer_id, total_amount, status, shipping_address) SELECT min(id), 3, 'large', "
            f"repeat('x', {self.TOO_LARGE}) "
            "FROM customers RETURNING id")
        wait_until("the task has failed", self.has_failed, 120)
        trouble = wait_until("the node says it", lambda: self.trouble() if "TooLarge" in self.trouble() else None, 10)
        self.assertRegex(trouble, r"larger than 67108864")
        self.assertIn(trouble[:40], self.stack.door("status").stdout)
        self.assertEqual(self.stack.verify(5)[0], 2, "verify must not pass while changes can't come through")
        # The way out that debezium/README.md tells: a smaller row, and a slot that begins behind it.
        sql(f"UPDATE orders SET shipping_address = 'short' WHERE id = {made}")
        self.stack.door("connector", "delete")
        wait_until("the slot is free", lambda: sql.one(self.SLOTS + " WHERE active") == "0", 60)
        e = self.stack.endpoints
        as_debezium = clients.Sql(
            {**sql.environment, "PGUSER": e["MILLRACE_DEBEZIUM_USER"], "PGPASSWORD": e["MILLRACE_DEBEZIUM_PASSWORD"]})
        self.addCleanup(as_debezium.close)
        as_debezium("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        self.stack.door("connector", "register")
        wait_until("the slot is there again", lambda: sql.one(self.SLOTS + " WHERE active") == "1", 120)
        wait_until("the row is in Redis", lambda: self.stack.redis("HGET", "metrics:orders:by_status", "large") == "1",
                   120)
        wait_until("all is well", lambda: self.stack.is_live() and not self.trouble(), 180)
        self.assert_equal_to_sql(180, why="after the new slot")

    def has_failed(self):
        status = self.stack.rest("/connectors/millrace-shop/status")
        return [task for task in status["tasks"] if task["state"] == "FAILED"]

    def trouble(self):
        return self.stack.status().get("cluster", {}).get("surroundings", {}).get("connector", {}).get("trouble", "")

    def test_a_topic_that_was_deleted_under_the_node_means_a_rebuild_and_is_said(self):
        before = self.stack.pid("node")
        self.stack.topics("delete", "dbserver1.public.products")
        wait_until("the node starts over", lambda: self.stack.pid("node") not in (None, before))
        reason = wait_until(
            "figures are rebuilt", lambda:
            (r := self.stack.status().get("cluster", {}).get("reason", "")) and "recreated" in r and r)
        self.assertIn("dbserver1.public.products", reason)
        self.assertIn("Kafka has no topic dbserver1.public.products any more", self.stack.log_tail(lines=2000))
        wait_until("all is built anew", self.stack.is_live, 240)
        self.stack.sql("INSERT INTO products (name, price, category) VALUES ('after', 1.5, 'after the topic')")
        self.assert_equal_to_sql(180, why="after the topic was deleted")
        self.assertEqual(self.stack.redis("HGET", "realtime:categories", "after the topic"), "1")


class Servers(running.SystemTest):
    """Servers that refuse, or are away."""

    def program(self, *arguments, **environment):
        """Runs the binary itself with this stack's settings, other than those given."""
        settings = {
            **self.stack.environment, **self.stack.endpoints, "MILLRACE_FIGURES": str(REPOSITORY / "sql" / "figures"),
            "MILLRACE_HTTP_PORT": str(stacks.FIRST_PORT + 40), "MILLRACE_GENERATOR_PORT": "0", **environment
        }
        return subprocess.run([self.stack.home / "bin" / "millrace", *arguments], env=settings, capture_output=True,
                              text=True, timeout=60)

    def test_a_wrong_redis_password_is_said_and_no_password_is_printed(self):
        for arguments in (["node"], ["verify", "--wait", "5"]):
            done = self.program(*arguments, REDIS_PASSWORD="not-the-secret")
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, 2, said)
            self.assertRegex(said, r"(?i)redis.*password|password.*redis")
            self.assertNotIn("not-the-secret", said)
            self.assertNotIn(self.stack.endpoints["REDIS_PASSWORD"], said)

    def test_a_wrong_postgres_password_is_said(self):
        done = self.program("node", MILLRACE_NODE_PASSWORD="not-the-secret")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"(?i)password authentication failed")
        self.assertNotIn("not-the-secret", done.stdout + done.stderr)

    def test_kafka_connect_shows_no_password_of_ours(self):
        for path in ("?expand=info&expand=status", "/millrace-shop", "/millrace-shop/config", "/millrace-shop/tasks",
                     "/millrace-shop/status"):
            told = json.dumps(self.stack.rest("/connectors" + path))
            self.assertIn("millrace-shop", told)
            for name, value in self.stack.endpoints.items():
                if name.endswith("PASSWORD"):
                    self.assertNotIn(value, told, f"{name} at {path}")
        self.assertRegex(
            self.stack.rest("/connectors/millrace-shop/config")["database.password"],
            r"^\$\{file:/.*:database\.password\}$")
        self.assertIn("as it should be",
                      self.stack.door("connector", "register").stdout, "the same configuration restarts nothing")

    def test_a_ledger_of_another_shard_count_is_refused(self):
        done = self.program("node", MILLRACE_SHARDS="16")
        self.assertEqual(done.returncode, 2)
        self.assertIn("32 shards", done.stderr)
        self.assertIn("MILLRACE_SHARDS=32", done.stderr)
        self.assert_equal_to_sql(why="the running node was not disturbed")

    def test_a_ledger_of_another_format_is_refused(self):
        self.stack.redis("HSET", "millrace:shop:format", "format", "99")
        try:
            done = self.program("node")
        finally:
            self.stack.redis("HSET", "millrace:shop:format", "format", "1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("format 99", done.stderr)

    def test_a_node_that_cannot_write_its_notes_says_so_and_serves(self):
        self.stack.door("service", "stop", "node")
        settings = {
            **self.stack.environment,
            **self.stack.endpoints, "MILLRACE_FIGURES": str(REPOSITORY / "sql" / "figures"),
            "MILLRACE_HTTP_PORT": self.stack.settings["MILLRACE_HTTP_PORT"],
            "MILLRACE_STATE_DIR": "/sys"
        }
        with tempfile.TemporaryFile("w+") as log:
            node = subprocess.Popen([self.stack.home / "bin" / "millrace", "node"],
                                    env=settings,
                                    stdout=log,
                                    stderr=log)
            try:
                wait_until("the node serves", self.stack.is_live, 120)
                self.stack.sql(
                    "INSERT INTO customers (first_name, last_name, email, state) "
                    "VALUES ('No', 'Notes', 'no.notes@example.org', 'NN')"
                )
                wait_until("a change is in Redis",
                           lambda: self.stack.redis("HGET", "realtime:geo:customers", "NN") == "1", 60)
            finally:
                node.terminate()
                node.wait(60)
            log.seek(0)
            self.assertRegex(
                log.read(), r"MILLRACE_STATE_DIR: /sys/shop\.record: .*; "
                r"this node can't skip a record that ends its process")
        self.stack.door("service", "start", "node")
        self.assert_equal_to_sql(why="with the stack's own node again")

    def test_a_node_whose_port_is_taken_says_which(self):
        done = self.program("node", MILLRACE_HTTP_PORT=str(self.stack.settings["MILLRACE_HTTP_PORT"]))
        self.assertEqual(done.returncode, 2)
        self.assertIn(self.stack.settings["MILLRACE_HTTP_PORT"], done.stderr)

    def test_a_streaming_node_does_not_need_postgres(self):
        """A genuine record under a key of its own goes in by hand, so that only Kafka and Redis have a part in it."""
        self.stack.sql("UPDATE customers SET city = city WHERE id = 1")
        record = wait_until(
            "Debezium has written a change", lambda: next(
                (change for _, change in changes_of(self.stack.kafka, "dbserver1.public.customers")
                 if change["source"]["snapshot"] != "millrace"), None), 60)
        row = {**record["after"], "id": 900001, "email": "by.hand@example.org"}
        born = {**record, "op": "c", "before": None, "after": row, "source": {**record["source"], "snapshot": "false"}}
        key = json.dumps({"id": 900001}).encode()
        self.stack.sql.close()
        pid = self.stack.pid("postgres")
        self.stack.door("service", "stop", "postgres")
        self.assertFalse(stacks.alive(pid))
        try:
            self.stack.kafka.produce("dbserver1.public.customers", 0, json.dumps(born).encode(), key)
            wait_until("the record is in Redis, without PostgreSQL",
                       lambda: self.stack.redis("EXISTS", "customer:900001"), 30)
            wait_until(
                "status says that PostgreSQL is away",
                lambda: "PostgreSQL" in self.stack.status()["cluster"]["surroundings"]["slot"].get("trouble", ""), 30)
            dead = {**born, "op": "d", "before": row, "after": None}
            self.stack.kafka.produce("dbserver1.public.customers", 0, json.dumps(dead).encode(), key)
            wait_until("its deletion as well", lambda: not self.stack.redis("EXISTS", "customer:900001"), 30)
        finally:
            self.stack.door("service", "start", "postgres")
        self.assert_equal_to_sql(180, why="after PostgreSQL came back")

    def test_redis_out_of_memory_is_waited_for(self):
        redis = self.stack.redis
        redis("CONFIG", "SET", "maxmemory", "1mb")
        try:
            self.stack.sql(
                "INSERT INTO customers (first_name, last_name, email, state) VALUES ('No', 'Room', "
                "'no.room@example.org', 'OOM')"
            )
            trouble = wait_until("status says that Redis takes no writes",
                                 lambda: self.stack.status()["writer"]["trouble"], 30)
            self.assertRegex(trouble["what"], r"(?i)memory")
            self.assertAlmostEqual(trouble["since"], time.time(), delta=60)
            self.assertIsNone(redis("HGET", "realtime:geo:customers", "OOM"))
        finally:
            redis("CONFIG", "SET", "maxmemory", "0")
        wait_until("the row is in Redis once there is room",
                   lambda: redis("HGET", "realtime:geo:customers", "OOM") == "1", 30)
        self.assert_equal_to_sql(why="after Redis was out of memory")

    def test_a_key_of_the_wrong_type_fails_its_figure_alone(self):
        redis = self.stack.redis
        redis("DEL", "metrics:orders:by_status")
        redis("SET", "metrics:orders:by_status", "somebody else's")
        self.stack.sql(
            "INSERT INTO orders (customer_id, total_amount, status) SELECT min(id), 2, 'wrong type' FROM customers")
        wait_until("the figure has failed, by name",
                   lambda: self.stack.figure_states().get("orders_by_status") == "failed", 30)
        why = next(figure["why"] for figure in self.stack.status()["figures"] if figure["name"] == "orders_by_status")
        self.assertIn("WRONGTYPE", why)
        code, report = self.stack.verify(60)
        # A difference (1) and a failed figure (2) are both the truth here.
        self.assertIn(code, (1, 2), running.in_words(report))
        self.assertEqual([figure["figure"] for figure in report["figures"] if not figure["equal"]],
                         ["orders_by_status"], running.in_words(report))
        self.assertEqual(redis("GET", "metrics:orders:by_status"), "somebody else's", "what isn't ours is left alone")
        redis("DEL", "metrics:orders:by_status")
        self.stack.door("rebuild", "--yes")
        wait_until("all is built anew", self.stack.is_live, 240)
        self.assert_equal_to_sql(why="after the rebuild")


class Figures(running.SystemTest):
    """Figures that can't be, and a machine that doesn't suit."""

    REFUSED = {
        "outer.sql": "-- redis: hash a:{state} \n"
                     "SELECT customers.state, count(*) AS n FROM orders LEFT JOIN customers ON customers.id = "
                     "orders.customer_id GROUP BY customers.state;\n",
        "window.sql": "-- redis: json b:{id}\nSELECT id, row_number() OVER () AS n FROM orders;\n",
        "float.sql": "-- redis: string c\nSELECT sum(total_amount::real) AS n FROM orders;\n",
        "unknown.sql": "-- redis: string d\nSELECT count(*) AS n FROM no_such_table;\n",
        "ours.sql": "-- redis: string millrace:e\nSELECT count(*) AS n FROM orders;\n",
    }

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-refused-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name, text in self.REFUSED.items():
            (self.folder / name).write_text(text)

    def test_check_tells_plans_and_refusals_apart(self):
        done = self.stack.door("check", REPOSITORY / "sql" / "figures")
        for words in ("customer_stats", "top_products", "geo_revenue"):
            self.assertIn(words, done.stdout)
        done = self.stack.door("check", *sorted(self.folder.iterdir()), check=False)
        self.assertEqual(done.returncode, 1)
        for name in self.REFUSED:
            self.assertRegex(done.stdout + done.stderr, rf"{name}:\d+:\d+", "every refusal says where it is")
        self.assertIn("^", done.stdout + done.stderr)

    def test_a_deferrable_key_is_refused_with_what_to_do(self):
        self.stack.sql("CREATE TABLE later (id integer PRIMARY KEY DEFERRABLE, n integer)")
        self.addCleanup(self.stack.sql, "DROP TABLE later")
        figure = self.folder / "later.sql"
        figure.write_text("-- redis: string later\nSELECT count(*) AS n FROM later;\n")
        done = self.stack.door("check", figure, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("public.later's primary key is deferrable", done.stdout)
        advice = "ALTER TABLE public.later DROP CONSTRAINT later_pkey, ADD PRIMARY KEY (id)"
        self.assertIn(advice, done.stdout)
        self.stack.sql(advice)
        self.assertEqual(self.stack.door("check", figure, check=False).returncode, 0, "the advice helps")

    def test_up_refuses_all_bad_figures_at_once_and_disturbs_nothing(self):
        before = self.stack.pid("node")
        done = self.stack.door("up", "--detach", "--figures", REPOSITORY / "sql" / "figures", self.folder, check=False)
        self.assertEqual(done.returncode, 1)
        for name in self.REFUSED:
            self.assertRegex(done.stdout + done.stderr, rf"{name}:\d+:\d+")
        self.assertEqual(self.stack.pid("node"), before, "the node that ran runs on")
        self.assert_equal_to_sql(why="after the refusal")

    def test_a_port_that_is_taken_is_named_and_nothing_is_left_running(self):
        other = stacks.Stack(offset=20)
        self.addCleanup(shutil.rmtree, other.home, ignore_errors=True)
        port = int(other.settings["MILLRACE_REDIS_PORT"])
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", port))
            holder.listen()
            done = other.up(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"port {port}", done.stdout + done.stderr)
        self.assertIn("MILLRACE_REDIS_PORT", done.stdout + done.stderr)
        self.assertFalse((other.home / "run" / "control.sock").exists())
        self.assertFalse((other.home / "postgres").exists(), "nothing was started")


if __name__ == "__main__":
    running.main()
