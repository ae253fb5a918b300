#!/usr/bin/env python3
"""The house's rules of including, as ARCHITECTURE.md has them: who may know whom, and where CAF, libpq and the other
clients are known."""
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED_ROOMS = {
    "figures", "postgres", "redis", "sources", "sources/kafka", "sources/debezium", "sources/postgres", "verify",
    "cell", "ledger", "project", "peers"
}

# What opens a source, and the verbs about its servers. Everybody else knows actors/sources/*.hpp alone.
WIRING = ("nodes/settings/config.", "nodes/settings/project_parts.", "nodes/settings/source_parts.",
          "nodes/node/node_work.", "nodes/node/connector_watch.", "nodes/node/alert_couriers.", "nodes/cli/connector.",
          "nodes/cli/init.", "nodes/cli/servers.", "nodes/cli/remove.")

# Who includes a source's folder, and who uses the names that it declares.
SOURCES_READERS = {
    "actors/sources/kafka/": ("actors/sources/debezium/", *WIRING),
    "actors/sources/debezium/": WIRING,
    "actors/sources/postgres/": WIRING,
}
SOURCES_NAMES = {
    re.compile(r"\bkafka::"): ("actors/sources/kafka/", "actors/sources/debezium/", *WIRING),
    re.compile(r"\bconnect::|\bdebezium_(?:capture|decoder|replay)\b"): ("actors/sources/debezium/", *WIRING),
}
NOT_CODE = re.compile(r'//.*|"(?:[^"\\]|\\.)*"')

# A figure goes from text to plan to fold: a folder of figures/ includes these others of it.
FIGURES_ORDER = {"values": set(), "language": set(), "plan": {"values", "language"}, "fold": {"values", "plan"}}

# A program's folder includes these others of nodes/.
NODES_ORDER = {"settings": set(), "cli": {"settings"}, "node": {"settings"},
               "shell": {"settings", "node"}}

CAF_RULE = "only *_actor.*, interfaces.hpp, messages/caf/ and nodes/node/ include CAF"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# A client library is known in one room, or in these; the headers of each begin so.
CLIENTS = {
    "pqxx/": "actors/postgres/", "libpq-fe.h": ("actors/postgres/", "actors/sources/postgres/"),
    "hiredis/": "actors/redis/",
    "librdkafka/": "actors/sources/kafka/", "pg_query": "actors/figures/", "simdjson": "actors/sources/debezium/",
    "openssl/": ("actors/peers/", "actors/alert_sender/"), "prometheus/": "actors/inspector/",
}


def knows_caf(path):
    """Only actors, their interfaces, the messages' CAF part and the node's process do."""
    return (path.startswith(("messages/caf/", "nodes/node/", "tests/actors/")) or path == "actors/interfaces.hpp"
            or bool(re.fullmatch(r"(actors|nodes)/\w+/\w+_actor\.[ch]pp", path)))


def room_of(path):
    """Returns the actors' room that a file or an include is of; None outside of rooms."""
    match = re.match(r"actors/(sources/\w+|\w+)/", path)
    return match.group(1) if match else None


def folder_in(parent, path):
    """Returns the folder of `parent` that a path is in, or None."""
    match = re.match(rf"{parent}/(\w+)/", path)
    return match.group(1) if match else None


def reaches_caf(target):
    """An include of ours that brings CAF with it."""
    return target.startswith("messages/caf/") or target == "actors/interfaces.hpp" or re.search(r"_actor\.hpp$", target)


def inner(parent, order, path, target):
    """Returns the rule that an include within `parent` breaks, or None."""
    folder, other = folder_in(parent, path), folder_in(parent, target)
    if folder and other and folder != other and other not in order[folder]:
        return f"{parent}/{folder} doesn't include {parent}/{other}"
    return None


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
    for source, readers in SOURCES_READERS.items():
        if target.startswith(source) and not path.startswith((source, "tests/") + readers):
            return f"{source} is included by {', '.join(readers)} alone"
    if rule := inner("actors/figures", FIGURES_ORDER, path, target) or inner("nodes", NODES_ORDER, path, target):
        return rule
    if path.startswith(("messages/", "actors/", "nodes/")) and reaches_caf(target) and not knows_caf(path):
        return CAF_RULE
    return None


def foreign(path, target):
    """Returns the rule that an include of a library breaks, or None."""
    if re.match(r"caf/", target) and not knows_caf(path):
        if path.startswith("tests/") and re.match(r"caf/test/", target):
            return None
        return CAF_RULE
    for library, room in CLIENTS.items():
        rooms = (room,) if isinstance(room, str) else room
        if target.startswith(library) and not path.startswith((*rooms, "tests/")):
            return f"only {', '.join(rooms)} knows {library.rstrip('/')}"
    return None


def named(path, line):
    """Returns the rule that a name in a line of code breaks, and the name; None if it breaks none."""
    for name, users in SOURCES_NAMES.items():
        found = name.search(NOT_CODE.sub("", line))
        if found and not path.startswith((*users, "tests/")):
            return f"a source is named by {', '.join(users)} alone", found.group()
    return None


