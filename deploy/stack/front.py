"""Verbs of our own binary that go through the front door: they get this stack's settings as their environment."""
import contextlib
import os
import subprocess

import build
import install
import processes
from postgres import Postgres

#: What may be asked of the binary here, and what each is for.
VERBS = {
    "status": "every service and node, the connector, the WAL kept, lag, figures",
    "verify": "compare every figure in Redis with its own query on PostgreSQL",
    "check": "each figure's plan and memory per row, or why it is refused; needs only PostgreSQL",
    "rebuild": "take all figures away; the node fills them anew",
    "dead-letters": "list, show or replay the records that could not be decoded",
    "connector": "register the connector, or show its state",
    "generate": "write rows of a shop",
}


def run(settings, verb, arguments):
    """Runs a verb of the binary with the caller's arguments, in the caller's folder. Returns its exit code, if it returns at all."""
    binary = build.binary()
    environment = {**os.environ, **settings.environment()}
    if verb == "check" and not {"-h", "--help"} & set(arguments):
        with database(settings):
            return subprocess.run([binary, verb, *arguments], env=environment).returncode
    os.execve(binary, ["millrace", verb, *arguments], environment)


@contextlib.contextmanager
def database(settings):
    """Sees to it that PostgreSQL runs while the block lasts: our own is started for it where it is down."""
    if not settings.own("postgres") or not processes.port_is_free(settings.number("POSTGRES_PORT")):
        yield
        return
    postgres = Postgres(settings)
    install.for_services([postgres])
    with postgres.alone():
        yield
