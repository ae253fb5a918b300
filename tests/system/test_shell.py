#!/usr/bin/env python3
"""The shell: it asks all nodes by their own door, answers the questions of docs/shell.md, and names whoever doesn't
answer, dead or frozen, within its deadline."""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import records
import running
import sharing
import stack
from stack import FIRST_PORT, REPOSITORY, wait_until

ORDERS = "dbserver1.public.orders"
#: Two steps of at most 1 and 1.25 s, and the start of a process on a busy machine.
DEADLINE = 3.5
DURATION = r"\d[\d,]*(?:\.\d+)? (?:ms|us|s|min|h|days)\b"
NUMBERS = r"-?\d[\d,.:]*(?:-\d+)?(?:, \d+(?:-\d+)?)*"


def transcripts():
    """Returns docs/shell.md's transcripts: {command: lines that it answered}."""
    found, command = {}, None
    for line in (REPOSITORY / "docs" / "shell.md").read_text().splitlines():
        if line.startswith("    $ "):
            command = re.fullmatch(r"    \$ deploy/millrace shell -c ['\"](.*)['\"]", line)
            command = command and command[1]
        elif line.startswith("    ") and command:
            found.setdefault(command, []).append(line.strip())
        elif line:
            command = None
    return found


def shape(line):
    """Returns a line without what differs from run to run: numbers, durations, which node, and how wide columns are."""
    line = re.sub(DURATION, "T", line)
    line = re.sub(r"\bnode(-\d)?\b", "NODE", line)
    line = re.sub(r"\s+", " ", re.sub(NUMBERS, "#", line)).strip()
    return re.sub(r"\bcurrent\b|# records? waits?(, T)?(?! )", "FRESH", line)


WITHOUT_TLS = {"MILLRACE_NODE_CERTIFICATE": "", "MILLRACE_NODE_KEY": "", "MILLRACE_NODE_AUTHORITY": ""}


