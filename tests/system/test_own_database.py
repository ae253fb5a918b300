#!/usr/bin/env python3
"""Two projects of one database, beside the shop on the same PostgreSQL, Redis, Kafka and Kafka Connect: each exact, and
neither touches another."""
import json
import os
import random

import projects
import running
from stack import REPOSITORY, wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
ROUNDS = int(os.environ.get("MILLRACE_ROUNDS", "40"))
SCHEMA = REPOSITORY / "tests" / "system" / "schemas" / "pagila.sql"
STREETS = ("Am Mühlbach", "a:b%c", "", "{x} \"y\" ''z''")


def statements(dice):
    """Returns a few statements that change many kinds of rows: keys too, and what an unchanged long text lies
    beside."""
    street, other = dice.choice(STREETS), dice.choice(STREETS)
    return dice.sample([
        f"INSERT INTO rental (inventory_id, customer_id) SELECT 1 + floor(random() * 900), {dice.randrange(1, 600)} "
        "FROM generate_series(1, 20)",
        f"UPDATE rental SET return_date = now(), inventory_id = {dice.randrange(1, 901)} WHERE rental_id % 50 = "
        f"{dice.randrange(50)}",
        f"DELETE FROM rental WHERE rental_id % 97 = {dice.randrange(97)}",
        f"UPDATE film SET rating = {dice.choice(('NULL', chr(39) + 'NC-17' + chr(39), chr(39) + 'G' + chr(39)))}, "
        f"language_id = {dice.randrange(1, 4)}, "
        f"rental_rate = rental_rate + 0.01 WHERE film_id % 11 = {dice.randrange(11)}",
        f"UPDATE film SET description = repeat('x', {dice.choice((3, 9000))}) WHERE film_id = {dice.randrange(1, 301)}",
        f"DELETE FROM film_actor WHERE actor_id = {dice.randrange(1, 121)} AND film_id % 2 = 0",
        f"INSERT INTO film_actor (actor_id, film_id) VALUES ({dice.randrange(1, 121)}, {dice.randrange(1, 301)}) ON "
        "CONFLICT DO NOTHING",
        f"INSERT INTO \"Büro\".\"user\" VALUES ('{street}', {dice.randrange(1000)}, {dice.randrange(9999)}.5, "
        "DEFAULT, NULL) ON CONFLICT DO NOTHING",
        f"UPDATE \"Büro\".\"user\" SET \"Kürzel\" = '{other}', nr = nr + 5000 + {dice.randrange(10 ** 6)} WHERE "
        f"\"Kürzel\" = '{street}' AND nr % 7 = 3",
        "UPDATE \"Büro\".\"user\" SET note = 'ü' || nr, \"Größe in m²\" = \"Größe in m²\" + 0.25 WHERE nr % 5 = "
        f"{dice.randrange(5)}",
        "UPDATE \"Büro\".\"Straßen & Plätze\" SET \"order\" = \"order\" + 1, \"Länge m\" = NULL WHERE \"Kürzel\" = "
        f"'{street}'",
        "INSERT INTO payment (customer_id, rental_id, amount, payment_date) VALUES (1, 1, 0.99, now())",
    ], dice.randrange(1, 5))


