#!/usr/bin/env python3
"""A user of the database who may create things, and names them so that they are commands: scripts, messages and verbs
with such names."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import stack
from psql_commands import commands, foreign

sys.path.insert(0, str(stack.REPOSITORY / "deploy" / "stack"))

import build
import postgres
import settings

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]")
PASSWORD = "app's"


def name(text):
    return '"' + text.replace('"', '""') + '"'


def literal(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class HostileNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-names-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.folder.chmod(0o755)
        cls.trap = pathlib.Path(tempfile.mkdtemp(prefix="trap-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.trap, ignore_errors=True)
        cls.trap.chmod(0o777)
        cls.port = stack.FIRST_PORT
        given = {"MILLRACE_HOME": str(cls.folder / "home"), "POSTGRES_PORT": str(cls.port)}
        empty = cls.folder / "settings.env"
        empty.write_text("")
        cls.server = postgres.Postgres(settings.resolve({}, given, empty))
        cls.enterClassContext(cls.server.alone())
        cls.binary = build.binary()
        cls.make_database()

    @classmethod
    def names(cls):
        touch = f"touch {cls.trap}/"
        return [
            f"a\n\\! {touch}1", f"b\r\\! {touch}2", "c\nSELECT 'CREATE TABLE sprung ()' \\gexec",
            "d\"; DROP TABLE plain; --", "e'; DROP TABLE plain; --", "f$$; DROP TABLE plain; $$", f"g\\! {touch}3",
            f"h`{touch}4`", "i:USER :'USER'", "j*/ DROP TABLE plain; /*", f"k\u2028\\! {touch}5",
            "l\x1b]0;x\x07\x1b[2J\u202e", "m{x} }}", "n\nredis: string stolen", "o\x9b31m", "p\u0085x"
        ]

    @classmethod
    def make_database(cls):
        cls.psql(
            "postgres",
            f"CREATE ROLE app LOGIN PASSWORD {literal(PASSWORD)}; CREATE ROLE mallory;\n"
            "CREATE DATABASE app OWNER app;\nGRANT CREATE ON DATABASE app TO mallory;\n"
        )
        cls.psql("app", "CREATE TABLE plain (id int PRIMARY KEY, n int); GRANT CREATE ON SCHEMA public TO mallory;\n")
        script = ""
        for number, text in enumerate(cls.names()):
            one, kind = name(text), f"{name(text)}.{name(text + 'e')}"
            script += (
                f"CREATE SCHEMA {one}; GRANT USAGE ON SCHEMA {one} TO app;\n"
                f"CREATE TYPE {kind} AS ENUM ({literal(text)});\n"
                f"CREATE TABLE {one}.{one} ({one} int PRIMARY KEY, n int);\n"
                f"CREATE TABLE {one} (id int PRIMARY KEY, n numeric(9,2));\n"
                f"CREATE TABLE t{number} (id int PRIMARY KEY, {one} int CONSTRAINT {one} REFERENCES {one}, typed "
                f"{kind});\nCREATE TABLE l{number} (id int PRIMARY KEY, typed {kind});\n"
            )
        # By -c: psql reads no commands there, and these names have some.
        for statement in script.split(";\n"):
            cls.psql("app", statement, "-c", f"SET ROLE mallory; {statement}")

    @classmethod
    def psql(cls, database, script, *words):
        """Runs a script as the administrator, as README says."""
        environment = {
            "PATH": os.environ["PATH"], "PGHOST": "127.0.0.1", "PGPORT": str(cls.port), "PGUSER": postgres.SUPERUSER,
            "PGCLIENTENCODING": "UTF8", "PGPASSWORD": cls.server.home.secret("POSTGRES_ADMIN_PASSWORD")
        }
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, *words]
        done = subprocess.run(command, input=script, capture_output=True, text=True, env=environment, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"psql ended with {done.returncode}: {done.stderr}\n{script}")
        return done.stdout

    def run_verb(self, *words, cwd=None, **environment):
        base = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.port), "POSTGRES_DB": "app", "POSTGRES_USER": "app",
            "POSTGRES_PASSWORD": PASSWORD, "PGPASSWORD": PASSWORD
        }
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, env={**base, **environment},
                              cwd=cwd, timeout=120)
        out, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertIsNone(CONTROLS.search(out), out)
        self.assertIsNone(CONTROLS.search(errors), errors)
        return done.returncode, out, errors

    def assert_nothing_ran(self):
        self.assertEqual(list(self.trap.iterdir()), [])
        self.assertEqual(
            self.psql("app", "SELECT count(*) FROM pg_tables WHERE tablename IN ('plain', 'sprung');\n", "-At").strip(),
            "1")

    def figure(self, text):
        file = self.folder / "figure.sql"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def test_the_checker_knows_what_psql_runs(self):
        for text in ("-- a\n\\! id\n", "-- a\r\\! id\n", "SELECT 'a'\\! id", "/* /* */ \\! id */ \\! id",
                     "SELECT $a$ $b$ \\! id $a$ \\! id", "SELECT E'\\'' \\! id"):
            self.assertEqual(foreign(text), ["\\! id"])
        for text in ("-- \\! id", "SELECT 'a\n\\! id'", "SELECT \"a\n\\! id\"", "/* \\! id */", "SELECT $$ \\! id $$",
                     "SELECT E'a\\'\n\\! id'", "SELECT 1::int"):
            self.assertEqual(commands(text), [])
        for text in ("\\! id", "\\set x `id`", "\\echo `id`", "\\o |id", "\\copy t TO PROGRAM 'id'", "SELECT :USER",
                     "\\set ON_ERROR_STOP on \\! id", "\\echo 'a' `id`"):
            self.assertEqual(len(foreign(text)), 1, text)

    def test_init_and_prepare_of_a_hostile_catalog_run_nothing(self):
        project = self.folder / "app"
        code, out, errors = self.run_verb("init", project, "--postgres", f"postgresql://app@127.0.0.1:{self.port}/app")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn('can\'t be served: the name of the table "a\\n\\! touch', out)
        figures = sorted((project / "figures").iterdir())
        self.assertGreater(len(figures), 3)
        for file in figures:
            text = file.read_text()
            self.assertEqual(commands(text), [], file)
            self.assertIsNone(CONTROLS.search(text), file)
            self.assertEqual([line for line in text.splitlines() if re.match(r"-- ?redis: .*stolen", line)], [])
            self.psql("app", text)
        script = (project / "prepare.sql").read_text()
        self.assertEqual(foreign(script), [])
        self.psql("app", script)
        self.assert_nothing_ran()
        lines = [
            line.split("=", 1)
            for line in (project / "millrace.env").read_text().splitlines()
            if re.match("[A-Z]", line)
        ]
        told = {
            key: value.strip("'")
            for key, value in lines
            if not key.endswith("_FILE") and not key.startswith("POSTGRES_") or key == "POSTGRES_PORT"
        }
        code, script, errors = self.run_verb("prepare", "--secrets", project / "secrets", cwd=project, **told)
        self.assertIn(code, (0, 1), errors)
        self.assertEqual(foreign(script), [])
        self.psql("app", script)
        self.assert_nothing_ran()

    def test_a_schema_that_somebody_has_planted_gives_nobody_the_rights_of_who_prepares(self):
        self.psql("app", "SET SESSION AUTHORIZATION app; CREATE TABLE ours (id int PRIMARY KEY, n numeric(9,2));\n")
        project = self.folder / "planted"
        self.run_verb("init", project, "--postgres", f"postgresql://app@127.0.0.1:{self.port}/app")
        script = (project / "prepare.sql").read_text()
        self.psql(
            "app",
            "SET SESSION AUTHORIZATION mallory; CREATE SCHEMA millrace_planted;\n"
            "CREATE TABLE millrace_planted.anchor (id int PRIMARY KEY, note text);\n"
            "CREATE FUNCTION millrace_planted.rise() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN ALTER ROLE mallory SUPERUSER; RETURN new; END $$;\n"
            "CREATE TRIGGER rise BEFORE INSERT ON millrace_planted.anchor EXECUTE FUNCTION millrace_planted.rise();\n")
        with self.assertRaisesRegex(AssertionError, "belongs to the role mallory, whose triggers would run as you"):
            self.psql("app", script)
        self.assertEqual(self.psql("app", "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory';\n", "-At"), "f\n")
        (self.folder / "planted2").mkdir()
        # Planted whole, the script stops too: nothing is missing but the rights.
        self.psql(
            "app",
            "SET SESSION AUTHORIZATION mallory; ALTER TABLE millrace_planted.anchor DISABLE TRIGGER rise;\n"
            "INSERT INTO millrace_planted.anchor VALUES (1, '');\n"
            "CREATE TABLE millrace_planted.debezium_signal (id varchar(64) PRIMARY KEY, type text, data text);\n")
        again = self.folder / "planted2" / "planted"
        self.run_verb("init", again, "--postgres", f"postgresql://app@127.0.0.1:{self.port}/app")
        script = (again / "prepare.sql").read_text()
        self.assertIn("the schema millrace_planted or a table in it belongs to mallory", script)
        with self.assertRaisesRegex(AssertionError, "belongs to the role mallory, whose triggers would run as you"):
            self.psql("app", script)
        self.psql("app", "DROP SCHEMA millrace_planted CASCADE; DROP TABLE ours;\n")

    def test_a_name_with_control_characters_is_refused_by_check_and_prepare(self):
        for text in (x for x in self.names() if CONTROLS.search(x.replace("\n", "\r"))):
            for of in (name(text), f"{name(text)}.{name(text)}"):
                file = self.figure(f"-- redis: string x\nSELECT count(*) AS n FROM {of};\n")
                for words in (("check", file), ("prepare", "--figures", file)):
                    code, out, errors = self.run_verb(*words)
                    self.assertEqual(code, 1 if words[0] == "check" else 2, out + errors)
                    self.assertIn("has control characters", out + errors)

    def test_a_column_whose_types_labels_have_control_characters_is_refused(self):
        code, out, _ = self.run_verb(
            "check", self.figure("-- redis: hash x:{typed}\nSELECT typed, count(*) AS n FROM l0 GROUP BY typed;\n"))
        self.assertEqual(code, 1)
        self.assertIn("whose name or labels have control characters", out)

    def test_a_byte_that_is_no_utf8_is_a_refusal_at_its_place(self):
        for verb in (["check"], ["prepare", "--figures"]):
            code, out, errors = self.run_verb(
                *verb, self.figure(b"-- redis: string a\xff\nSELECT count(*) AS n FROM plain;\n"))
            self.assertIn(code, (1, 2), errors)
            self.assertIn("figure.sql:1:19: the byte \\xff isn't UTF-8", out + errors)

    def test_a_database_with_control_characters_is_refused(self):
        evil = f"evil\n\\! touch {self.trap}/6"
        code, _, errors = self.run_verb("init", self.folder / "evil", "--postgres",
                                        f"postgresql://app@127.0.0.1:{self.port}/app", "--database", evil)
        self.assertEqual(code, 2)
        self.assertFalse((self.folder / "evil").exists())
        for setting in ("POSTGRES_DB", "POSTGRES_USER", "MILLRACE_NODE_USER", "MILLRACE_SCHEMA"):
            code, _, errors = self.run_verb("check", **{setting: evil})
            self.assertEqual(code, 2, errors)
            self.assertIn(f"{setting}: \"evil\\n", errors)

    def test_what_a_verb_did_not_expect_has_words_and_an_exit_code(self):
        gone = self.folder / "gone"
        gone.mkdir()
        remove_and_run = 'rmdir "$PWD"; exec "$0" init x --postgres postgresql://app@127.0.0.1/app'
        done = subprocess.run(["sh", "-c", remove_and_run, str(self.binary)], cwd=gone, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 70, done.stderr)
        self.assertIn("millrace: init ended by an unexpected error: filesystem error", done.stderr)
        self.assertIn("report it", done.stderr)

    def test_properties_that_load_code_are_refused_by_name(self):
        file = self.folder / "kafka.properties"
        for line, words in ((f"plugin.library.paths={self.trap}/x.so",
                             "plugin.library.paths isn't allowed: it loads code"),
                            ("sasl.kerberos.kinit.cmd=touch /tmp/x",
                             "sasl.kerberos.kinit.cmd isn't allowed: it is a command"),
                            ("ssl.engine.location=/tmp/x", "ssl.engine.location isn't allowed"),
                            ("opaque=1", "opaque isn't allowed")):
            file.write_text(f"# Kafka\nsecurity.protocol=plaintext\n{line}\n")
            code, _, errors = self.run_verb("servers", "kafka", KAFKA_PROPERTIES_FILE=str(file),
                                            KAFKA_BROKER="127.0.0.1:1")
            self.assertEqual(code, 2, errors)
            self.assertIn(f"{file}:3: the property {words}", errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
