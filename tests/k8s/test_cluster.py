#!/usr/bin/env python3
"""k8s/overlays/dev on a real Kubernetes: it comes up, is loaded, loses nodes, takes another image, scales, takes
changes, and goes without a trace.

    deploy/millrace test kubernetes

cluster.sh starts a cluster of one node; its images are built as for tests/compose. The tests run in the order
of their names.
"""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compose")]
sys.dont_write_bytecode = True
import engine  # noqa: E402
import images  # noqa: E402
import tools  # noqa: E402

VERSION = re.search(r"VERSION (\d+\.\d+\.\d+)", (tools.ROOT / "CMakeLists.txt").read_text())[1]
IMAGE, NEXT_TAG = f"millrace:{VERSION}", f"{VERSION}-next"
CONTAINERD = "/run/kubernetes-containerd/containerd.sock"
NAMESPACE = "millrace"
SHARDS = 32


def run(*command, check=True, seconds=1200, text="", env=None):
    done = subprocess.run([*map(str, command)],
                          input=text,
                          capture_output=True,
                          text=True,
                          timeout=seconds,
                          env=env or engine.environment())
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def kubectl(*words, check=True, seconds=900, text=""):
    return run("kubectl", "-n", NAMESPACE, *words, check=check, seconds=seconds, text=text)


def objects(*words):
    return json.loads(kubectl("get", *words, "-o", "json").stdout)["items"]


def until(what, found, seconds=300):
    """Polls until `found` returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not after {seconds} s: {what}\n{kubectl('get', 'pods,jobs', '-o', 'wide', check=False).stdout}"
                f"{kubectl('get', 'events', '--sort-by=.lastTimestamp', check=False).stdout[-3000:]}")
        time.sleep(0.5)
    return value


def setUpModule():
    global FOLDER, SOURCES
    FOLDER = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="millrace-kubernetes-")))
    run(HERE / "cluster.sh", "build", seconds=7200)
    build_images()
    start_cluster()
    import_images()
    make_volumes()
    SOURCES = tools.Manifests(FOLDER / "sources")


def build_images():
    """Builds the images, and stops the engine again: it and the cluster both set up the machine's network."""
    ours = engine.up()
    try:
        say(f"package: {images.take_package()}")
        found = images.build(IMAGE, ("kraft", "node"))
        images.build_next(IMAGE, f"millrace:{NEXT_TAG}")
        run("docker", "save", "-o", FOLDER / "images.tar", f"millrace:{NEXT_TAG}", *found)
    finally:
        if ours:
            engine.down()


def start_cluster():
    unittest.addModuleCleanup(run, HERE / "cluster.sh", "down", check=False)
    before = time.monotonic()
    run(HERE / "cluster.sh", "up", seconds=600)
    say(f"the cluster is up in {time.monotonic() - before:.0f} s")
    for name, value in re.findall(r"(\w+)=(\S+)", run(HERE / "cluster.sh", "env").stdout):
        os.environ[name] = value.replace("$PATH", os.environ["PATH"])


def import_images():
    run("ctr", "--address", CONTAINERD, "-n", "k8s.io", "images", "import", FOLDER / "images.tar")
    (FOLDER / "images.tar").unlink()


def make_volumes():
    """No StorageClass provides volumes here: one for each claim of the overlay, on this machine's disk."""
    node = json.loads(run("kubectl", "get", "nodes", "-o", "json").stdout)["items"][0]["metadata"]["name"]
    for name in ("postgres", "redis", "kafka"):
        path = FOLDER / "volumes" / name
        path.mkdir(parents=True)
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name
            },
            "spec": {
                "capacity": {
                    "storage": "5Gi"
                },
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "local": {
                    "path": str(path)
                },
                "claimRef": {
                    "namespace": NAMESPACE,
                    "name": f"data-{name}-0"
                },
                "nodeAffinity": {
                    "required": {
                        "nodeSelectorTerms": [{
                            "matchExpressions": [{
                                "key": "kubernetes.io/hostname",
                                "operator": "In",
                                "values": [node]
                            }]
                        }]
                    }
                }
            }
        }
        run("kubectl", "apply", "-f", "-", text=json.dumps(volume))
    FOLDER.chmod(0o755)


