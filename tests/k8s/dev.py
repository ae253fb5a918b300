"""k8s/overlays/dev: it comes up, is loaded, loses nodes and servers, takes another image, scales, takes changes, and
goes without a trace."""
import base64
import json
import re
import time
import unittest

from cluster import (IMAGE, NAMESPACE, NEXT_TAG, NODES, SHARDS, VERSION, apply, job, kill, kubectl, machine, node_pods,
                     objects, rolled_out, run, say, served, shards, uid, until)

SERVERS = ("statefulset/postgres", "statefulset/redis", "statefulset/kafka", "deployment/connect",
           "deployment/generator")


def redis(*words):
    command = 'REDISCLI_AUTH=$(cat /secrets/redis-password) exec redis-cli "$@"'
    return kubectl("exec", "redis-0", "--", "sh", "-c", command, "redis-cli", *words).stdout.strip()


def psql(statement):
    command = 'PGPASSWORD=$(cat /administrator/password) exec psql -h 127.0.0.1 -U millrace_admin -d shop -XAtqc "$1"'
    return kubectl("exec", "postgres-0", "--", "sh", "-c", command, "psql", statement).stdout.strip()


def topics():
    """Returns Kafka's topics but its own."""
    address = json.loads(kubectl("get", "pod", "kafka-0", "-o", "json").stdout)["status"]["podIP"]
    told = json.loads(run("kcat", "-b", f"{address}:19092", "-L", "-J", "-m", "30").stdout)
    return {x["topic"] for x in told["topics"] if not x["topic"].startswith("__")}


def login_refused(server, old):
    """Tells whether a server of the overlay refuses a password that was right before."""
    command = {
        "redis-0": 'REDISCLI_AUTH=$1 redis-cli ping 2>&1 | grep -c WRONGPASS',
        "postgres-0": 'PGPASSWORD=$1 psql -h 127.0.0.1 -U shop -d shop -c "" 2>&1 | grep -c "password authentication"'
    }[server]
    return kubectl("exec", server, "--", "sh", "-c", command, "sh", old, check=False).stdout.strip() == "1"


