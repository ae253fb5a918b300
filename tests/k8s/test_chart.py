#!/usr/bin/env python3
"""The components of k8s/components and the Helm chart, without a cluster: schemas, rules, and that the chart is
what k8s/chart.py makes now."""
import filecmp
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

CHART = tools.ROOT / "k8s" / "chart"
COMPONENTS = sorted(path.name for path in (tools.ROOT / "k8s" / "components").iterdir())
OPTIONS = ("certManager", "hpa", "keda", "monitoring")


def setUpModule():
    global SOURCES, VALUES
    SOURCES = tools.Manifests(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="millrace-k8s-")))
    VALUES = tools.load((CHART / "values.yaml").read_text())[0]


def of(objects, kind, name):
    return next((x for x in objects if (x["kind"], x["metadata"]["name"]) == (kind, name)), None)


class Components(unittest.TestCase):
    def test_each_fits_the_schemas_and_keeps_the_rules(self):
        plain = len(SOURCES.build("overlays/prod"))
        for name in COMPONENTS:
            with self.subTest(name):
                objects = SOURCES.with_component(name)
                self.assertGreater(len(objects), plain)
                self.assertEqual(tools.complaints(objects, "1.34"), [])
                self.assertEqual(policy.findings(objects), [])

    def test_an_autoscaler_alone_sets_the_number_of_nodes(self):
        for name in tools.SCALERS:
            self.assertNotIn("replicas", of(SOURCES.with_component(name), "StatefulSet", "millrace")["spec"], name)

    def test_a_server_in_the_cluster_takes_the_place_of_the_one_elsewhere(self):
        for name, setting in (("cloudnative-pg", "POSTGRES_HOST"), ("strimzi", "KAFKA_BROKER"),
                              ("strimzi", "CONNECT_URL"), ("redis-operator", "REDIS_HOST")):
            self.assertNotIn("example.org",
                             of(SOURCES.with_component(name), "ConfigMap", "millrace-settings")["data"][setting])


class Chart(unittest.TestCase):
    def test_it_is_what_the_script_makes(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "chart"
            subprocess.run([SOURCES.folder / "k8s/chart.py", tools.kustomize(), made], check=True)
            names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
            self.assertEqual(names, sorted(str(path.relative_to(CHART)) for path in CHART.rglob("*") if path.is_file()),
                             "run k8s/chart.py")
            self.assertEqual(filecmp.cmpfiles(made, CHART, names, shallow=False)[1:], ([], []), "run k8s/chart.py")

    def test_it_fits_the_schemas_and_keeps_the_rules(self):
        for more in ({}, dict.fromkeys(OPTIONS, True)):
            objects = tools.rendered(CHART, {**VALUES, **more})
            for release in tools.RELEASES:
                self.assertEqual(tools.complaints(objects, release), [], release)
            self.assertEqual(policy.findings(objects), [])

    def test_it_has_what_the_overlay_has(self):
        """But for the namespace, which is Helm's, and what only Helm needs."""
        built = SOURCES.build("overlays/prod")
        objects = tools.rendered(CHART, VALUES)
        for x in built:
            if x["kind"] not in ("Namespace", "Job"):
                mine = of(objects, x["kind"], x["metadata"]["name"])
                self.assertIsNotNone(mine, f"{x['kind']} {x['metadata']['name']}")
                del x["metadata"]["namespace"]
                if x["kind"] == "StatefulSet":
                    del mine["spec"]["template"]["metadata"]["annotations"]
                if x["kind"] == "ConfigMap":
                    self.assertEqual(mine["data"], x["data"])
                elif x["kind"] != "CronJob":  # the chart has one value for the resources of all verbs
                    self.assertEqual(mine["spec"] if "spec" in mine else mine, x["spec"] if "spec" in x else {
                        **x, "metadata": mine["metadata"]
                    })

    def test_values_change_what_they_name(self):
        values = {
            **VALUES, "image": {
                "repository": "registry.example.org/millrace",
                "tag": "9"
            },
            "replicas": 5,
            "clusterDomain": "example.internal",
            "secrets": {
                **VALUES["secrets"], "millrace-secrets": "mine"
            }
        }
        nodes = of(tools.rendered(CHART, values), "StatefulSet", "millrace")["spec"]
        pod = nodes["template"]["spec"]
        self.assertEqual((nodes["replicas"], pod["containers"][0]["image"]), (5, "registry.example.org/millrace:9"))
        self.assertIn("example.internal:15420", str(pod["containers"][0]["env"]))
        self.assertIn("mine", [volume.get("secret", {}).get("secretName") for volume in pod["volumes"]])

    def test_another_setting_restarts_the_nodes(self):
        def annotations(values):
            return of(tools.rendered(CHART, values), "StatefulSet",
                      "millrace")["spec"]["template"]["metadata"]["annotations"]

        self.assertNotEqual(annotations(VALUES),
                            annotations({
                                **VALUES, "settings": {
                                    **VALUES["settings"], "LOG_LEVEL": "debug"
                                }
                            }))
        self.assertEqual(annotations(VALUES), annotations({**VALUES, "figures": {}}))

    def test_versions_are_the_projects(self):
        version = re.search(r"VERSION (\d+\.\d+\.\d+)", (tools.ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(str(VALUES["image"]["tag"]), version)
        for file in (tools.ROOT / "k8s").rglob("*.yaml"):
            for tag in re.findall(r"image: millrace:(\S+)|name: millrace, newTag: ([\d.]+)", file.read_text()):
                self.assertIn(version, tag, file)


if __name__ == "__main__":
    unittest.main()