def apply():
    """Applies the overlay, and waits until the set-up is done and all nodes serve. Returns the seconds."""
    before = time.monotonic()
    kubectl("delete", "job", "millrace-setup", "--ignore-not-found")
    run("kubectl", "apply", "-k", SOURCES.folder / "k8s/overlays/dev")
    kubectl("wait", "--for=condition=Complete", "job/millrace-setup", "--timeout=900s")
    rolled_out()
    return time.monotonic() - before


def rolled_out():
    kubectl("rollout", "status", "statefulset/millrace", "--timeout=600s")


def job(verb):
    """Runs a verb as a Job to its end. Returns (whether it succeeded, its log)."""
    name = f"{verb}-{time.time_ns()}"
    kubectl("create", "job", f"--from=cronjob/millrace-{verb}", name)

    def ended():
        conditions = json.loads(kubectl("get", "job", name, "-o", "json").stdout).get("status",
                                                                                      {}).get("conditions", [])
        return next((x["type"] for x in conditions if x["type"] in ("Complete", "Failed") and x["status"] == "True"),
                    None)
    outcome = until(f"the job {name} ends", ended)
    log = kubectl("logs", f"job/{name}").stdout
    kubectl("delete", "job", name)
    return outcome == "Complete", log


def node_pods():
    return {
        x["metadata"]["name"]: x
        for x in objects("pods", "-l", "app.kubernetes.io/name=millrace,app.kubernetes.io/component=node")
    }


def shards():
    """Returns how many shards each node serves, by its own status."""
    return {
        name: len(json.loads(kubectl("exec", name, "--", "millrace", "status", "--json").stdout)["member"]["shards"])
        for name in node_pods()
    }


def redis(*words):
    command = 'REDISCLI_AUTH=$(cat /secrets/redis-password) exec redis-cli "$@"'
    return kubectl("exec", "redis-0", "--", "sh", "-c", command, "redis-cli", *words).stdout.strip()


def psql(statement):
    command = 'PGPASSWORD=$(cat /administrator/password) exec psql -h 127.0.0.1 -U millrace_admin -d shop -XAtqc "$1"'
    return kubectl("exec", "postgres-0", "--", "sh", "-c", command, "psql", statement).stdout.strip()


