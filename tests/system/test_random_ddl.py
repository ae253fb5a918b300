#!/usr/bin/env python3
"""Random DDL between random rows: a figure that isn't equal to its SQL says so within ten seconds, and the commands
that it names mend it.

MILLRACE_STEPS=N sets how many steps, MILLRACE_SEED=N repeats them."""
import json
import os
import random

import clients
import running
from stack import wait_until

SEED = int(os.environ.get("MILLRACE_SEED") or 0) or int.from_bytes(os.urandom(4), "big")
STEPS = int(os.environ.get("MILLRACE_STEPS") or 8)
SECONDS = 10  #: within which a figure that is wrong says so
TABLES = ("red", "green", "blue")
TABLE = """CREATE TABLE {t} (id int PRIMARY KEY, g int NOT NULL, v int);
ALTER TABLE {t} REPLICA IDENTITY FULL;
INSERT INTO {t} SELECT n, n % 3, n FROM generate_series(1, 20) AS n;
GRANT SELECT ON {t} TO {readers}"""
FIGURES = """-- redis: hash {t}:sums field {{g}} name {t}
SELECT g, sum(v) AS s FROM {t} GROUP BY g;
-- redis: json {t}:{{id}} name {t}_rows
SELECT id, v FROM {t};
"""
#: By whom a superuser's statement is run: the tables' owner is none.
ADMINISTRATOR = "as administrator: "
#: PostgreSQL's word where a table was dropped, or taken out of the publication, by an earlier statement that nobody
#: has mended yet.
UNPUBLISHED = "is not part of the publication"
#: Statements on a table {t}, each a transaction; {p}: the publication, {n}: a number. Their figures stay as they are,
#: or can't be proved any more.
DDL = (
    "ALTER TABLE {t} ADD c{n} text DEFAULT 'x'", "CREATE INDEX ON {t} (v)", "ANALYZE {t}", "VACUUM {t}",
    "VACUUM FULL {t}", "TRUNCATE {t}",
    "ALTER TABLE {t} ALTER v TYPE int USING v + {n}",
    "ALTER TABLE {t} ALTER v TYPE bigint", "ALTER TABLE {t} ALTER v TYPE int", "CLUSTER {t} USING {t}_pkey",
    "BEGIN; ALTER TABLE {t} DROP v; ALTER TABLE {t} ADD v int DEFAULT {n}; COMMIT",
    "BEGIN; CREATE TABLE {t}_new (LIKE {t} INCLUDING ALL); INSERT INTO {t}_new SELECT * FROM {t} WHERE id % 2 = 0; "
    "DROP TABLE {t}; ALTER TABLE {t}_new RENAME TO {t}; "
    "ALTER INDEX {t}_new_pkey RENAME TO {t}_pkey; COMMIT",
    "ALTER TABLE {t} REPLICA IDENTITY DEFAULT", "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
    "BEGIN; ALTER PUBLICATION {p} DROP TABLE {t}; UPDATE {t} SET v = v + {n}; COMMIT",
    "BEGIN; ALTER PUBLICATION {p} DROP TABLE {t}; ALTER PUBLICATION {p} ADD TABLE {t} WHERE (g > 0); COMMIT",
    ADMINISTRATOR + "BEGIN; SET LOCAL session_replication_role = replica; UPDATE {t} SET v = v + {n}; COMMIT",
)