class Shell(sharing.SharingTest):
    rate = 20
    settings = {"MILLRACE_NODES": "3", "MILLRACE_SESSION_TIMEOUT_MS": "6000"}
    figures = [REPOSITORY / "sql" / kind for kind in ("figures", "alerts", "batch")]

    def shell_environment(self, **changed):
        """Returns what the front door tells the program, with the certificate of a node."""
        tls = self.stack.home / "tls"
        return {
            **self.stack.environment, **self.stack.endpoints, "MILLRACE_NODE_CERTIFICATE": str(tls / "node.crt"),
            "MILLRACE_NODE_KEY": str(tls / "node.key"), "MILLRACE_NODE_AUTHORITY": str(tls / "ca.crt"), **changed
        }

    def run_shell(self, *words, seconds=30, stdin="", **changed):
        """Runs the binary as the front door does, without the door's own start."""
        return subprocess.run([self.stack.home / "bin" / "millrace", "shell", *words],
                              env=self.shell_environment(**changed), input=stdin, capture_output=True, text=True,
                              timeout=seconds)

    def ask(self, command, code=0):
        """Returns a command's rows and the whole answer. Asks again for a while, as a busy machine makes nodes late."""
        with contextlib.suppress(stack.Late):
            wait_until("the code", lambda: self.run_shell("-c", command, "--json").returncode == code, 20)
        done = self.run_shell("-c", command, "--json")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        return answer["rows"], answer

    def address(self, name="node"):
        return self.table()[name]["address"]

    def delivered_order(self):
        """Returns an order that the generator leaves alone."""
        return int(self.stack.sql("SELECT max(id) FROM orders WHERE status = 'delivered'")[0][0])

    @contextlib.contextmanager
    def frozen(self, name):
        pid = self.stack.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_nodes_finds_all_nodes_by_the_registry_and_by_any_door(self):
        self.wait_for_owners("node", "node-2", "node-3")
        for words in ([], *([self.address(name)] for name in ("node", "node-2", "node-3"))):
            wait_until("all answer", lambda: self.run_shell(*words, "-c", "nodes").returncode == 0, 30)
            done = self.run_shell(*words, "-c", "nodes", "--json")
            rows = json.loads(done.stdout)["rows"]
            self.assertEqual([row["node"] for row in rows], ["node", "node-2", "node-3"])
            self.assertEqual(sum(row["shards"] for row in rows), sharing.SHARDS)
            self.assertEqual([row["role"] for row in rows].count("leader"), 1)

    def test_the_front_door_has_the_verb(self):
        self.assertIn("node-3", self.stack.door("shell", "-c", "nodes").stdout)

    def test_shards_and_sources_are_what_the_nodes_say(self):
        rows, _ = self.ask("shards")
        self.assertEqual(sorted(shard for row in rows for shard in row["which"]), list(range(sharing.SHARDS)))
        sources, _ = self.ask("sources")
        self.assertEqual(len(sources), sharing.SHARDS)
        ends = self.stack.kafka.ends(self.stack.change_topics())
        known = {(row["topic"], row["partition"]): row["end"] for row in sources}
        for source, end in ends.items():
            self.assertLessEqual(known[source] or 0, end)

    def test_a_drained_stream_has_no_lag(self):
        with records.quiet_generator(self.stack):
            wait_until("no record waits", lambda: all(
                row["lag records"] == 0 for row in self.ask("sources")[0] if row["lag records"] is not None), 60)

    def test_an_owner_serves_the_shard_and_a_row_has_its_places(self):
        order = self.delivered_order()
        wait_until("the row is stored", lambda: len(self.ask(f"row orders {order}")[1]["copies"]) == 2)
        rows, answer = self.ask(f"row orders {order}")
        shards = {row["node"]: row["which"] for row in self.ask("shards")[0]}
        self.assertIn(answer["shard"], shards[answer["node"]])
        _, owner = self.ask(f"owner public.orders {order}")
        self.assertEqual((owner["shard"], owner["node"]), (answer["shard"], answer["node"]))
        customer = self.stack.sql(f"SELECT customer_id FROM orders WHERE id = {order}")[0][0]
        places = {(row["key"], row["member"]): row["value"] for row in rows}
        self.assertIn((f"customer:{customer}:stats", ""), places)
        self.assertIn((f"order:{order}", ""), places)
        self.assertIn(("metrics:orders:by_status", "delivered"), places)
        copies = {copy["entity"]: copy for copy in answer["copies"]}
        self.assertEqual(set(copies), {"orders", "customers"})
        for copy in copies.values():
            self.assertIn(copy["shard"], shards[copy["node"]])

    def test_a_places_value_is_that_of_redis(self):
        rows, _ = self.ask("row products 1")
        values = {row["key"]: row["value"] for row in rows}
        self.assertEqual(values["product:1"], self.stack.redis("GET", "product:1"))

    def test_a_row_that_is_not_there_has_an_owner(self):
        rows, answer = self.ask("row customers 999999999")
        self.assertEqual((rows, answer["copies"]), ([], []))
        self.assertIn(answer["node"], ("node", "node-2", "node-3"))
        self.assertIn("no cell that answered has this row", " ".join(answer["summary"]))

    def test_a_bad_question_says_what_to_do(self):
        for command, words in [
            ("row order 17", "no figure reads a table order; there are: .*public.orders"),
            ("row orders", r"enter `row TABLE KEY\.\.\.`"),
            ("row orders 1 2", r"public.orders has the key \(id\); give its 1 parts"),
            ("row orders seventeen", "column id .*expected an integer, found seventeen"),
            ("node", "did you mean `nodes`"), ("row 'orders 17", "quote ' isn't closed"),
            ("figures revenues", "no figure revenues runs"), ("log-level node-9 debug", "there is no node node-9")
        ]:
            with self.subTest(command):
                done = self.run_shell("-c", command)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertRegex(done.stdout + done.stderr, words)

    def test_a_door_that_is_none_is_named(self):
        silent = socket.create_server(("127.0.0.1", FIRST_PORT + 90))
        self.addCleanup(silent.close)
        for at, words in [("127.0.0.1:1", "Connection refused"), (f"127.0.0.1:{FIRST_PORT + 90}", "within 1 s"),
                          (f"127.0.0.1:{self.stack.settings['MILLRACE_REDIS_PORT']}", "didn't answer"),
                          ("no-such-host.invalid:1", "didn't answer"),
                          ("192.0.2.1:15420", "beyond loopback.*MILLRACE_NODE_CERTIFICATE")]:
            with self.subTest(at):
                began = time.monotonic()
                done = self.run_shell(at, "-c", "nodes", **(WITHOUT_TLS if "192" in at else {}))
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertRegex(done.stdout, words)
                self.assertLess(time.monotonic() - began, 10 if "invalid" in at else DEADLINE)
        done = self.run_shell("nowhere", "-c", "nodes")
        self.assertEqual((done.returncode, "isn't HOST:PORT" in done.stderr), (2, True), done.stderr)

    def test_a_frozen_node_is_named_within_the_deadline(self):
        door = self.address()
        with self.frozen("node-3"):
            for words in ([], [door]):
                for command in ("nodes", "status", "row orders 1"):
                    began = time.monotonic()
                    done = self.run_shell(*words, "-c", command)
                    took = time.monotonic() - began
                    self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                    self.assertRegex(done.stdout, r"node-3 at 127.0.0.1:\d+ didn't answer: ")
                    self.assertLess(took, DEADLINE)
        self.wait_for_owners()

    def test_a_frozen_door_is_named_within_the_deadline(self):
        door = self.address("node-2")
        with self.frozen("node-2"):
            began = time.monotonic()
            done = self.run_shell(door, "-c", "nodes")
            self.assertLess(time.monotonic() - began, DEADLINE)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(f"{door} didn't answer: ", done.stdout)
        self.wait_for_owners()

    def test_a_dead_node_is_named(self):
        self.stack.kill("node-3", hold=True)
        try:
            done = self.run_shell("-c", "nodes")
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"node-3 at 127.0.0.1:\d+ didn't answer: .*refused")
        finally:
            self.stack.door("service", "start", "node-3")
        self.wait_for_owners()

    def test_lines_are_read_from_a_pipe_and_the_worst_code_counts(self):
        done = self.run_shell(stdin="nodes\n\nshards\nexit\nfigures\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("which", done.stdout)
        self.assertNotIn("freshness", done.stdout)
        self.assertEqual(self.run_shell(stdin="nodes\nnonsense\n").returncode, 2)

    def test_watch_repeats_a_command_and_ends_by_a_signal(self):
        environment = self.shell_environment()
        watch = subprocess.Popen([self.stack.home / "bin" / "millrace", "shell", "-c", "watch flushes", "--json"],
                                 env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(30, watch.kill)
        timer.start()
        try:
            seen = [json.loads(watch.stdout.readline()) for _ in range(3)]
        finally:
            timer.cancel()
            watch.send_signal(signal.SIGINT)
            watch.communicate(timeout=10)
        self.assertEqual([len(x["rows"]) for x in seen], [3, 3, 3])

    def talk(self, *lines, **changed):
        """Enters lines at a terminal, and returns what it shows."""
        controller, terminal = pty.openpty()
        home = tempfile.mkdtemp(prefix="millrace-shell-")
        self.addCleanup(shutil.rmtree, home)
        environment = self.shell_environment(HOME=home, TERM="xterm", **changed)
        environment.pop("XDG_STATE_HOME", None)
        shell = subprocess.Popen([self.stack.home / "bin" / "millrace", "shell"], env=environment, stdin=terminal,
                                 stdout=terminal, stderr=terminal, start_new_session=True)
        os.close(terminal)
        shown = b""
        deadline = time.monotonic() + 60
        waiting = list(lines)
        while time.monotonic() < deadline:
            if select.select([controller], [], [], 0.1)[0]:
                try:
                    more = os.read(controller, 65536)
                except OSError:  # it has left
                    break
                shown += more
            if waiting and shown.count(b"shop> ") > len(lines) - len(waiting):
                os.write(controller, waiting.pop(0).encode())
        self.assertEqual(shell.wait(10), 0, shown)
        os.close(controller)
        self.history = pathlib.Path(home, ".local", "state", "millrace", "shell_history")
        return shown.decode(errors="replace")

    def test_a_terminal_has_colours_completion_and_history(self):
        shown = self.talk("nod\t\n", "exit\n")
        self.assertIn("all is well", shown)
        self.assertIn("\033[32m", shown)
        self.assertRegex(shown, r"node-2 .*live")
        self.assertIn("nodes", self.history.read_text())
        self.assertEqual(self.history.stat().st_mode & 0o077, 0)

    def test_colours_can_be_off(self):
        self.assertNotIn("\033[32m", self.talk("nodes\n", "exit\n", NO_COLOR="1"))

    def test_the_log_level_is_set_and_the_node_logs_who_did(self):
        rows, _ = self.ask("log-level node-2 debug")
        self.assertEqual(rows, [{"node": "node-2", "log level": "debug"}])
        rows, _ = self.ask("log-level")
        self.assertEqual({row["node"]: row["log level"] for row in rows},
                         {"node": "info", "node-2": "debug", "node-3": "info"})
        wait_until("node-2's log says who", lambda: re.search(r"\S+@\S+, certificate node set the log level to debug",
                                                              self.stack.log_tail("node-2", 100_000)))
        self.assertEqual(self.run_shell("-c", "log-level chatty").returncode, 1)
        self.ask("log-level info")

    def assert_replayed(self, command, **how):
        """Asserts that a command's answer has every line of its transcript, but for what differs from run to run."""
        done = self.run_shell("-c", command)
        found = {shape(line) for line in done.stdout.splitlines()}
        for line in transcripts()[how.get("like", command)]:
            begin = shape(line).removesuffix("...")
            fits = any(x.startswith(begin.strip()) for x in found) if line.endswith("...") else begin in found
            self.assertTrue(fits, f"the document has {line!r}; {command} answered\n{done.stdout}")

    def test_the_transcripts_of_the_document_are_true(self):
        self.wait_for_owners("node", "node-2", "node-3")
        wait_until("the batch figures have run", lambda: all(
            row["last success"] for row in self.ask("batches")[0]), 120)
        wait_until("all is well", lambda: "all is well" in self.run_shell("-c", "status").stdout, 60)
        order = self.delivered_order()
        for command, like in [("status", ) * 2, ("nodes", ) * 2, ("owner customers 42", ) * 2,
                              (f"row orders {order}", "row orders 30"), ("batches", ) * 2]:
            with self.subTest(command), contextlib.suppress(stack.Late):
                wait_until("it answers so", lambda: self.is_replayed(command, like), 30)
            self.assert_replayed(command, like=like)

    def is_replayed(self, command, like):
        try:
            self.assert_replayed(command, like=like)
        except AssertionError:
            return False
        return True

    def test_why_a_figure_is_incomplete_is_told(self):
        self.stack.kafka.produce(ORDERS, 0, b"this is no JSON", b'{"id": 1}')
        try:
            wait_until("it is incomplete", lambda: self.ask("figures revenue")[0][0]["state"] == "incomplete", 60)
            self.assert_replayed("figures revenue")
            wait_until("the letter is counted", lambda: self.ask("dead-letters")[0] == [{"table": "public.orders",
                                                                                        "open": 1}], 20)
        finally:
            self.stack.door("dead-letters", "replay", "all")
        wait_until("it is live", lambda: self.ask("figures revenue")[0][0]["state"] == "live", 60)


if __name__ == "__main__":
    running.main()
