"""A project of somebody's own, served by `init` and `up --project` on the servers of a stack that runs, with a node of
its own."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import stack


class Project(stack.Stack):
    """Use as a context: what `up` started is gone behind. Everything is done through the front door, as a user
    would."""

    def __init__(self, beside, name, database, number):
        self.beside, self.name, self.database = beside, name, database
        self.parent = pathlib.Path(tempfile.mkdtemp(prefix="millrace-project-"))
        self.parent.chmod(0o755)  # the servers' user has to pass
        self.folder = self.parent / name
        self.home = self.folder / ".millrace"
        self.settings = {"MILLRACE_HOME": str(self.home), "MILLRACE_HTTP_PORT": str(stack.FIRST_PORT + 20 + number)}
        self.environment = beside.environment
        self.figures, self.guard = None, None
        self.sql, self.redis, self.kafka = beside.sql_of(database), beside.redis, beside.kafka

    def __enter__(self):
        self.watch_over("--project", self.folder, home=self.home)
        return self

    def __exit__(self, *_):
        self.sql.close()
        with contextlib.suppress(subprocess.SubprocessError):
            if (self.folder / "millrace.env").is_file():
                self.door("down", check=False, seconds=120)
        if not os.environ.get("MILLRACE_TEST_KEEP"):
            shutil.rmtree(self.parent, ignore_errors=True)
        if self.guard:
            self.guard.close()

    def door(self, *arguments, **how):
        return super().door(*arguments, "--project", self.folder, **how)

    def init(self, *more, **how):
        """Has the front door write the folder; returns what it said."""
        said = self.beside.door("init", self.folder, "--database", self.database, "--node-port",
                                self.settings["MILLRACE_HTTP_PORT"], *more, **how).stdout
        with (self.folder / "millrace.env").open("a") as file:
            file.write("# The machine may be busy with a build.\nMILLRACE_START_SECONDS=240\n")
        return said

    def prepare(self):
        """Runs prepare.sql as the administrator."""
        return self.beside.door("psql", "-q", "-d", self.database, "-f", self.folder / "prepare.sql")

    def up(self, **how):
        return self.door("up", "--detach", **how)


def secrets_of(folder):
    """Returns the passwords of a project's folder."""
    return {path.name: path.read_text().strip() for path in (folder / "secrets").iterdir()}


def keys(redis, pattern):
    """Returns all keys of a pattern."""
    found, cursor = [], "0"
    while True:
        cursor, page = redis("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        found += page
        if cursor == "0":
            return sorted(found)