class Dev(unittest.TestCase):
    def equal(self, what, before):
        """Compares the figures with a Job, while the generator writes until `verify` pauses it."""
        good, log = job("verify")
        self.assertTrue(good, f"{what}:\n{log}")
        say(f"{what}: equal after {time.monotonic() - before:.0f} s")
        return log

    def served(self, count):
        """Waits until so many nodes share all shards."""
        def found():
            held = shards()
            return held if len(held) == count and sum(held.values()) == SHARDS and min(held.values()) > 0 else None
        return until(f"{count} nodes share {SHARDS} shards", found)

    def test_01_everything_comes_up_and_is_equal(self):
        before = time.monotonic()
        say(f"applied and served in {apply():.0f} s")
        log = self.equal("from nothing", before)
        self.assertRegex(log, r"27 of 27 figures equal SQL")
        self.served(2)
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

    def test_04_a_node_is_deleted_under_load(self):
        before, old = time.monotonic(), node_pods()["millrace-1"]["metadata"]["uid"]
        kubectl("delete", "pod", "millrace-1")
        until("another millrace-1", lambda: node_pods().get("millrace-1", {"metadata": {
            "uid": old
        }})["metadata"]["uid"] != old)
        rolled_out()
        self.served(2)
        self.equal("a node's pod deleted", before)

    def test_05_a_node_is_killed_under_load(self):
        before, old = time.monotonic(), node_pods()["millrace-0"]["metadata"]["uid"]
        kubectl("delete", "pod", "millrace-0", "--grace-period=0", "--force")
        until("another millrace-0", lambda: node_pods().get("millrace-0", {"metadata": {
            "uid": old
        }})["metadata"]["uid"] != old)
        rolled_out()
        self.served(2)
        self.equal("a node's pod killed", before)

    def test_06_servers_are_killed_under_load(self):
        for pod in ("postgres-0", "redis-0", "kafka-0",
                    objects("pods", "-l", "app.kubernetes.io/name=connect")[0]["metadata"]["name"]):
            with self.subTest(pod):
                before = time.monotonic()
                kubectl("delete", "pod", pod, "--grace-period=0", "--force")
                for kind in ("statefulset/postgres", "statefulset/redis", "statefulset/kafka", "deployment/connect",
                             "statefulset/millrace"):
                    kubectl("rollout", "status", kind, "--timeout=600s")
                self.equal(f"{pod} killed", before)

    def test_07_a_drain_takes_one_node_at_a_time(self):
        """The cluster has one machine, so the evicted pod waits until it is uncordoned: the budget then refuses the
        second."""
        before = time.monotonic()
        machine = json.loads(run("kubectl", "get", "nodes", "-o", "json").stdout)["items"][0]["metadata"]["name"]
        run("kubectl", "cordon", machine)
        try:
            answers = [
                kubectl("create",
                        "--raw",
                        f"/api/v1/namespaces/{NAMESPACE}/pods/millrace-{at}/eviction",
                        "-f",
                        "-",
                        check=False,
                        text=json.dumps({
                            "apiVersion": "policy/v1",
                            "kind": "Eviction",
                            "metadata": {
                                "name": f"millrace-{at}",
                                "namespace": NAMESPACE
                            }
                        })) for at in (0, 1)
            ]
            self.assertEqual(answers[0].returncode, 0, answers[0].stderr)
            self.assertIn("disruption budget", answers[1].stderr)
            until(
                "one node serves all", lambda: node_pods().keys() >= {"millrace-1"} and len(
                    json.loads(kubectl("exec", "millrace-1", "--", "millrace", "status", "--json").stdout)["member"][
                        "shards"]) == SHARDS)
        finally:
            run("kubectl", "uncordon", machine)
        rolled_out()
        self.served(2)
        self.equal("drained", before)

    def test_08_another_image_takes_over_under_load(self):
        before = time.monotonic()
        file = SOURCES.folder / "k8s/overlays/dev/kustomization.yaml"
        file.write_text(file.read_text().replace(f"newTag: {VERSION}", f"newTag: {NEXT_TAG}"))
        apply()
        self.assertEqual({x["spec"]["containers"][0]["image"] for x in node_pods().values()}, {f"millrace:{NEXT_TAG}"})
        self.equal("another image", before)

    def test_09_nodes_are_added_and_removed_under_load(self):
        for count in (4, 2):
            before = time.monotonic()
            kubectl("scale", "statefulset/millrace", f"--replicas={count}")
            rolled_out()
            self.served(count)
            self.equal(f"{count} nodes", before)

    def test_10_a_changed_figure_is_applied_without_a_restart(self):
        before, uids = time.monotonic(), {x["metadata"]["uid"] for x in node_pods().values()}
        file = SOURCES.folder / "sql/figures/rows.sql"
        file.write_text(file.read_text() + "\n-- redis: hash customers:by_zip field {zip_code} name by_zip\n"
                        "SELECT zip_code, count(*) AS customers FROM customers GROUP BY zip_code;\n")
        apply()
        self.assertRegex(self.equal("a figure added", before), r"28 of 28 figures equal SQL")
        self.assertGreater(int(redis("HLEN", "customers:by_zip")), 0)
        self.assertEqual({x["metadata"]["uid"] for x in node_pods().values()}, uids)

    def test_11_secrets_are_rotated(self):
        before = time.monotonic()
        run(SOURCES.folder / "k8s/secrets.sh", SOURCES.folder / "k8s/overlays/dev/secrets", "node-password",
            "http-token", "tls.crt")
        apply()
        for what in ("statefulset/millrace", "deployment/generator"):
            kubectl("rollout", "restart", what)
            kubectl("rollout", "status", what, "--timeout=600s")
        self.served(2)
        self.equal("secrets rotated", before)

    def test_12_remove_and_delete_leave_nothing(self):
        kubectl("scale", "statefulset/millrace", "deployment/generator", "--replicas=0")
        until("no node", lambda: not node_pods())
        good, log = job("remove")
        self.assertTrue(good, log)
        self.assertEqual(psql("SELECT count(*) FROM pg_replication_slots"), "0")
        self.assertEqual(redis("KEYS", "millrace:*"), "")
        self.assertEqual(redis("DBSIZE"), "0", log)
        run("kubectl", "delete", "-k", SOURCES.folder / "k8s/overlays/dev", "--timeout=300s", seconds=400)
        until("no namespace", lambda: run("kubectl", "get", "namespace", NAMESPACE, check=False).returncode != 0)
        for kind in ("clusterrole", "clusterrolebinding", "validatingwebhookconfiguration", "customresourcedefinition"):
            self.assertNotIn("millrace", run("kubectl", "get", kind, "-o", "name").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