class OwnDatabase(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.stack
        cls.shop.door("psql", "-q", "-c", f"CREATE DATABASE pagila OWNER {cls.shop.endpoints['POSTGRES_USER']}")
        cls.shop.sql_of("pagila")(SCHEMA.read_text())
        cls.one, cls.two = (projects.Project(cls.shop, name, "pagila", 2 + i).__enter__()
                            for i, name in enumerate(("films", "lending")))
        cls.addClassCleanup(cls.one.__exit__)
        cls.addClassCleanup(cls.two.__exit__)
        cls.stack = cls.one  # whose log a failure shows
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def assert_all_equal(self, *which, why):
        for project in which:
            code, report = project.verify(180)
            self.assertEqual(
                code, 0,
                f"{why}: {getattr(project, 'name', 'shop')}: verify ended with {code}\n{running.in_words(report)}")
            self.assertGreater(len(report["figures"]), 0)

    def test_init_says_which_tables_can_be_served_and_why_others_cannot(self):
        said = self.one.init()
        for table in ("public.rental", "public.film", "public.film_actor", "Büro.user", "Büro.Straßen & Plätze"):
            self.assertRegex(said, rf"(?m)^  {table} .*(figures/|no example)")
        self.assertRegex(said, r"public\.payment .*can't be served: .*a partitioned table")
        self.assertRegex(said, r"public\.payment_late .*can't be served: .*a partition")
        self.assertRegex(said, r"Büro\.log .*can't be served: .*no primary key")

    def test_what_cannot_be_shown_is_left_out_with_the_reason(self):
        film = (self.one.folder / "figures" / "film.sql").read_text()
        self.assertIn("special_features (of type text[])", film)
        self.assertIn("fulltext (of type tsvector)", film)
        user = (self.one.folder / "figures" / "Büro.user.sql").read_text()
        self.assertIn("doubled (generated: it never comes in the log)", user)

    def test_two_projects_of_one_database_are_served_exactly(self):
        self.two.init()
        for project in (self.one, self.two):
            (project.folder / "figures" / "mine.sql").write_text(
                "-- redis: hash films:by_rating field {rating} name by_rating\n"
                "SELECT rating, count(*) AS films FROM film GROUP BY rating;\n\n"
                "-- redis: hash films:in:{name} name by_language\n"
                "SELECT language.name, count(*) AS films, sum(rental_rate) AS rates FROM film "
                "JOIN language ON language.language_id = film.language_id GROUP BY language.name;\n" if project is
                self.one else
                "-- redis: hash rentals:of:{inventory_id} name mine\n"
                "SELECT inventory_id, count(*) AS rentals, count(return_date) AS back FROM rental GROUP BY "
                "inventory_id;\n"
            )
            project.prepare()
        if "language.name" in (self.one.folder / "figures" / "mine.sql").read_text():
            refused = self.one.door("check", self.one.folder / "figures", check=False)
            self.assertEqual(refused.returncode, 1)  # char(n) is no key
            mine = self.one.folder / "figures" / "mine.sql"
            mine.write_text(mine.read_text().partition("\n\n")[0] + "\n")
        for project in (self.one, self.two):
            project.up()
        self.assert_all_equal(self.one, self.two, self.shop, why="after the first fill")

    def test_load_and_kills_come_out_equal(self):
        dice = random.Random(SEED)
        for number in range(ROUNDS):
            self.one.sql("BEGIN;\n" + ";\n".join(statements(dice)) + ";\nCOMMIT")
            if number % 10 == 5:
                victim = dice.choice((self.one, self.two))
                wait_until("its node runs", lambda: victim.pid("node"), 60)
                victim.kill("node")
        for project in (self.one, self.two):
            wait_until("all figures are live again", project.is_live, 300)
        self.assert_all_equal(self.one, self.two, why=f"seed {SEED}, after load and kills")
        rating = self.one.sql("SELECT rating, count(*) FROM film WHERE rating IS NOT NULL GROUP BY 1 ORDER BY 1")
        shown = self.one.redis("HGETALL", "films:films:by_rating")
        self.assertEqual(dict(rating), dict(zip(shown[::2], shown[1::2])))

    def test_a_row_with_a_key_of_odd_letters_is_json_in_redis(self):
        self.one.sql("INSERT INTO \"Büro\".\"user\" VALUES ('a:b%c', 4711, 12.5, DEFAULT, 'ok') ON CONFLICT DO NOTHING")
        self.assert_all_equal(self.one, why="with one more row")
        shown = json.loads(self.one.redis("GET", "films:Büro.user:row:a%3Ab%25c:4711"))
        self.assertEqual(shown, {"Kürzel": "a:b%c", "nr": 4711, "Größe in m²": 12.5, "note": "ok"})

    def test_remove_shows_first_and_takes_nothing(self):
        shown = self.two.door("remove").stdout
        for what in ("connector    millrace-lending", "slot         millrace_lending", "publication  millrace_lending",
                     "schema       millrace_lending", "topic        lending.public.rental",
                     "topic        lending.dead-letters", "of the figure mine", "counters of change records"):
            self.assertIn(what, shown)
        self.assertIn("--yes", shown)
        self.assert_all_equal(self.two, why="after remove without --yes")

    def test_remove_takes_all_of_one_project_and_nothing_of_the_other(self):
        before = projects.keys(self.one.redis, "films:*")
        left = self.two.door("remove", "--yes", check=False)
        # The roles are an administrator's to drop, and it says so.
        self.assertIn(left.returncode, (0, 1), left.stderr)
        self.assertEqual(
            projects.keys(self.two.redis, "lending:*") + projects.keys(self.two.redis, "millrace:lending:*"), [])
        self.assertFalse([name for name in self.two.kafka.partitions("lending.")])
        self.assertEqual(self.two.sql("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'millrace_lending'"), [])
        if left.returncode == 1:
            self.assertIn("DROP ROLE", left.stdout)
            sql = left.stdout.partition("by this SQL:\n")[2]
            self.shop.door("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "pagila", "-c", sql)
        again = self.two.door("remove").stdout
        self.assertIn("has nothing on these servers", again)
        after = set(projects.keys(self.one.redis, "films:*"))
        self.assertEqual([key for key in before if key not in after], [])
        self.one.sql("UPDATE film SET rental_rate = rental_rate + 1 WHERE film_id < 50")
        self.assert_all_equal(self.one, self.shop, why="after the other project was removed")


if __name__ == "__main__":
    running.main()
