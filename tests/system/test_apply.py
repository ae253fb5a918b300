#!/usr/bin/env python3
"""Figures that change on a running system, under load: what isn't changed is never absent and never wrong, what is
comes, and a crash in between loses nothing."""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import clients
import faults
import running
import stack
from stack import REPOSITORY, wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
KILLS = int(os.environ.get("MILLRACE_KILLS", "5"))
BY_STATE = ("-- redis: hash states:customers field {state} name by_state\n"
            "SELECT state, count(*) AS customers FROM customers GROUP BY state;\n")
BY_CITY = ("-- redis: hash customers:by_city field {city} name by_city\n"
           "SELECT city, count(*) AS customers FROM customers GROUP BY city;\n")
BY_ZIP = ("-- redis: hash customers:by_zip field {zip_code} name by_zip\n"
          "SELECT zip_code, count(*) AS customers FROM customers GROUP BY zip_code;\n")
DEAREST = ("-- redis: hash product:{product_id}:dearest name dearest\n"
           "SELECT product_id, max(unit_price) AS price, min(quantity) AS fewest FROM order_items GROUP BY "
           "product_id;\n")
OF_ORDER = ("-- redis: hash order:{order_id}:items name of_order\n"
            "SELECT order_id, count(*) AS items, sum(quantity) AS units FROM order_items GROUP BY order_id;\n")
NEWEST = ("-- redis: hash reviews:newest field {product_id} name newest\n"
          "SELECT product_id, max(id) AS newest FROM reviews GROUP BY product_id;\n")
IDS = "-- redis: json customer:{id}:state name ids\nSELECT id, state FROM customers;\n"
TOTAL = "-- redis: string metrics:revenue:total name revenue\nSELECT sum(total_amount) AS revenue FROM orders{};\n"
WATCHED = ("realtime:geo:customers", "realtime:geo:revenue", "realtime:categories:revenue", "top:customers",
           "top:products", "customer:1", "product:1", "metrics:orders:by_status")


class Watch:
    """Looks at places all the time; `absent` are those that were ever missing. Use as a context."""

    def __init__(self, stack, keys):
        self.redis = clients.Redis(int(stack.endpoints["REDIS_PORT"]), stack.endpoints["REDIS_PASSWORD"])
        self.keys, self.absent, self.looks, self.ended = keys, set(), 0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.ended.wait(0.01):
            self.redis("MULTI")
            for key in self.keys:
                self.redis("EXISTS", key)
            self.absent |= {key for key, there in zip(self.keys, self.redis("EXEC")) if not there}
            self.looks += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.redis.close()


