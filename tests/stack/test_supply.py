#!/usr/bin/env python3
"""Java parts are run only where they are those that the repository pins."""
import hashlib
import pathlib
import subprocess
import sys
import unittest
import unittest.mock
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import support

import install
import java
import kafka
from service import ServiceError


class Supply(support.StackTest):
    def setUp(self):
        super().setUp()
        self.parts = self.folder / "parts"
        self.write("kafka/kafka.jar", b"broker")
        self.write("plugins/debezium/connector.jar", b"connector")
        self.write("markers/whatever.marker", b"Maven's own")
        self.pins = self.folder / "pins"
        self.pins.write_text("# a comment\n" +
                             "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n"
                                     for path, content in (("kafka/kafka.jar", b"broker"),
                                                           ("plugins/debezium/connector.jar", b"connector"))))
        for name, value in (("PINS", self.pins), ("parts", lambda: self.parts)):
            patch = unittest.mock.patch.object(java, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def write(self, name, content):
        path = self.parts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def refused(self, words):
        with self.assertRaisesRegex(ServiceError, words):
            java.verify(self.parts)

    def test_parts_as_they_are_pinned_are_run(self):
        java.verify(self.parts)

    def test_a_jar_with_another_content_is_named(self):
        self.write("kafka/kafka.jar", b"brokex")
        self.refused("kafka/kafka.jar has another content")

    def test_a_jar_too_many_is_named(self):
        self.write("kafka/aaa.jar", b"comes first on the class path")
        self.refused("kafka/aaa.jar is unknown")

    def test_a_jar_that_is_missing_is_named(self):
        (self.parts / "plugins/debezium/connector.jar").unlink()
        self.refused("plugins/debezium/connector.jar is missing")

    def test_a_link_in_a_jars_place_is_named(self):
        (self.parts / "kafka/kafka.jar").unlink()
        (self.parts / "kafka/kafka.jar").symlink_to(self.write("elsewhere.jar", b"broker"))
        self.refused("kafka/kafka.jar is a link")

    def test_the_cache_is_checked_by_every_start(self):
        self.write("kafka/kafka.jar", b"brokex")
        with self.assertRaisesRegex(ServiceError, "aren't run: kafka/kafka.jar has another content"):
            kafka.Kafka(self.resolve()).prepare()
        with self.assertRaisesRegex(ServiceError, "has another content"):
            install.java_parts()
        with self.assertRaisesRegex(ServiceError, "has another content"), install.java_parts_beside():
            self.fail("the build began")

    def test_what_maven_brings_is_compared_before_it_gets_its_place(self):
        self.parts = self.folder / "cache" / "parts"

        def maven(command, **_):
            self.assertIn("-C", command)
            target = pathlib.Path(command[-1].removeprefix("-Dtarget="))
            (target / "kafka").mkdir()
            (target / "kafka" / "kafka.jar").write_bytes(b"from a mirror")
            return subprocess.CompletedProcess(command, 0, "", "")

        with unittest.mock.patch.object(subprocess, "run",
                                        maven), self.assertRaisesRegex(ServiceError,
                                                                       "kafka/kafka.jar has another content"):
            java.fetch()
        self.assertFalse(self.parts.exists())


class Pins(unittest.TestCase):
    def test_the_versions_that_the_pom_names_are_pinned(self):
        space = {"m": "http://maven.apache.org/POM/4.0.0"}
        pom = xml.etree.ElementTree.parse(java.POM)
        for dependency in pom.findall("m:dependencies/m:dependency", space):
            name, version = (dependency.find(f"m:{part}", space).text for part in ("artifactId", "version"))
            version = pom.find(f"m:properties/m:{version.strip('${}')}", space).text
            self.assertIn(f"kafka/{name}-{version}.jar", java.pins())
        self.assertIn(f"plugins/debezium-connector-postgres/debezium-connector-postgres-{java.version('debezium')}.jar",
                      java.pins())
        for digest in java.pins().values():
            self.assertRegex(digest, "^[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main()
