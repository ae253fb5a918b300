#!/usr/bin/env python3
"""pgbench's own tables under pgbench's own load, served by `init` and `up --project`, with nodes killed in between: at
the end TPC-B's four sums are one."""
import os
import random
import subprocess
import time

import projects
import running
from stack import wait_until

SECONDS = int(os.environ.get("MILLRACE_PGBENCH_SECONDS", "30"))
KILLS = int(os.environ.get("MILLRACE_PGBENCH_KILLS", "4"))
SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
TABLES = {"accounts": "abalance", "tellers": "tbalance", "branches": "bbalance", "history": "delta"}
SUMS = "".join(
    f"-- redis: string tpcb:{table} name tpcb_{table}\nSELECT sum({column}) AS total FROM pgbench_{table};\n\n"
    for table, column in TABLES.items())


class Pgbench(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.stack
        cls.shop.door("psql", "-q", "-c", f"CREATE DATABASE bench OWNER {cls.shop.endpoints['POSTGRES_USER']}")
        cls.project = projects.Project(cls.shop, "bench", "bench", 0).__enter__()
        cls.addClassCleanup(cls.project.__exit__)
        cls.stack = cls.project  # whose log a failure shows
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def pgbench(self, *arguments, wait=True):
        command = [PGBENCH, *map(str, arguments)]
        environment = self.shop.libpq_environment("bench")
        if not wait:
            return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True)
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    def test_init_writes_figures_for_pgbenchs_four_tables(self):
        self.pgbench("-i", "-q", "-s", 2, "--foreign-keys")
        self.project.sql("ALTER TABLE pgbench_history ADD COLUMN id bigserial PRIMARY KEY")
        said = self.project.init()
        for table in TABLES:
            self.assertRegex(said, rf"public\.pgbench_{table} .*figures/pgbench_{table}\.sql, [345] figures")
        for name, secret in projects.secrets_of(self.project.folder).items():
            self.assertNotIn(secret, said)
            self.assertEqual((self.project.folder / "secrets" / name).stat().st_mode & 0o777, 0o600)
        for file in (self.project.folder / "millrace.env", self.project.folder / "prepare.sql"):
            self.assertFalse(
                [secret for secret in projects.secrets_of(self.project.folder).values() if secret in file.read_text()])

    def test_init_writes_over_nothing(self):
        done = self.shop.door("init", self.project.folder, "--database", "bench", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is there already", done.stderr)

    def test_up_names_everything_that_the_database_lacks_at_once(self):
        done = self.project.up(check=False)
        self.assertNotEqual(done.returncode, 0)
        for what in ("no role millrace_bench_debezium", "no role millrace_bench_node", "no schema millrace_bench",
                     "no publication millrace_bench", "old rows of public.pgbench_history",
                     "may not read public.pgbench_accounts"):
            self.assertIn(what, done.stderr)

    def test_served_as_it_was_written_and_with_four_sums_of_our_own(self):
        (self.project.folder / "figures" / "tpcb.sql").write_text(SUMS)
        self.project.prepare()
        self.assertEqual(self.project.door("prepare").stdout.strip().splitlines()[-1], "-- Nothing is missing.")
        self.project.up()
        report = self.assert_equal_to_sql(180, why="after the first fill")
        self.assertGreaterEqual(len(report["figures"]), 16)
        self.assertGreaterEqual(max(figure["rows"] for figure in report["figures"]), 200000)

    def test_nodes_die_under_eight_clients_and_the_four_sums_are_one(self):
        dice, killed = random.Random(SEED), []
        load = self.pgbench("-n", "-c", 8, "-j", 2, "-T", SECONDS, wait=False)
        try:
            while load.poll() is None and len(killed) < KILLS:
                wait_until("a node runs", lambda: self.project.pid("node"), 60)
                killed.append(self.project.kill("node"))
                time.sleep(dice.uniform(0.5, SECONDS / KILLS))  # load between the kills; what decides is polled
        finally:
            said = load.communicate()[0]
        self.assertEqual(load.returncode, 0, said)
        self.assertGreaterEqual(len(killed), 2, "the load was over before a second kill")
        wait_until("all figures are live again", self.project.is_live, 300)
        self.assert_equal_to_sql(300, why=f"seed {SEED}, after {len(killed)} kills")
        shown = {table: self.project.redis("GET", f"bench:tpcb:{table}") for table in TABLES}
        asked = {
            table: self.project.sql.one(f"SELECT sum({column}) FROM pgbench_{table}")
            for table, column in TABLES.items()
        }
        self.assertEqual(shown, asked)
        self.assertEqual(len(set(shown.values())), 1, shown)
        written = int(self.project.sql.one("SELECT count(*) FROM pgbench_history"))
        self.assertGreater(written, 100)
        self.assertEqual(self.project.redis("GET", "bench:pgbench_history:count"), str(written))
        print(f"{written} transactions of 8 clients, nodes {killed} killed; the four sums are {shown['accounts']}",
              flush=True)

    def test_a_run_that_empties_the_history_first_comes_out_equal_too(self):
        self.pgbench("-c", 8, "-j", 2, "-t", 50)  # without -n it begins with TRUNCATE
        self.assertEqual(self.project.sql.one("SELECT count(*) FROM pgbench_history"), "400")
        self.assert_equal_to_sql(180, why="after a run that begins with TRUNCATE")
        self.assertEqual(self.project.redis("GET", "bench:pgbench_history:count"), "400")

    def test_the_shop_beside_it_is_as_it_was(self):
        code, report = self.shop.verify(90)
        self.assertEqual(code, 0, running.in_words(report))


if __name__ == "__main__":
    running.main()
