#!/usr/bin/env python3
"""The house's rules of including, as ARCHITECTURE.md has them: who may know whom, and where CAF, libpq and the other clients are known."""
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED_ROOMS = {"figures", "postgres", "redis", "kafka", "connect", "verify", "shard", "project", "peers"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# A client library is known in one room; the headers of each begin so.
CLIENTS = {
    "pqxx/": "actors/postgres/", "libpq-fe.h": "actors/postgres/", "hiredis/": "actors/redis/",
    "librdkafka/": "actors/kafka/", "pg_query": "actors/figures/", "simdjson": "actors/cdc_router/",
    "openssl/": "actors/peers/",
}


def knows_caf(path):
    """Only actors, their interfaces, the messages' CAF part and the wiring do."""
    return (path.startswith(("messages/caf/", "nodes/", "tests/actors/")) or path == "actors/interfaces.hpp"
            or bool(re.fullmatch(r"actors/\w+/\w+_actor\.[ch]pp", path)))


def room_of(path):
    """Returns the actors' room that a file or an include is of; None outside of rooms."""
    match = re.match(r"actors/(\w+)/", path)
    return match.group(1) if match else None


def reaches_caf(target):
    """An include of ours that brings CAF with it."""
    return target.startswith("messages/caf/") or target == "actors/interfaces.hpp" or re.search(r"_actor\.hpp$", target)


def ours(path, target):
    """Returns the rule that an include of one of our own files breaks, or None."""
    room, other = room_of(path), room_of(target)
    if target.startswith(".") or not target.startswith(("messages/", "actors/", "nodes/", "tests/")):
        return "our files are included by their path from the root"
    if target.startswith("tests/") and not path.startswith("tests/"):
        return "only tests include tests"
    if path.startswith("messages/") and not target.startswith("messages/"):
        return "messages/ includes nothing above it"
    if path.startswith("actors/") and target.startswith("nodes/"):
        return "actors/ doesn't include nodes/"
    if room and other and room != other and other not in SHARED_ROOMS:
        if room in SHARED_ROOMS:
            return f"the shared room {room} doesn't include the actor's room {other}"
        return f"the actor's room {room} doesn't include the actor's room {other}"
    if path.startswith(("messages/", "actors/")) and reaches_caf(target) and not knows_caf(path):
        return "only *_actor.*, interfaces.hpp, messages/caf/ and nodes/ include CAF"
    return None


def foreign(path, target):
    """Returns the rule that an include of a library breaks, or None."""
    if re.match(r"caf/", target) and not knows_caf(path):
        if path.startswith("tests/") and re.match(r"caf/test/", target):
            return None
        return "only *_actor.*, interfaces.hpp, messages/caf/ and nodes/ include CAF"
    for library, room in CLIENTS.items():
        if target.startswith(library) and not path.startswith((room, "tests/")):
            return f"only {room} knows {library.rstrip('/')}"
    return None


def broken_rules(root):
    """Returns a line "file:line: rule (include)" for each include that breaks a rule."""
    out = []
    for folder in ("messages", "actors", "nodes", "tests"):
        for file in sorted(root.glob(f"{folder}/**/*.[ch]pp")):
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                bracket, target = found.groups()
                library = bracket == "<" or target.startswith("caf/")
                beside = path.startswith("tests/") and "/" not in target  # a test's own helper
                rule = foreign(path, target) if library else None if beside else ours(path, target)
                if rule:
                    out.append(f"{path}:{number}: {rule} ({target})")
    return out


class Rooms(unittest.TestCase):
    def broken_by(self, path, line):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text("#pragma once\n" + line + "\n")
            return broken_rules(pathlib.Path(folder))

    def test_every_include_keeps_the_rules_of_the_house(self):
        broken = broken_rules(ROOT)
        self.assertFalse(broken, "\n" + "\n".join(broken))

    def test_there_is_something_to_keep_them(self):
        self.assertGreater(len(list(ROOT.glob("actors/*/*.hpp"))), 20)

    def test_each_rule_convicts(self):
        for path, line, rule in [
                ("messages/units.hpp", '#include "actors/figures/plan/plan.hpp"', "messages/ includes nothing above it"),
                ("actors/figures/fold/fold.hpp", '#include "actors/cluster/lives.hpp"', "shared room figures"),
                ("actors/cluster/lives.hpp", '#include "actors/generator/pace.hpp"', "actor's room cluster"),
                ("actors/cell/cell.cpp", "#include <caf/all.hpp>", "include CAF"),
                ("actors/cell/cell.cpp", '#include "actors/interfaces.hpp"', "include CAF"),
                ("actors/cell/cell.cpp", '#include "messages/caf/types.hpp"', "include CAF"),
                ("actors/cell/cell.cpp", '#include "nodes/settings/config.hpp"', "nodes/"),
                ("actors/cell/cell.cpp", '#include "cell.hpp"', "path from the root"),
                ("actors/cell/cell.cpp", '#include "../figures/plan.hpp"', "path from the root"),
                ("actors/verify/run.cpp", "#include <hiredis/hiredis.h>", "only actors/redis/"),
                ("nodes/node/node.cpp", "#include <pqxx/pqxx>", "only actors/postgres/"),
                ("nodes/node/node.cpp", '#include "tests/unit/redis_server.hpp"', "only tests"),
                ("tests/unit/cell/cell_test.cpp", "#include <caf/all.hpp>", "include CAF")]:
            with self.subTest(path=path, line=line):
                broken = self.broken_by(path, line)
                self.assertEqual(len(broken), 1, broken)
                self.assertTrue(broken[0].startswith(f"{path}:2: "), broken)
                self.assertIn(rule, broken[0])

    def test_what_is_allowed_is_let_through(self):
        for path, line in [
                ("messages/caf/types.hpp", "#include <caf/all.hpp>"),
                ("actors/aggregator/aggregator_actor.cpp", '#include "actors/interfaces.hpp"'),
                ("actors/aggregator/aggregator_actor.hpp", '#include "actors/cell/cell.hpp"'),
                ("actors/postgres/connection.hpp", "#include <libpq-fe.h>"),
                ("nodes/node/node.cpp", '#include "actors/fill/fill_actor.hpp"'),
                ("tests/unit/cell/cell_test.cpp", '#include "caf/test/unit_test.hpp"')]:
            with self.subTest(path=path, line=line):
                self.assertEqual(self.broken_by(path, line), [])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
