#!/usr/bin/env python3
"""Nodes that speak TLS to each other: they serve as others do, and nobody without a certificate of their authority
connects, sends, reads, or stops one."""
import pathlib
import re
import shutil
import subprocess
import tempfile

import running
import sharing
import stack
import strangers
from stack import DOOR, FIRST_PORT, wait_until

ODD_PORT = FIRST_PORT + 60


def make_certificates(folder, *nodes, more=()):
    """Makes certificates by the front door, as a user does."""
    environment = {**stack.clean_environment(), "MILLRACE_HOME": str(folder.parent / "home")}
    done = subprocess.run([DOOR, "certs", folder, "--nodes", *nodes, *more], env=environment, capture_output=True,
                          text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


class NodeTls(sharing.SharingTest):
    rate = 50

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-certificates-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.ours, cls.theirs = folder / "ours", folder / "theirs"
        cls.told = make_certificates(cls.ours, "node", "node-2")
        make_certificates(cls.theirs, "odd")
        cls.settings = {
            "MILLRACE_NODES": "2", "MILLRACE_SESSION_TIMEOUT_MS": "3000", "MILLRACE_NODE_CERTS": str(cls.ours)
        }
        super().setUpClass()

    def doors(self):
        """Returns where each node is reached by others."""
        addresses = {name: row["address"].rpartition(":") for name, row in self.table().items()}
        return {name: (host, int(port)) for name, (host, _, port) in addresses.items()}

    def trouble_of(self, name):
        """Returns what the first node says of another one; None: nothing."""
        return self.stack.status().get("member", {}).get("nodes", {}).get(name, {}).get("trouble")

    def pids(self):
        return {name: self.stack.pid(name) for name in ("node", "node-2")}

    def node_environment(self, folder, name, address):
        """Returns the environment of a node that the stack doesn't know."""
        ours = {
            "MILLRACE_NODE": name, "MILLRACE_NODE_ADDRESS": address, "MILLRACE_HTTP_PORT": "0",
            "MILLRACE_NODE_CERTIFICATE": str(folder / f"{name}.crt"), "MILLRACE_NODE_KEY": str(folder / f"{name}.key"),
            "MILLRACE_NODE_AUTHORITY": str(folder / "ca.crt")
        }
        return {**self.stack.environment, **self.stack.endpoints, **ours}

    def binary(self):
        return self.stack.home / "bin" / "millrace"

    def assert_refused(self, words, **changed):
        """Asserts that a node with other settings doesn't start, and says why."""
        environment = {**self.node_environment(self.ours, "node", f"127.0.0.1:{ODD_PORT}"), **changed}
        done = subprocess.run([self.binary(), "node"], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, words)
        self.assertNotIn("PRIVATE", done.stderr)

    def test_certs_says_what_to_set(self):
        for name in ("node", "node-2"):
            for setting, file in (("CERTIFICATE", f"{name}.crt"), ("KEY", f"{name}.key"), ("AUTHORITY", "ca.crt")):
                self.assertIn(f"MILLRACE_NODE_{setting}={self.ours / file}\n", self.told)
        self.assertEqual({path.name for path in self.ours.glob("*.key") if path.stat().st_mode & 0o077}, set())

    def test_nodes_serve_over_tls(self):
        self.wait_for_owners("node", "node-2")
        wait_until("node knows node-2", lambda: self.trouble_of("node-2") == "")
        self.assert_equal_to_sql(why="with two nodes over TLS")

    def test_a_client_with_a_certificate_is_accepted(self):
        context = strangers.tls_context(self.ours / "node.crt", self.ours / "node.key")
        with strangers.of_tls(context)(self.doors()["node"]) as node:
            self.assertEqual(node.version(), "TLSv1.3")
            self.assertEqual(node.recv(1), b"W")

    def shell(self, folder, name):
        """Runs the shell with a certificate, or without one (None), at the first node's door."""
        environment = self.node_environment(folder or self.ours, name or "node", "")
        if not folder:
            environment.update(MILLRACE_NODE_CERTIFICATE="", MILLRACE_NODE_KEY="", MILLRACE_NODE_AUTHORITY="")
        return subprocess.run([self.binary(), "shell", "%s:%d" % self.doors()["node"], "-c", "nodes"], env=environment,
                              capture_output=True, text=True, timeout=30)

    def test_a_shell_with_a_certificate_sees_all_nodes(self):
        both = re.compile(r"(?s)node .*live.*node-2 .*live")
        wait_until("both answer", lambda: both.search(self.shell(self.ours, "node-2").stdout))
        wait_until("both answer by the front door", lambda: both.search(
            self.stack.door("shell", "-c", "nodes", check=False).stdout))

    def test_a_shell_without_a_certificate_of_the_authority_is_refused_and_says_why(self):
        before = self.pids()
        for folder, name, words in ((None, None, "MILLRACE_NODE_CERTIFICATE"),
                                    (self.theirs, "odd", "its certificate isn't signed by this project's CA")):
            with self.subTest(name):
                wait_until("it says why", lambda: re.search("didn't answer: .*" + words,
                                                            self.shell(folder, name).stdout))
                self.assertEqual(self.shell(folder, name).returncode, 1)
        self.assertEqual(self.pids(), before)

    def test_a_stranger_is_hung_up_on_and_the_nodes_live_on(self):
        before = self.pids()
        kinds = {
            **strangers.without_tls(self.dice), "TLS without a certificate": strangers.of_tls(strangers.tls_context()),
            "TLS with a certificate of others": strangers.of_tls(
                strangers.tls_context(self.theirs / "odd.crt", self.theirs / "odd.key"))
        }
        there = [(kind, come(door)) for door in self.doors().values() for kind, come in kinds.items()]
        for kind, connection in there:
            with self.subTest(kind), connection:
                heard = strangers.what_is_heard(connection)
                self.assertIsNotNone(heard, "it was hung up on")
                self.assertLess(len(heard), 100, "it got to read no more than an alert")
                self.assertNotIn(b"generic-caf-app", heard)
        self.assertEqual(self.pids(), before)
        self.assertEqual(self.trouble_of("node-2"), "")

    def test_many_silent_strangers_keep_no_node_out(self):
        before = self.pids()
        door = self.doors()["node-2"]
        crowd = [strangers.connect(door) for _ in range(200)]
        self.stack.door("service", "restart", "node")
        self.wait_for_owners("node", "node-2")
        wait_until("node knows node-2", lambda: self.trouble_of("node-2") == "", 60)
        for connection in crowd:
            with connection:
                self.assertEqual(strangers.what_is_heard(connection), b"")
        self.assertEqual(self.stack.pid("node-2"), before["node-2"])
        self.assert_equal_to_sql(why=f"seed {sharing.SEED}, after strangers, with a crowd at the door")

    def test_a_node_of_another_authority_is_none_of_us_and_status_says_why(self):
        before = self.pids()
        odd = subprocess.Popen([self.binary(), "node"], env=self.node_environment(self.theirs, "odd",
                                                                                  f"127.0.0.1:{ODD_PORT}"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until("status says why", lambda: "its certificate isn't signed by this project's CA" in
                       (self.trouble_of("odd") or ""), 60)
        finally:
            odd.terminate()
            odd.wait(30)
        self.stack.redis("HDEL", "millrace:shop:nodes", "odd")
        self.wait_for_owners("node", "node-2")
        self.assertEqual(self.pids(), before)
        self.assert_equal_to_sql(why="after a node of another authority")

    def test_a_node_that_others_reach_does_not_start_without_tls(self):
        none = {"MILLRACE_NODE_CERTIFICATE": "", "MILLRACE_NODE_KEY": "", "MILLRACE_NODE_AUTHORITY": ""}
        for address in (f"0.0.0.0:{ODD_PORT}", f"192.0.2.1:{ODD_PORT}", f"127.example:{ODD_PORT}"):
            self.assert_refused(r"MILLRACE_NODE_ADDRESS: .* beyond loopback.*deploy/millrace certs.*--insecure",
                                MILLRACE_NODE_ADDRESS=address, **none)

    def test_files_that_do_not_fit_are_named(self):
        self.assert_refused("MILLRACE_NODE_KEY: is missing", MILLRACE_NODE_KEY="")
        self.assert_refused("MILLRACE_NODE_KEY: .*node-2.key isn't the key of .*node.crt",
                            MILLRACE_NODE_KEY=str(self.ours / "node-2.key"))
        self.assert_refused("MILLRACE_NODE_CERTIFICATE: .*node.crt isn't good under .*ca.crt",
                            MILLRACE_NODE_AUTHORITY=str(self.theirs / "ca.crt"))

    def test_a_node_more_takes_a_certificate_more(self):
        done = self.stack.door("nodes", "add", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"deploy/millrace certs {self.ours} --nodes node-3", done.stdout + done.stderr)
        before = (self.ours / "node.crt").read_bytes(), (self.ours / "ca.key").read_bytes()
        make_certificates(self.ours, "node", "node-2", "node-3")
        self.assertEqual(((self.ours / "node.crt").read_bytes(), (self.ours / "ca.key").read_bytes()), before,
                         "what was there stays")
        self.stack.door("service", "restart", "node-3")
        self.wait_for_owners("node", "node-2", "node-3")
        self.assert_equal_to_sql(why="with a third node")


if __name__ == "__main__":
    running.main()
