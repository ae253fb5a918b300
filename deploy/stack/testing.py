"""`test`: builds everything and runs the tests of a kind: the stack's own in Python, the rest by ctest's labels."""
import os
import subprocess
import sys

import build
import home
import install
from postgres import Postgres
from redis import Redis
from services import ORDER

KINDS = ("all", "unit", "actors", "model", "house", "system", "hostile", "chaos", "fuzz", "manifests", "compose",
         "kubernetes")
#: Not among all: they take a Docker engine, a cluster, and half an hour.
OUTSIDE = {"compose": "compose/test_compose.py", "kubernetes": "k8s/test_cluster.py"}
#: Limits of a test that sets none itself, in seconds. A fault takes some 15 s with what is checked behind it.
LIMIT, LIMIT_A_FAULT = 1800, 60


def test(kind, extra, more):
    """Runs the tests of one kind, `extra` goes to ctest, `more` (but None) into the environment. Returns the exit
    code."""
    if kind in OUTSIDE:
        return subprocess.run([sys.executable, build.REPOSITORY / "tests" / OUTSIDE[kind], *extra]).returncode
    install.apt(["build", "test", *(["kubernetes"] if kind == "manifests" else [])])
    install.for_services(() if kind in ("house", "fuzz", "manifests") else
                         (Postgres, Redis) if kind in ("actors", "model") else ORDER)
    build.build(None)
    if kind == "fuzz":
        install.apt(["fuzz"])
        build.build("fuzz", "fuzz")
    code = stack_tests() if kind in ("all", "unit") else 0
    label = ["-LE", "^(fuzz|manifests)$"] if kind == "all" else ["-L", f"^{kind}$"]
    show = "--verbose" if kind == "chaos" else "--output-on-failure"
    limit = max(LIMIT, LIMIT_A_FAULT * int(more.get("MILLRACE_FAULTS") or 0),
                300 + int(more.get("MILLRACE_FUZZ_SECONDS") or 0))
    jobs = (os.cpu_count() or 1) + 1  # a stack mostly waits
    command = ["ctest", "--test-dir", str(build.FOLDER), show, "--no-tests=error", "-j", str(jobs), "--timeout",
               str(limit), *label, *extra]
    told = {name: str(value) for name, value in more.items() if value is not None}
    environment = {**os.environ, **told, "MILLRACE_CACHE": str(home.cache_folder())}  # where tests find Kafka
    return subprocess.run(command, env=environment).returncode or code


def stack_tests():
    folder = build.REPOSITORY / "tests" / "stack"
    return subprocess.run([sys.executable, "-m", "unittest", "discover", "-b", "-s",
                           str(folder), "-p", "test_*.py"]).returncode