class Writer:
    """Writes into reviews all the time, whatever its columns are. Use as a context."""

    STATEMENTS = ("INSERT INTO reviews (product_id) VALUES (1 + floor(random() * 3)::int)",
                  "UPDATE reviews SET product_id = 1 + product_id % 3 WHERE id % 50 = 7",
                  "DELETE FROM reviews WHERE id % 100 = 13")

    def __init__(self, stack):
        self.sql, self.ended = stack.sql_of(stack.endpoints["POSTGRES_DB"]), threading.Event()
        self.thread, self.statements = threading.Thread(target=self.write, daemon=True), 0

    def write(self):
        while not self.ended.wait(0.02):
            self.sql(self.STATEMENTS[self.statements % len(self.STATEMENTS)])
            self.statements += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Apply(running.SystemTest):
    rate = 200

    @classmethod
    def setUpClass(cls):
        cls.take_figures()
        cls.dice = random.Random(SEED)
        super().setUpClass()
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def write(self, name, *figures):
        path = self.folder / f"{name}.sql"
        path.write_text("".join(figures)) if figures else path.unlink(missing_ok=True)

    def apply(self, *more, code=0):
        done = self.stack.door("apply", "--wait", 120, *more, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def assert_applied(self, why, watched=WATCHED):
        """Applies with an eye on what doesn't change, and compares all with SQL."""
        with Watch(self.stack, watched) as watch:
            self.apply()
        self.assertGreater(watch.looks, 20)
        self.assertEqual(watch.absent, set(), why)
        self.assertIn("Nothing to do", self.apply().stdout)
        return {figure["figure"] for figure in self.assert_equal_to_sql(why=why)["figures"]}

    def epoch(self):
        return self.stack.redis("HGET", "millrace:shop:format", "epoch")

    def no_change_is_under_way(self):
        """Tells it by the ledger: a Redis that was set back may have an older change to come, which the node hasn't
        seen yet."""
        return self.stack.redis("HMGET", "millrace:shop:format", "next", "phase") == ["", "live"
                                                                                      ] and self.stack.is_live()

    def test_where_nothing_has_changed_there_is_nothing_to_do(self):
        self.assertEqual(self.stack.door("plan", check=False).returncode, 0)
        pid = self.stack.pid("node")
        self.assertIn("Nothing to do", self.apply().stdout)
        self.assertEqual(self.stack.pid("node"), pid)

    def test_plan_tells_what_an_apply_would_do_and_does_nothing(self):
        self.write("more", BY_STATE, BY_ZIP)
        self.write("revenue", TOTAL.format(" WHERE total_amount > 50"))
        for words in (("plan", "--json"), ("apply", "--dry-run", "--json")):
            done = self.stack.door(*words, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            told = json.loads(done.stdout)
            steps = {figure["name"]: figure["step"] for figure in told["figures"] if figure["step"] != "unchanged"}
            self.assertEqual(
                steps, {"by_state": "added", "by_zip": "added", "revenue": "changed", "orders_by_status": "removed"})
            self.assertEqual({(row["table"], row["from"]) for row in told["rows"]}, {("public.customers", "memory"),
                                                                                     ("public.customers", "snapshot"),
                                                                                     ("public.orders", "memory")})
            self.assertEqual({x["figure"] for x in told["deleted"]}, {"revenue", "orders_by_status"})
        self.assertEqual(self.epoch(), "0")
        self.assertEqual(self.stack.redis("EXISTS", "states:customers"), 0)

    def test_figures_are_added_changed_and_removed_while_the_others_go_on(self):
        kept = [key for key in WATCHED if key != "metrics:orders:by_status"]
        names = self.assert_applied("with figures added, changed and removed", kept)
        self.assertLessEqual({"by_state", "by_zip", "revenue"}, names)
        self.assertNotIn("orders_by_status", names)
        self.assertEqual(self.stack.redis("EXISTS", "metrics:orders:by_status"), 0)

    def test_a_node_that_starts_runs_the_figures_last_applied(self):
        self.write("more", BY_STATE)
        self.stack.door("service", "restart", "node")
        self.assertIn("by_zip", self.stack.figure_states())
        self.assert_equal_to_sql(why="after a restart, with files that nobody has applied")

    def test_figures_leave_and_come_back(self):
        shutil.copy(REPOSITORY / "sql" / "figures" / "revenue.sql", self.folder)
        self.write("more", DEAREST, OF_ORDER, IDS)
        kept = [key for key in WATCHED if key != "metrics:orders:by_status"]
        names = self.assert_applied("with a new entity, a projection from memory, minima and maxima", kept)
        self.assertLessEqual({"dearest", "of_order", "ids", "orders_by_status"}, names)
        self.assertEqual(self.stack.redis("EXISTS", "customers:by_zip", "states:customers"), 0)
        self.write("more", BY_ZIP)
        self.assert_applied("with others again")
        self.assertEqual(self.stack.redis("EXISTS", "product:1:dearest", "customer:1:state"), 0)

    def test_a_table_that_no_figure_read_is_captured_and_filled(self):
        owner = self.stack.endpoints["POSTGRES_USER"]
        self.assertTrue(owner)
        self.stack.sql(
            "CREATE TABLE reviews (id bigserial PRIMARY KEY, product_id bigint NOT NULL REFERENCES products, stars "
            "integer NOT NULL)"
        )
        self.stack.sql("ALTER TABLE reviews REPLICA IDENTITY FULL")
        self.stack.sql(
            f"GRANT SELECT ON reviews TO {self.stack.endpoints['MILLRACE_NODE_USER']}, "
            f"{self.stack.endpoints['MILLRACE_DEBEZIUM_USER']}"
        )
        self.stack.sql(
            "INSERT INTO reviews (product_id, stars) SELECT 1 + n % 3, 1 + n % 5 FROM generate_series(1, 1000) AS n")
        self.write(
            "reviews",
            "-- redis: hash product:{product_id}:reviews name reviews\n"
            "SELECT product_id, count(*) AS reviews, avg(stars) AS stars FROM reviews GROUP BY product_id;\n"
        )
        self.assertEqual(
            json.loads(self.stack.door("plan", "--json", check=False).stdout)["new_tables"], ["public.reviews"])
        self.assert_applied("with a new table")
        self.stack.sql("INSERT INTO reviews (product_id, stars) VALUES (1, 5)")
        self.stack.sql("DELETE FROM reviews WHERE id < 100")
        self.assert_equal_to_sql(why="after changes of the new table")

    def test_a_column_that_comes_is_shown_from_the_next_apply_on(self):
        self.stack.sql("ALTER TABLE customers ADD COLUMN note text DEFAULT 'none yet'")
        told = json.loads(self.stack.door("plan", "--json", check=False).stdout)
        self.assertEqual([figure["name"] for figure in told["figures"] if figure["step"] == "changed"], ["customers"])
        self.assert_applied("with a new column", [key for key in WATCHED if key != "customer:1"])
        self.assertIn('"note":"none yet"', self.stack.redis("GET", "customer:1"))

    def test_a_column_that_is_renamed_stops_its_figures_until_an_apply(self):
        self.stack.sql("ALTER TABLE reviews RENAME COLUMN stars TO rating")
        self.stack.sql("INSERT INTO reviews (product_id, rating) VALUES (1, 4)")
        wait_until("the figure of the renamed column says so",
                   lambda: self.stack.figure_states()["reviews"] == "incomplete", 60)
        self.assertEqual({state for name, state in self.stack.figure_states().items() if name != "reviews"}, {"live"})
        path = self.folder / "reviews.sql"
        path.write_text(path.read_text().replace("stars)", "rating)"))
        with Watch(self.stack, WATCHED) as watch:
            self.apply()
        self.assertEqual(watch.absent, set())
        self.stack.door("dead-letters", "replay", "all")
        self.assert_equal_to_sql(why="with the renamed column")

    def restart_node(self):
        """Kills the node, and waits until its successor shows its figures."""
        self.stack.kill("node")
        wait_until("a node runs again", lambda: self.stack.figure_states(), 60)

    def test_what_no_figure_uses_may_change_and_the_node_may_restart(self):
        self.stack.sql("ALTER TABLE reviews ALTER COLUMN rating SET DEFAULT 3")
        with Watch(self.stack, WATCHED + ("product:1:reviews",)) as watch, Writer(self.stack) as writer:
            for change in ("ADD COLUMN remark text DEFAULT 'x'", "RENAME COLUMN remark TO comment",
                           "ALTER COLUMN comment TYPE varchar(20)", "DROP COLUMN comment"):
                self.stack.sql(f"ALTER TABLE reviews {change}")
                before = writer.statements
                wait_until("the table is written to", lambda: writer.statements > before + 3)
                self.restart_node()
                if "TYPE" in change:  # PostgreSQL rewrites the table: nobody can tell what else it changed
                    wait_until("the rewritten table was read again",
                               lambda: set(self.stack.figure_states().values()) == {"live"}, 60)
                self.assertEqual(set(self.stack.figure_states().values()), {"live"}, change)
        self.assertEqual(watch.absent, set())
        self.assert_equal_to_sql(why="with columns that came, changed and went")
        self.assertIn("0 dead letters", self.stack.door("dead-letters", "list").stdout)

    def assert_only_reviews_stop(self, change, query):
        """A change of a column that a figure uses, under load: that figure says so, through a restart too, and comes
        back with an apply."""
        others = {key for key in WATCHED}
        with Watch(self.stack, others) as watch, Writer(self.stack):
            self.stack.sql(f"ALTER TABLE reviews {change}")
            stopped = {"reviews": "incomplete"}
            wait_until("the figure says that it stopped",
                       lambda: self.stack.figure_states().get("reviews") == "incomplete", 60)
            self.restart_node()
            states = wait_until("the figure says so again", lambda:
                                (s := self.stack.figure_states()).get("reviews") == "incomplete" and s, 60)
            self.assertEqual({name: state for name, state in states.items() if state != "live"}, stopped)
            path = self.folder / "reviews.sql"
            path.write_text(path.read_text().partition("\n")[0] + f"\n{query};\n")
            self.apply()
        self.assertEqual(watch.absent, set())
        self.stack.door("dead-letters", "replay", "all")
        self.assert_equal_to_sql(why=change)

    def test_a_column_of_another_type_stops_its_figures_until_an_apply(self):
        self.assert_only_reviews_stop(
            "ALTER COLUMN rating TYPE numeric(4,1)",
            "SELECT product_id, count(*) AS reviews, avg(rating) AS rating FROM reviews GROUP BY product_id")

    def test_a_column_that_is_dropped_stops_its_figures_until_an_apply(self):
        self.assert_only_reviews_stop("DROP COLUMN rating",
                                      "SELECT product_id, count(*) AS reviews FROM reviews GROUP BY product_id")

    def apply_until_it_waits(self):
        """Applies beside a transaction that is open: the read of a table waits for it, and says so."""
        self.assertEqual(self.stack.door("apply", "--wait", 5, check=False).returncode, 3)
        wait_until("status names what the read waits for",
                   lambda: "transactions that were open" in self.stack.status().get("cluster", {}).get("stage", ""), 60)

    def test_a_transaction_that_is_open_when_tables_are_read_is_counted_once(self):
        session = self.stack.sql_of(self.stack.endpoints["POSTGRES_DB"])
        self.addCleanup(session.close)
        session("BEGIN")
        session("INSERT INTO reviews (product_id) SELECT 2 FROM generate_series(1, 50)")
        session("UPDATE orders SET total_amount = total_amount + 1 WHERE id IN (SELECT min(id) FROM orders)")
        self.write("more", NEWEST, BY_ZIP)
        self.apply_until_it_waits()
        session("COMMIT")
        self.assert_applied("after a transaction that was open")
        self.assert_equal_to_sql(why="after a transaction that was open when the tables were read")
        session("BEGIN")
        session("DELETE FROM reviews WHERE product_id = 2")
        self.write("more", BY_CITY)
        self.apply_until_it_waits()
        session("ROLLBACK")
        self.apply()
        self.assert_equal_to_sql(why="after a transaction that came to nothing")

    def test_a_refused_figure_changes_nothing(self):
        before, pid = self.epoch(), self.stack.pid("node")
        for name in ("bad", "fine"):
            self.addCleanup(self.write, name)
        self.write("bad", "-- redis: hash a:{id} name no_column\nSELECT id, nothing FROM customers;\n",
                   "-- redis: string b name no_table\nSELECT count(*) FROM nowhere;\n")
        self.write("fine", BY_STATE)
        for verb in ("plan", "apply"):
            done = self.stack.door(verb, check=False)
            self.assertEqual(done.returncode, 1)
            for word in ("nothing", "nowhere", "2 figures are refused"):
                self.assertIn(word, done.stderr)
        self.assertEqual((self.epoch(), self.stack.pid("node")), (before, pid))
        self.assertEqual(self.stack.redis("EXISTS", "states:customers"), 0)
        self.write("bad")
        self.write("fine")
        self.assertEqual(self.stack.door("plan", check=False).returncode, 0)

    def begin(self):
        """Begins an apply and goes on beside it."""
        return subprocess.Popen([str(stack.DOOR), "apply", "--wait", "120"], env=self.stack.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)

    def toggle(self, number):
        """Other figures than those before: some from memory, some by a snapshot, some changed."""
        self.write("more", *((BY_ZIP, DEAREST, IDS) if number % 2 else (BY_STATE, OF_ORDER, BY_ZIP)))
        self.write("revenue", TOTAL.format(f" WHERE total_amount > {number}"),
                   (REPOSITORY / "sql/figures/revenue.sql").read_text().partition("\n\n")[2].partition("\n\n")[2])

    def kill_the_node(self):
        """Kills it and returns its pid. An apply ends the node, too: the next one is killed then."""
        while True:
            pid = wait_until("a node runs", lambda: self.stack.pid("node"), 60)
            try:
                os.kill(pid, signal.SIGKILL)
                return pid
            except ProcessLookupError:
                continue

    def test_a_node_that_is_killed_in_the_middle_resumes(self):
        for number in range(KILLS):
            self.toggle(number)
            pause = self.dice.uniform(0.2, 6)
            with self.subTest(number=number, pause=pause), Watch(self.stack, WATCHED) as watch:
                work = self.begin()
                time.sleep(pause)
                pid = self.kill_the_node()
                said, _ = work.communicate(timeout=180)
                self.assertEqual(work.returncode, 0, said)
                print(f"node {pid} killed {pause:.2f} s after the apply began", flush=True)
            self.assertEqual(watch.absent, set())
            self.assert_equal_to_sql(why=f"seed {SEED}: the node was killed {pause:.2f} s after the apply began")
        self.assertIn("Nothing to do", self.apply().stdout)

    def test_a_killed_apply_can_be_resumed(self):
        for number in range(2):
            self.toggle(100 + number)
            pause = self.dice.uniform(0.1, 3)
            work = self.begin()
            time.sleep(pause)
            os.killpg(work.pid, signal.SIGKILL)
            work.communicate()
            print(f"apply killed after {pause:.2f} s", flush=True)
            self.apply()
            self.assertIn("Nothing to do", self.apply().stdout)
            self.assert_equal_to_sql(why=f"seed {SEED}: apply was killed after {pause:.2f} s")

    def test_a_redis_that_loses_its_tail_in_the_middle_loses_no_figure(self):
        for number in range(2):
            self.toggle(200 + number)
            work = self.begin()
            time.sleep(self.dice.uniform(1, 5))
            print(faults.Faults(self.stack, self.dice).cut_redis(), flush=True)
            said, _ = work.communicate(timeout=180)
            print(f"apply ended with {work.returncode}", flush=True)
            wait_until("the change that Redis went back to is done", self.no_change_is_under_way, 120)
            self.apply()
            self.assert_equal_to_sql(why=f"seed {SEED}: Redis lost its tail; apply said {said}")

    def test_up_takes_other_figures_the_same_way(self):
        self.write("more", BY_STATE)
        self.write("reviews")
        with Watch(self.stack, WATCHED) as watch:
            self.assertIn("Applied", self.stack.up("--yes").stderr)  # more than three figures go
        self.assertEqual(watch.absent, set())
        self.assert_equal_to_sql(why="after up")
        pid = self.stack.pid("node")
        self.assertNotIn("Applied", self.stack.up().stderr)
        self.assertEqual(self.stack.pid("node"), pid)

    def test_apply_takes_figures_of_another_folder(self):
        other = self.folder.parent / "others"
        shutil.copytree(self.folder, other)
        (other / "more.sql").write_text(BY_ZIP)
        self.apply("--figures", str(other))
        self.assertIn("by_zip", self.stack.figure_states())
        self.assertEqual(self.stack.door("plan", check=False).returncode, 0)
        self.assert_equal_to_sql(why="with figures of another folder")


if __name__ == "__main__":
    running.main()