def broken_rules(root):
    """Returns a line "file:line: rule (what breaks it)" for each include or name that breaks a rule."""
    out = []
    for folder in ("messages", "actors", "nodes", "tests"):
        for file in sorted(root.glob(f"{folder}/**/*.[ch]pp")):
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                if not found:
                    if broken := named(path, line):
                        out.append(f"{path}:{number}: {broken[0]} ({broken[1]})")
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
        self.assertGreater(len(list(ROOT.glob("actors/**/*.hpp"))), 100)

    def test_every_folder_is_a_room_or_of_one_that_has_an_order(self):
        folders = {file.parent.relative_to(ROOT).as_posix() for file in ROOT.glob("actors/**/*.[ch]pp")}
        actors = {room_of(file.relative_to(ROOT).as_posix()) for file in ROOT.glob("actors/**/*_actor.hpp")}
        rooms = {f"actors/{room}" for room in SHARED_ROOMS | actors}
        figures = {f"actors/figures/{folder}" for folder in FIGURES_ORDER}
        self.assertEqual(folders, (rooms | figures | {"actors"}) - {"actors/figures"})
        self.assertEqual({file.parent.name for file in ROOT.glob("nodes/*/*.[ch]pp")}, set(NODES_ORDER))

    def test_each_rule_convicts(self):
        for path, line, rule in [
            ("messages/units.hpp", '#include "actors/figures/plan/plan.hpp"', "messages/ includes nothing above it"),
            ("actors/figures/fold/fold.hpp", '#include "actors/fill/fill.hpp"', "shared room figures"),
            ("actors/fill/fill.hpp", '#include "actors/generator/pace.hpp"', "actor's room fill"),
            ("actors/sources/debezium/topics.hpp", '#include "actors/cdc_router/routing.hpp"',
             "shared room sources/debezium"),
            ("actors/sources/kafka/topics.hpp", '#include "actors/sources/debezium/topics.hpp"',
             "actors/sources/debezium/ is included by"),
            ("actors/verify/run.cpp", '#include "actors/sources/kafka/consumer.hpp"',
             "actors/sources/kafka/ is included by"),
            ("actors/cdc_router/cdc_router_actor.hpp", '#include "actors/sources/debezium/intake.hpp"',
             "actors/sources/debezium/ is included by"),
            ("actors/sources/change_source.hpp", '#include "actors/sources/kafka/units.hpp"',
             "actors/sources/kafka/ is included by"),
            ("nodes/node/company.cpp", '#include "actors/sources/kafka/consumer.hpp"',
             "actors/sources/kafka/ is included by"),
            ("actors/fill/fill.hpp", "  std::map<kafka::topic_partition, int> ends;", "a source is named by"),
            ("actors/fill/fill.hpp", "connect::watch x;", "a source is named by"),
            ("nodes/cli/drain.cpp", "debezium_capture x;", "a source is named by"),
            ("actors/figures/values/text.hpp", '#include "actors/figures/plan/plan.hpp"',
             "actors/figures/values doesn't include"),
            ("actors/figures/language/target.hpp", '#include "actors/figures/plan/plan.hpp"',
             "actors/figures/language doesn't include"),
            ("actors/figures/plan/planner.hpp", '#include "actors/figures/fold/fold.hpp"',
             "actors/figures/plan doesn't include"),
            ("actors/figures/fold/fold.hpp", '#include "actors/figures/language/target.hpp"',
             "actors/figures/fold doesn't include"), ("actors/cell/cell.cpp", "#include <caf/all.hpp>", "include CAF"),
            ("actors/cell/cell.cpp", '#include "actors/interfaces.hpp"', "include CAF"),
            ("actors/cell/cell.cpp", '#include "messages/caf/types.hpp"', "include CAF"),
            ("actors/cell/cell.cpp", '#include "nodes/settings/config.hpp"', "nodes/"),
            ("actors/cell/cell.cpp", '#include "cell.hpp"', "path from the root"),
            ("actors/cell/cell.cpp", '#include "../figures/plan/plan.hpp"', "path from the root"),
            ("actors/verify/run.cpp", "#include <hiredis/hiredis.h>", "only actors/redis/"),
            ("nodes/node/node.cpp", "#include <pqxx/pqxx>", "only actors/postgres/"),
            ("nodes/node/node.cpp", '#include "tests/unit/redis_server.hpp"', "only tests"),
            ("nodes/node/node.cpp", '#include "nodes/cli/verbs.hpp"', "nodes/node doesn't include"),
            ("nodes/cli/apply.cpp", '#include "nodes/node/node.hpp"', "nodes/cli doesn't include"),
            ("nodes/cli/apply.cpp", "#include <caf/all.hpp>", "include CAF"),
            ("nodes/cli/apply.cpp", '#include "actors/fill/fill_actor.hpp"', "include CAF"),
            ("nodes/settings/config.hpp", '#include "nodes/cli/verbs.hpp"', "nodes/settings doesn't include"),
            ("tests/unit/cell/cell_test.cpp", "#include <caf/all.hpp>", "include CAF")
        ]:
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
                ("actors/sources/debezium/record_reader.cpp", "#include <simdjson.h>"),
                ("actors/sources/debezium/read_record.hpp", '#include "actors/sources/kafka/producer.hpp"'),
                ("actors/figures/fold/fold.hpp", '#include "actors/figures/plan/plan.hpp"'),
                ("actors/postgres/connection.hpp", "#include <libpq-fe.h>"),
                ("actors/fill/fill.hpp", "/// Not kafka::consumer."),
                ("actors/fill/fill.hpp", 'say("kafka::consumer");'),
                ("actors/fill/fill.hpp", "auto x = redis::client::connect(how);"),
                ("nodes/settings/source_parts.cpp", "kafka::letter_topic x;"),
                ("nodes/millrace.cpp", '#include "nodes/node/node.hpp"'),
                ("nodes/cli/apply.cpp", '#include "nodes/settings/config.hpp"'),
                ("nodes/node/node.cpp", '#include "actors/fill/fill_actor.hpp"'),
                ("tests/unit/cell/cell_test.cpp", '#include "caf/test/unit_test.hpp"')]:
            with self.subTest(path=path, line=line):
                self.assertEqual(self.broken_by(path, line), [])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
