#!/usr/bin/env python3
"""The manifests of k8s/, without a cluster: they fit the strict schemas, keep the rules of policy.py, and a real
`millrace` takes what they tell it."""
import copy
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import policy  # noqa: E402
import tools  # noqa: E402

OVERLAYS = ("overlays/dev", "overlays/prod")
#: Settings that only the environment has; `millrace --help` shows the others.
ENVIRONMENT_ONLY = {
    "POSTGRES_PASSWORD", "REDIS_PASSWORD", "MILLRACE_NODE_PASSWORD", "MILLRACE_DEBEZIUM_PASSWORD",
    "MILLRACE_HTTP_TOKEN", "CONNECT_PASSWORD", "MILLRACE_NODE_USER", "MILLRACE_DEBEZIUM_USER", "MILLRACE_EXACTLY_ONCE",
    "MOCK_DATA_RECORDS_PER_BATCH", "MOCK_DATA_INTERVAL_SECONDS"
}
#: Names of ours that aren't settings: other variables are made of them.
HELPERS = {"NAMESPACE"}


def setUpModule():
    global BUILT, SOURCES
    folder = unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="millrace-k8s-"))
    SOURCES = tools.Manifests(folder)
    BUILT = {name: SOURCES.build(name) for name in OVERLAYS}


def of(objects, kind, name):
    return next(x for x in objects if (x["kind"], x["metadata"]["name"]) == (kind, name))