class RandomDdl(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.take_figures("revenue.sql")
        super().setUpClass()
        of = cls.stack.endpoints
        cls.words = {"p": "millrace_shop", "readers": f"{of['MILLRACE_NODE_USER']}, {of['MILLRACE_DEBEZIUM_USER']}"}
        for table in TABLES:
            cls.stack.sql(TABLE.format(t=table, **cls.words))
        (cls.folder / "tables.sql").write_text("".join(FIGURES.format(t=table) for table in TABLES))
        cls.stack.door("apply", "--wait", 300)
        cls.dice = random.Random(SEED)
        print(f"seed {SEED}: run again with MILLRACE_SEED={SEED}", flush=True)

    def run_sql(self, text):
        """Runs statements as one string where they are a transaction, else each by itself: VACUUM must be alone."""
        if text.startswith(ADMINISTRATOR):
            return self.stack.door("psql", "-qc", text.removeprefix(ADMINISTRATOR))
        for statement in [text] if text.startswith("BEGIN") else text.split("; "):
            try:
                self.stack.sql(statement)
            except clients.SqlError as error:
                if UNPUBLISHED not in str(error):
                    raise
                print(f"    refused: {error}", flush=True)

    def change_rows(self, table):
        number = self.dice.randrange(1000)
        self.stack.sql(self.dice.choice((
            f"INSERT INTO {table} (id, g, v) SELECT n, n % 3, {number} "
            f"FROM generate_series({number + 21}, {number + 25}) AS n ON CONFLICT DO NOTHING",
            f"UPDATE {table} SET v = v + {number} WHERE id % 3 = {number % 3}",
            f"UPDATE {table} SET g = (g + 1) % 3 WHERE id % 5 = {number % 5}",
            f"DELETE FROM {table} WHERE id % 7 = {number % 7}")))

    def change_some_rows(self):
        for _ in range(self.dice.randrange(1, 6)):
            self.change_rows(self.dice.choice(TABLES))

    def told(self):
        """Returns the figures that aren't live, with why. Raises OSError while the node doesn't answer, or starts: then
        it claims nothing."""
        status = self.stack.status()
        if "figures" not in status:
            raise OSError(f"the node shows no figures: {json.dumps(status)[:300]}")
        return {figure["name"]: figure["why"] for figure in status["figures"] if figure["state"] != "live"}

    def told_now(self):
        """Returns the same, of a node that may be starting."""
        return wait_until("the node shows its figures", lambda: [self.told()], 60)[0]

    def differing(self):
        """Returns the figures in Redis that aren't equal to their SQL."""
        out = set()
        for table in TABLES:
            found = self.stack.sql(f"SELECT g, sum(v) FROM {table} GROUP BY g")
            sums = {row[0]: row[1] for row in found if row[1] is not None}
            have = self.stack.redis("HGETALL", f"{table}:sums")
            if dict(zip(have[::2], have[1::2])) != sums:
                out.add(table)
            found = self.stack.sql(f"SELECT id, v FROM {table}")
            rows = {f"{table}:{row[0]}": {"id": int(row[0]), "v": row[1] and int(row[1])} for row in found}
            keys = [key for key in self.stack.redis("KEYS", f"{table}:*") if key != f"{table}:sums"]
            if {key: json.loads(self.stack.redis("GET", key) or "null") for key in keys} != rows:
                out.add(f"{table}_rows")
        return out

    def wrong_and_live(self):
        return self.differing() - set(self.told())

    def mend(self):
        """Does what the figures say mends them, until all are live again. A doubt keeps its words until the table has
        been read: a statement is run once."""
        ran = set()
        for _ in range(10):
            told = self.told_now()
            if not told:
                return
            for command in self.commands_in(told):
                if command.startswith("millrace") or command not in ran:
                    self.do(command)
                ran.add(command)
            try:
                wait_until("all is live again", lambda: not self.told(), SECONDS)
            except AssertionError:
                continue
        self.fail(f"what the figures say doesn't mend them: {self.told_now()}")

    @staticmethod
    def commands_in(told):
        """Returns what the figures say mends them, each command once."""
        words = [why.partition("Mend it by: ")[2].split("; ") for why in told.values()]
        return list(dict.fromkeys(command for some in words for command in some if command))

    def do(self, command):
        words = command.split()
        if words[0] != "millrace":
            done = self.stack.door("psql", "-qc", command, check=False)
            if done.returncode:  # the words were of before the last statement: others follow
                wait_until(f"nothing says any more: {command}",
                           lambda: command not in self.commands_in(self.told_now()), SECONDS)
            return None
        if words[1] == "apply":
            return self.stack.door(*words[1:], "--yes", "--wait", "120")
        done = self.stack.door(*words[1:], check=False)
        if done.returncode:  # a later statement is in the way, and nobody has mended it yet
            self.assertIn("Mend it by: ", done.stderr)

    def test_a_figure_that_is_wrong_says_so_and_its_words_mend_it(self):
        for step in range(1, STEPS + 1):
            self.change_some_rows()
            table, ddl = self.dice.choice(TABLES), self.dice.choice(DDL)
            text = ddl.format(t=table, n=self.dice.randrange(1, 100), **self.words)
            print(f"{step}/{STEPS} {text}", flush=True)
            self.run_sql(text)
            self.change_some_rows()
            wait_until(f"figures that differ say so after {text}", lambda: not self.wrong_and_live(), SECONDS)
            if self.dice.random() < 0.5:
                self.mend()
                wait_until("all is equal", lambda: not self.differing(), 60)
        self.mend()
        self.assert_equal_to_sql(60, why="all is mended")


if __name__ == "__main__":
    running.main()
