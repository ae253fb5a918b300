"""`certs`: an authority that stays, and certificates that come and are renewed under it; and what nodes are told of
them."""
import contextlib
import io
import pathlib
import shutil
import subprocess
import unittest

import support

import certificates
import node
from service import ServiceError


@unittest.skipUnless(shutil.which("openssl"), "openssl is installed by `certs` itself")
class Certificates(support.StackTest):
    def setUp(self):
        super().setUp()
        self.where = self.folder / "certs"

    def make(self, *names, days=365, renew=False):
        """Returns what is printed for copying."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            certificates.run(self.where, names, days, renew)
        return printed.getvalue()

    def content(self):
        return {path.name: path.read_bytes() for path in self.where.iterdir()}

    def text_of(self, name):
        return subprocess.run(["openssl", "x509", "-in", self.where / name, "-noout", "-text"], check=True,
                              capture_output=True, text=True).stdout

    def test_the_first_run_makes_all_and_says_what_to_set(self):
        printed = self.make("node", "far.example")
        self.assertEqual(set(self.content()),
                         {"ca.crt", "ca.key", "node.crt", "node.key", "far.example.crt", "far.example.key"})
        for name in ("node", "far.example"):
            for line in certificates.files_of(self.where, name).items():
                self.assertIn("=".join(line) + "\n", printed)
        self.assertIn(f"MILLRACE_NODE_CERTS={self.where}\n", printed)
        self.assertNotIn("PRIVATE", printed)

    def test_keys_are_their_owners_alone(self):
        self.make("node")
        self.assertEqual({path.name: path.stat().st_mode & 0o777 for path in self.where.glob("*.key")},
                         {"ca.key": 0o600, "node.key": 0o600})

    def test_a_certificate_is_for_both_sides_and_names_its_node(self):
        self.make("node-2")
        text = self.text_of("node-2.crt")
        for words in ("DNS:node-2", "TLS Web Server Authentication, TLS Web Client Authentication", "CA:FALSE",
                      "NIST CURVE: P-256"):
            self.assertIn(words, text)
        self.assertIn("CA:TRUE", self.text_of("ca.crt"))

    def test_another_run_adds_and_touches_nothing_else(self):
        self.make("node")
        before = self.content()
        self.make("node", "node-2")
        after = self.content()
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertIn("node-2.crt", after)

    def test_a_certificate_that_runs_out_soon_is_renewed_and_its_key_stays(self):
        self.make("node", days=certificates.RENEWED_BEFORE_DAYS - 1)
        before = self.content()
        self.make("node")
        after = self.content()
        self.assertEqual([name for name in before if before[name] != after[name]], ["node.crt"])
        self.make("node", renew=True)
        self.assertNotEqual(self.content()["node.crt"], after["node.crt"])
        self.assertEqual(self.content()["node.key"], before["node.key"])

    def test_half_an_authority_is_no_reason_to_make_another(self):
        self.make("node")
        for name in ("ca.key", "ca.crt"):
            path = self.where / name
            text = path.read_bytes()
            path.unlink()
            with self.assertRaisesRegex(ServiceError, f"{name} is missing, and a new authority would shut out"):
                self.make("node-2")
            path.write_bytes(text)

    def test_a_killed_first_run_can_be_resumed(self):
        self.make("node")
        key = (self.where / "ca.key").read_bytes()
        for name in ("ca.crt", "node.crt", "node.key"):
            (self.where / name).unlink()
        for name in ("ca.crt.new", "node.key.new"):
            (self.where / name).write_text("half a")
        self.make("node")
        self.assertEqual((self.where / "ca.key").read_bytes(), key)
        self.assertEqual(set(self.content()), {"ca.crt", "ca.key", "node.crt", "node.key"})

    def test_a_name_that_leads_elsewhere_is_refused(self):
        for name in ("ca", "../node", "", "-x", "a/b", "a b", "x" * 64):
            with self.assertRaisesRegex(ServiceError, "can't be a node's name"):
                self.make(name)
        self.assertFalse(self.where.exists())


class Nodes(support.StackTest):
    def second(self, **environment):
        return node.Node(self.resolve(environment={"MILLRACE_NODES": "2", **environment}), 2)

    def test_nodes_that_are_told_to_use_no_tls_have_no_certificates(self):
        told = self.second(MILLRACE_NODE_CERTS="off").among_others()
        self.assertFalse([name for name in told if "CERT" in name or "KEY" in name])

    def test_nodes_that_nobody_gave_certificates_make_their_own(self):
        settings = self.resolve(environment={"MILLRACE_NODES": "2"})
        settings.home.claim()
        for number in (1, 2):
            one = node.Node(settings, number)
            one.prepare()
            told = one.among_others()
            for name in certificates.files_of("", one.name):
                self.assertTrue(pathlib.Path(told[name]).is_file(), name)
        self.assertEqual(settings.home.node_certificates.stat().st_mode & 0o777, 0o700)
        before = {path: path.read_bytes() for path in settings.home.node_certificates.iterdir()}
        node.Node(settings, 2).prepare()
        self.assertEqual({path: path.read_bytes() for path in settings.home.node_certificates.iterdir()}, before)

    def test_a_node_with_files_of_its_own_keeps_them(self):
        self.assertNotIn("MILLRACE_NODE_KEY",
                         self.second(MILLRACE_NODE_CERTIFICATE=str(self.folder / "mine.crt")).shown_to_others())

    def test_each_takes_its_own_of_the_folder(self):
        told = self.second(MILLRACE_NODE_CERTS=str(self.folder)).among_others()
        self.assertEqual({told[name] for name in certificates.files_of(self.folder, "node-2")},
                         {str(self.folder / name) for name in ("node-2.crt", "node-2.key", "ca.crt")})

    def test_one_that_has_none_does_not_start_and_says_how_to_make_it(self):
        with self.assertRaisesRegex(
                ServiceError, f"node-2.crt isn't there: `deploy/millrace certs {self.folder} --nodes node-2` makes it"):
            self.second(MILLRACE_NODE_CERTS=str(self.folder)).prepare()

    def test_a_node_that_is_alone_needs_none(self):
        node.Node(self.resolve(environment={"MILLRACE_NODE_CERTS": str(self.folder)})).prepare()

    def test_a_renewed_certificate_makes_a_running_node_out_of_date(self):
        for name in ("node-2.crt", "node-2.key", "ca.crt"):
            (self.folder / name).write_text("one")
        second = self.second(MILLRACE_NODE_CERTS=str(self.folder))
        before = second.fingerprints()
        (self.folder / "node-2.crt").write_text("another")
        after = second.fingerprints()
        self.assertEqual([part for part in before if before[part] != after[part]], ["certificates"])


if __name__ == "__main__":
    unittest.main()