class Manifests(unittest.TestCase):
    def test_overlays_fit_the_strict_schemas(self):
        for name, objects in BUILT.items():
            for release in tools.RELEASES:
                self.assertEqual(tools.complaints(objects, release), [], f"{name}, {release}")

    def test_overlays_keep_the_rules(self):
        for name, objects in BUILT.items():
            self.assertEqual(policy.findings(objects), [], name)

    def test_everything_is_in_the_overlays_namespace(self):
        for name, objects in BUILT.items():
            for x in objects:
                self.assertEqual(x["metadata"].get("namespace"), None if x["kind"] == "Namespace" else "millrace",
                                 f"{name}: {x['metadata']['name']}")

    def test_the_namespace_refuses_pods_that_are_not_restricted(self):
        for name, objects in BUILT.items():
            self.assertEqual(
                of(objects, "Namespace", "millrace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
                "restricted", name)

    def test_a_node_has_time_to_drain_and_two_are_never_evicted_at_once(self):
        for name, objects in BUILT.items():
            nodes = of(objects, "StatefulSet", "millrace")
            self.assertGreater(nodes["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 10 + 5,
                               name)  # a node drains for ten seconds at most
            budget = of(objects, "PodDisruptionBudget", "millrace")["spec"]
            self.assertEqual((budget["maxUnavailable"], budget["selector"]["matchLabels"].items()
                              <= nodes["spec"]["template"]["metadata"]["labels"].items()), (1, True))

    def test_no_secret_is_among_the_files(self):
        tracked = subprocess.run(["git", "ls-files", "k8s"], cwd=tools.ROOT, capture_output=True,
                                 text=True).stdout.split()
        self.assertEqual([name for name in tracked if "/secrets/" in name], [])
        self.assertEqual([x["metadata"]["name"] for x in BUILT["overlays/prod"] if x["kind"] == "Secret"], [])

    def test_the_shops_figures_are_all_in_the_config_map(self):
        files = {("" if kind == "figures" else f"{kind}-") + path.name
                 for kind in ("figures", "alerts", "batch") for path in (tools.ROOT / "sql" / kind).glob("*.sql")}
        self.assertEqual(set(of(BUILT["overlays/dev"], "ConfigMap", "millrace-figures")["data"]), files)

    def test_services_have_the_image_that_the_overlay_names_once(self):
        for name, objects in BUILT.items():
            images = {
                container["image"]
                for _, pod, _ in tools.pods(objects)
                for container in tools.containers(pod) if "millrace" in container["image"]
            }
            self.assertEqual(len(images), 1, name)

    def test_every_pod_is_reached_as_a_policy_says(self):
        """A pod that no policy but the default names has no servers and no clients."""
        for name, objects in BUILT.items():
            policies = [
                x["spec"]["podSelector"].get("matchLabels", {}) for x in objects if x["kind"] == "NetworkPolicy"
            ]
            for pod, _, labels in tools.pods(objects):
                self.assertTrue(any(wanted and wanted.items() <= labels.items() for wanted in policies),
                                f"{name}: {pod}")


class Environment(unittest.TestCase):
    """What a pod is told, given to the program."""

    @classmethod
    def setUpClass(cls):
        if not tools.binary().is_file():
            raise AssertionError(f"{tools.binary()} isn't built")
        told = subprocess.run([tools.binary(), "--help"], capture_output=True, text=True).stdout
        cls.known = set(re.findall(r"\(Env:(\w+)\)", told)) | ENVIRONMENT_ONLY
        cls.known |= {f"{name}_FILE" for name in cls.known if re.search("PASSWORD|TOKEN", name)}

    @staticmethod
    def variables(container, objects):
        """Returns a container's environment as Kubernetes makes it, without the image's own."""
        out = {}
        for source in container.get("envFrom", []):
            out |= of(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
        for variable in container.get("env", []):
            value = variable.get("value")
            if value is None:
                value = {
                    "metadata.name": "millrace-0",
                    "metadata.namespace": "millrace"
                }[variable["valueFrom"]["fieldRef"]["fieldPath"]]
            out[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda found: out[found[1]], value)
        return out

    def unknown(self, objects):
        return [
            f"{pod}: {name}" for pod, pod_spec, _ in tools.pods(objects) for container in tools.containers(pod_spec)
            if "millrace" in container["image"] for name in self.variables(container, objects)
            if name not in self.known | HELPERS
        ]

    def run_in(self, folder, arguments, environment):
        """Runs the program with the environment, as if `folder` were its root."""
        shown = {name: str(folder) + value if value.startswith("/") else value for name, value in environment.items()}
        return subprocess.run([tools.binary(), *arguments], env=shown, capture_output=True, text=True, timeout=60)

    def mounts(self, folder):
        for name in ("secrets", "debezium", "certificates", "figures"):
            (folder / name).mkdir()
        for name in ("http-token", "node-password", "postgres-password", "redis-password", "connect-password",
                     "kafka.properties", "postgres-ca.crt"):
            (folder / "secrets" / name).write_text("" if name == "kafka.properties" else "x")
        (folder / "debezium/password").write_text("x")

    def test_every_variable_is_a_setting(self):
        for name, objects in BUILT.items():
            self.assertEqual(self.unknown(objects), [], name)

    def test_an_unknown_variable_is_found(self):
        objects = copy.deepcopy(BUILT["overlays/prod"])
        of(objects, "ConfigMap", "millrace-settings")["data"]["MILLRACE_STALE_AFTER"] = "30"
        self.assertIn("StatefulSet millrace: MILLRACE_STALE_AFTER", self.unknown(objects))

    def test_the_program_takes_every_value(self):
        """`health` reads all settings first: it ends with 1 where they are good and nothing serves, and with
        another code where one isn't."""
        for name, objects in BUILT.items():
            for pod, pod_spec, _ in tools.pods(objects):
                for container in tools.containers(pod_spec):
                    if "millrace" not in container["image"]:
                        continue
                    with self.subTest(f"{name}: {pod}, {container['name']}"), tempfile.TemporaryDirectory() as folder:
                        self.mounts(pathlib.Path(folder))
                        environment = {**self.variables(container, objects), "MILLRACE_HTTP_PORT": "0"}
                        done = self.run_in(folder, ["health"], environment)
                        self.assertEqual(done.returncode, 1, done.stderr)
                        self.assertIn("MILLRACE_HTTP_PORT isn't set", done.stderr)

    def test_a_wrong_value_is_refused(self):
        objects = BUILT["overlays/dev"]
        environment = self.variables(
            of(objects, "StatefulSet", "millrace")["spec"]["template"]["spec"]["containers"][0], objects)
        for setting, value in (("MILLRACE_STALE_AFTER_SECONDS",
                                "soon"), ("MILLRACE_PROJECT", "Shop!"), ("REDIS_PORT", "tcp://10.96.0.7:6379"),
                               ("MILLRACE_NODE_ADDRESS", "millrace-0"), ("POSTGRES_PASSWORD_FILE", "/secrets/none")):
            with tempfile.TemporaryDirectory() as folder:
                self.mounts(pathlib.Path(folder))
                done = self.run_in(folder, ["health"], {**environment, "MILLRACE_HTTP_PORT": "0", setting: value})
                self.assertNotIn(done.returncode, (0, 1), f"{setting}={value}: {done.stderr}")

    def test_verbs_that_log_in_as_debezium_have_the_password_and_not_the_reference(self):
        """`prepare` once took the reference that only Kafka Connect resolves for a password that PostgreSQL rejects."""
        for name, objects in BUILT.items():
            found = {container["name"]: self.variables(container, objects) for _, pod, _ in tools.pods(objects)
                     for container in tools.containers(pod) if "millrace" in container["image"]}
            for verb in ("prepare", "remove"):
                self.assertEqual(
                    (found[verb]["MILLRACE_DEBEZIUM_PASSWORD"], found[verb]["MILLRACE_DEBEZIUM_PASSWORD_FILE"]),
                    ("", "/debezium/password"), name)
            for verb in ("connector", "figures", "apply"):
                self.assertRegex(found[verb]["MILLRACE_DEBEZIUM_PASSWORD"], r"^\$\{dir:", name)

    def test_every_verb_is_one_of_the_programs(self):
        for name, objects in BUILT.items():
            for pod, pod_spec, _ in tools.pods(objects):
                for container in tools.containers(pod_spec):
                    if "millrace" in container["image"]:
                        done = subprocess.run([tools.binary(), *container["args"], "--help"],
                                              capture_output=True,
                                              text=True)
                        self.assertEqual(done.returncode, 0, f"{name}: {pod}: {container['args']}: {done.stderr}")

    def test_every_file_that_a_variable_names_is_mounted(self):
        for name, objects in BUILT.items():
            for pod, pod_spec, _ in tools.pods(objects):
                for container in tools.containers(pod_spec):
                    if "millrace" in container["image"]:
                        mounts = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
                        for variable, value in self.variables(container, objects).items():
                            if value.startswith("/"):
                                self.assertTrue(any(value == path or value.startswith(path + "/") for path in mounts),
                                                f"{name}: {pod}: {variable}={value}")


class Rules(unittest.TestCase):
    """Each rule convicts what breaks it."""

    def found(self, change):
        objects = copy.deepcopy(BUILT["overlays/dev"])
        nodes = of(objects, "StatefulSet", "millrace")["spec"]["template"]["spec"]
        change(nodes, nodes["containers"][0], objects)
        return " / ".join(policy.findings(objects))

    def test_what_restricted_forbids_is_found(self):
        for words, change in {
                "the host's namespaces":
                lambda pod, container, _: pod.update(hostNetwork=True),
                "no seccomp profile":
                lambda pod, container, _: pod["securityContext"].pop("seccompProfile"),
                "may run as root":
                lambda pod, container, _: pod["securityContext"].pop("runAsNonRoot"),
                "volume figures is a hostPath":
                lambda pod, container, _: pod["volumes"].__setitem__(0, {
                    "name": "figures",
                    "hostPath": {
                        "path": "/"
                    }
                }),
                "may gain privileges":
                lambda pod, container, _: container["securityContext"].pop("allowPrivilegeEscalation"),
                "keeps capabilities":
                lambda pod, container, _: container["securityContext"].update(capabilities={
                    "drop": ["ALL"],
                    "add": ["SYS_ADMIN"]
                }),
                "runs as root":
                lambda pod, container, _: container["securityContext"].update(runAsUser=0),
                "a port of its host":
                lambda pod, container, _: container["ports"][0].update(hostPort=15420),
        }.items():
            self.assertIn(words, self.found(change))

    def test_what_the_project_forbids_is_found(self):
        for words, change in {
                "no tag that stays":
                lambda pod, container, _: container.update(image="millrace:latest"),
                "image millrace has no tag":
                lambda pod, container, _: container.update(image="millrace"),
                "no limit of memory":
                lambda pod, container, _: container["resources"]["limits"].pop("memory"),
                "no request of cpu":
                lambda pod, container, _: container["resources"].pop("requests"),
                "POSTGRES_PASSWORD has a secret":
                lambda pod, container, _: container["env"].append({
                    "name": "POSTGRES_PASSWORD",
                    "value": "x"
                }),
                "REDIS_PASSWORD has a secret":
                lambda pod, container, _: container["env"].append({
                    "name": "REDIS_PASSWORD",
                    "valueFrom": {
                        "secretKeyRef": {
                            "name": "millrace-secrets",
                            "key": "redis-password"
                        }
                    }
                }),
                "millrace-settings: REDIS_PASSWORD":
                lambda pod, container, objects: of(objects, "ConfigMap", "millrace-settings")["data"].update(
                    REDIS_PASSWORD="x"),
                "a variable for each Service":
                lambda pod, container, _: pod.pop("enableServiceLinks"),
                "may write to its root":
                lambda pod, container, _: container["securityContext"].pop("readOnlyRootFilesystem"),
                "ConfigMap missing, which isn't there":
                lambda pod, container, _: container["envFrom"].append({"configMapRef": {
                    "name": "missing"
                }}),
                "no NetworkPolicy denies":
                lambda pod, container, objects: objects.remove(of(objects, "NetworkPolicy", "default-deny")),
        }.items():
            self.assertIn(words, self.found(change))

    def test_a_field_that_no_release_has_is_found(self):
        objects = copy.deepcopy(BUILT["overlays/prod"])
        of(objects, "StatefulSet", "millrace")["spec"]["replica"] = 3
        self.assertRegex(" ".join(tools.complaints(objects, tools.RELEASES[0])), r"StatefulSet millrace: .*replica")


if __name__ == "__main__":
    unittest.main()