class Dev(unittest.TestCase):
    """In the order of their names."""

    sources = None  #: a copy of the manifests' sources, which tests change

    def apply(self):
        return apply(self.sources / "k8s/overlays/dev")

    def equal(self, what, before):
        """Compares the figures with a Job, while the generator writes until `verify` pauses it."""
        good, log = job("verify")
        self.assertTrue(good, f"{what}:\n{log}")
        say(f"{what}: equal after {time.monotonic() - before:.0f} s")
        return log

    def change(self, file, old, new):
        text = (self.sources / file).read_text()
        self.assertEqual(text.count(old), 1, file)
        (self.sources / file).write_text(text.replace(old, new))

    def test_01_everything_comes_up_and_is_equal(self):
        before = time.monotonic()
        say(f"applied and served in {self.apply():.0f} s")
        log = self.equal("from nothing", before)
        self.assertRegex(log, r"27 of 27 figures equal SQL")
        served(2)
        rows = int(psql("SELECT count(*) FROM orders"))
        until("the generator writes", lambda: int(psql("SELECT count(*) FROM orders")) > rows)

    def test_02_a_pod_that_is_not_restricted_is_refused(self):
        done = kubectl("run", "privileged", f"--image={IMAGE}", "--privileged", check=False)
        self.assertIn("violates PodSecurity", done.stderr)

    def test_03_no_password_is_in_a_pods_environment_or_in_connect(self):
        secrets = {
            value
            for x in objects("secrets")
            for key, value in x.get("data", {}).items() if "password" in key or key == "http-token"
        }
        shown = json.dumps(objects("pods")) + kubectl("exec", "deploy/connect", "--", "curl", "-fsS",
                                                      "http://localhost:8083/connectors/millrace-shop/config").stdout
        self.assertGreater(len(secrets), 4)
        for secret in secrets:
            self.assertNotIn(base64.b64decode(secret).decode(), shown)

    def test_04_a_nodes_pod_is_deleted_under_load(self):
        before, old = time.monotonic(), uid("millrace-1")
        kubectl("delete", "pod", "millrace-1")
        until("another millrace-1", lambda: uid("millrace-1") not in (None, old))
        rolled_out()
        served(2)
        self.equal("a node's pod deleted", before)

    def test_05_a_node_is_killed_under_load(self):
        before = time.monotonic()
        kill("millrace-0", "node")
        rolled_out()
        served(2)
        self.equal("a node killed", before)
        before, old = time.monotonic(), uid("millrace-0")
        kubectl("delete", "pod", "millrace-0", "--grace-period=0", "--force")
        until("another millrace-0", lambda: uid("millrace-0") not in (None, old))
        rolled_out()
        served(2)
        self.equal("a node's pod deleted without grace", before)

    def test_06_servers_are_killed_under_load(self):
        for pod in ("postgres-0", "redis-0", "kafka-0",
                    objects("pods", "-l", "app.kubernetes.io/name=connect")[0]["metadata"]["name"]):
            with self.subTest(pod):
                before = time.monotonic()
                kill(pod, pod.split("-")[0])
                rolled_out(*SERVERS)
                self.equal(f"{pod} killed", before)
                before = time.monotonic()
                kubectl("delete", "pod", pod, "--grace-period=0", "--force")
                rolled_out(*SERVERS)
                self.equal(f"{pod} deleted without grace", before)

    def test_07_a_drain_takes_one_node_at_a_time(self):
        # The cluster has one machine, so the evicted pod waits until it is uncordoned, and the drain doesn't end.
        before = time.monotonic()
        drain = ("kubectl", "drain", machine(), f"--pod-selector={NODES}", "--delete-emptydir-data", "--timeout=20s")
        try:
            done = run(*drain, check=False)
            self.assertIn("violate the pod's disruption budget", done.stderr)
            left = [name for name, pod in node_pods().items() if pod["status"]["phase"] == "Running"]
            self.assertEqual(len(left), 1, done.stderr)
            until("one node serves all", lambda: shards(left[0]) == SHARDS)
            kubectl("exec", left[0], "-c", "node", "--", "millrace", "verify", "--wait", "120")  # a Job would wait too
            say(f"drained, one node left: equal after {time.monotonic() - before:.0f} s")
        finally:
            run("kubectl", "uncordon", machine())
        rolled_out()
        served(2)
        self.equal("uncordoned", before)

    def test_08_another_image_takes_over_under_load(self):
        before = time.monotonic()
        self.change("k8s/overlays/dev/kustomization.yaml", f"newTag: {VERSION}", f"newTag: {NEXT_TAG}")
        self.apply()
        self.assertEqual({x["spec"]["containers"][0]["image"] for x in node_pods().values()}, {f"millrace:{NEXT_TAG}"})
        self.equal("another image", before)

    def test_09_nodes_are_added_and_removed_under_load(self):
        for count in (4, 2):
            before = time.monotonic()
            kubectl("scale", "statefulset/millrace", f"--replicas={count}")
            rolled_out()
            served(count)
            self.equal(f"{count} nodes", before)

    def test_10_a_changed_figure_is_applied_without_a_restart(self):
        before, pods = time.monotonic(), {name: uid(name) for name in node_pods()}
        file = self.sources / "sql/figures/rows.sql"
        file.write_text(file.read_text() + "\n-- redis: hash customers:by_zip field {zip_code} name by_zip\n"
                        "SELECT zip_code, count(*) AS customers FROM customers GROUP BY zip_code;\n")
        self.apply()
        self.assertRegex(self.equal("a figure added", before), r"28 of 28 figures equal SQL")
        self.assertGreater(int(redis("HLEN", "customers:by_zip")), 0)
        self.assertEqual({name: uid(name) for name in node_pods()}, pods)

    def test_11_secrets_are_rotated(self):
        before, folder = time.monotonic(), self.sources / "k8s/overlays/dev/secrets"
        old = {name: (folder / f"{name}-password").read_text() for name in ("redis", "postgres")}
        run(self.sources / "k8s/secrets.sh", folder, "node-password", "postgres-password", "redis-password",
            "debezium-password", "http-token", "tls.crt")
        kubectl("delete", "job", "millrace-setup", "--ignore-not-found")
        run("kubectl", "apply", "-k", self.sources / "k8s/overlays/dev")
        for what in ("statefulset/redis", "deployment/connect", "statefulset/millrace", "deployment/generator"):
            kubectl("rollout", "restart", what)
        kubectl("wait", "--for=condition=Complete", "job/millrace-setup", "--timeout=900s")
        rolled_out(*SERVERS)
        served(2)
        self.equal("secrets rotated", before)
        for name, password in old.items():
            self.assertTrue(login_refused(f"{name}-0", password), name)

    def test_12_remove_and_delete_leave_nothing(self):
        self.assertTrue([x for x in topics() if x.startswith("dbserver1.")])
        kubectl("scale", "statefulset/millrace", "deployment/generator", "--replicas=0")
        until("no node", lambda: not node_pods())
        good, log = job("remove")
        self.assertTrue(good, log)
        self.assertEqual(psql("SELECT count(*) FROM pg_replication_slots"), "0")
        self.assertEqual(redis("DBSIZE"), "0", redis("KEYS", "*"))
        self.assertEqual({x for x in topics() if not re.match(r"millrace\.connect\.", x)}, set())
        run("kubectl", "delete", "-k", self.sources / "k8s/overlays/dev", "--timeout=300s", seconds=400)
        until("no namespace", lambda: run("kubectl", "get", "namespace", NAMESPACE, check=False).returncode != 0)
        for kind in ("clusterrole", "clusterrolebinding", "validatingwebhookconfiguration", "customresourcedefinition"):
            self.assertNotIn("millrace", run("kubectl", "get", kind, "-o", "name").stdout)
