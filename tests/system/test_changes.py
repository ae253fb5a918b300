#!/usr/bin/env python3
"""Whatever SQL does to the tables, Redis shows it: random transactions, then `verify`. And what verify is worth: it
finds a seeded mistake."""
import os

import running
import workload
from stack import wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
ROUNDS = int(os.environ.get("MILLRACE_ROUNDS", "3"))
TRANSACTIONS = int(os.environ.get("MILLRACE_TRANSACTIONS", "250"))
BIG = 10_000_000


class Changes(running.SystemTest):
    settings = {"MILLRACE_WALK_PLACES": "0"}  # what it puts into Redis is for verify to find

    @classmethod
    def setUpClass(cls):
        cls.take_figures()
        super().setUpClass()
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def test_the_first_snapshot_is_whole(self):
        report = self.assert_equal_to_sql(why="after the first snapshot")
        self.assertGreaterEqual(len(report["figures"]), 16)
        self.assertGreater(max(figure["rows"] for figure in report["figures"]), 10)

    def test_a_database_that_is_quiet_behind_a_restart_is_drained(self):
        """Debezium that resumes behind a commit confirms nothing until the next commit comes."""
        for number in range(3):
            self.stack.sql(f"UPDATE customers SET state = 'quiet {number}' WHERE id = (SELECT min(id) FROM customers)")
            self.stack.door("service", "restart", "postgres")
            self.stack.sql.close()
            self.assert_equal_to_sql(wait=30, why=f"restart {number}")

    def test_random_transactions_come_out_equal(self):
        work = workload.Workload(self.stack.sql, SEED)
        for number in range(1, ROUNDS + 1):
            work.run(TRANSACTIONS)
            self.assert_equal_to_sql(why=f"seed {SEED}, round {number}, {number * TRANSACTIONS} transactions")

    def test_rows_written_by_copy_come_out_equal(self):
        script = "COPY customers (first_name, last_name, email, state, created_at) FROM STDIN;\n"
        script += "".join(
            f"Copied\tRow {n}\tcopy.{SEED}.{n}@example.org\t{('CA', chr(92) + 'N', 'NY')[n % 3]}\t2026-01-01 00:00:00\n"
            for n in range(5000))
        before = int(self.stack.sql.one("SELECT count(*) FROM customers"))
        self.stack.sql(script + "\\.\n")
        self.assertEqual(int(self.stack.sql.one("SELECT count(*) FROM customers")), before + 5000)
        self.assert_equal_to_sql(why="after COPY")

    def test_a_text_of_ten_megabytes_comes_through_and_survives_an_update_beside_it(self):
        ask = self.stack.sql
        made = ask.one(
            "INSERT INTO customers (first_name, last_name, email, address) SELECT 'Big', 'Text', "
            f"'big.{SEED}@example.org', "
            f"string_agg(md5(n::text) || '✓', '') FROM generate_series(1, {BIG // 33}) AS n RETURNING id")
        self.assertGreater(int(ask.one(f"SELECT octet_length(address) FROM customers WHERE id = {made}")), BIG)
        ask(f"UPDATE customers SET city = 'beside' WHERE id = {made}")
        wait_until("the big row is in Redis with its new city", lambda: '"city":"beside"' in
                   (self.stack.redis("GET", f"customer:{made}") or ""), 90)
        self.assertGreater(self.stack.redis("STRLEN", f"customer:{made}"), BIG)
        self.assert_equal_to_sql(why="with a text of 10 MB")
        ask(f"UPDATE customers SET address = 'short again' WHERE id = {made}")
        self.assert_equal_to_sql(why="after the text of 10 MB has gone")

    def test_truncate_empties_the_figures(self):
        self.stack.sql("TRUNCATE customers, orders, order_items, products RESTART IDENTITY CASCADE")
        self.assert_equal_to_sql(why="after TRUNCATE of all tables")
        self.assertEqual(self.stack.redis("EXISTS", "metrics:orders:by_status"), 0)

    def test_tables_that_were_truncated_fill_again_with_the_same_keys(self):
        work = workload.Workload(self.stack.sql, SEED + 1)
        work.run(TRANSACTIONS // 2)
        self.assert_equal_to_sql(why=f"seed {SEED + 1}, after TRUNCATE")

    def test_verify_names_the_figure_and_the_place_of_a_seeded_mistake(self):
        self.stack.sql(
            "INSERT INTO customers (first_name, last_name, email, state) VALUES ('Seeded', 'Mistake', "
            "'mistake@example.org', 'ZZ')"
        )
        self.assert_equal_to_sql(why="before the mistake")
        right = self.stack.redis("HGET", "realtime:geo:customers", "ZZ")
        self.assertEqual(right, "1")
        self.stack.redis("HSET", "realtime:geo:customers", "ZZ", "12345")
        self.assert_verify_finds("geo_customers", "realtime:geo:customers", "ZZ", sql="1", redis="12345")
        self.stack.redis("HSET", "realtime:geo:customers", "ZZ", right)
        self.stack.redis("SET", "customer:987654321", "{}")
        self.assert_verify_finds("customers", "customer:987654321", None, sql=None, redis="{}")
        self.stack.redis("DEL", "customer:987654321")
        self.assert_equal_to_sql(why="after the mistakes were taken back")

    def assert_verify_finds(self, name, key, member, sql, redis):
        code, report = self.stack.verify(20)
        self.assertEqual(code, 1, running.in_words(report))
        wrong = [figure for figure in report["figures"] if not figure["equal"]]
        self.assertEqual([figure["figure"] for figure in wrong], [name])
        self.assertEqual(wrong[0]["result"], "differs")
        self.assertEqual(wrong[0]["differing"], 1)
        found = wrong[0]["differences"][0]
        self.assertEqual((found["key"], found.get("member"), found["sql"], found["redis"]), (key, member, sql, redis))

    def test_verify_prints_a_table_for_people(self):
        done = self.stack.door("verify", "--wait", 60)
        for figure in ("geo_customers", "top_products", "revenue"):
            self.assertRegex(done.stdout, rf"(?m)^{figure} +\d+ +equal")

    def test_a_figure_added_as_a_file_is_shown_by_another_up(self):
        (self.folder / "zip_codes.sql").write_text(
            "-- redis: hash customers:by_zip field {zip_code} name by_zip\n"
            "SELECT zip_code, count(*) AS customers FROM customers GROUP BY zip_code;\n")
        self.assertIn("Applied", self.stack.up().stderr)
        report = self.assert_equal_to_sql(why="with one more figure")
        self.assertIn("by_zip", [figure["figure"] for figure in report["figures"]])
        self.stack.sql(
            "INSERT INTO customers (first_name, last_name, email, zip_code) VALUES ('New', 'Figure', "
            "'new.figure@example.org', '31337')"
        )
        wait_until("the new figure counts a new row",
                   lambda: self.stack.redis("HGET", "customers:by_zip", "31337") == "1")

    def test_a_figure_whose_file_is_gone_leaves_redis(self):
        (self.folder / "zip_codes.sql").unlink()
        self.assertIn("Applied", self.stack.up().stderr)
        self.assertEqual(self.stack.redis("EXISTS", "customers:by_zip"), 0)
        self.assert_equal_to_sql(why="with one figure less")

    def test_an_up_that_changes_nothing_restarts_nothing(self):
        before = self.stack.pid("node")
        self.assertNotIn("Applied", self.stack.up().stderr)
        self.assertEqual(self.stack.pid("node"), before)


if __name__ == "__main__":
    running.main()
