#!/usr/bin/env python3
"""The image and deploy/compose.yaml, run for real: each profile comes up, is loaded, loses each service, takes another
image, and goes without a trace.

    deploy/millrace test compose

Where no Docker answers, engine.py starts one. Official images that are there already are used; stand-ins take the place
of the others.
"""
import contextlib
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "deploy" / "stack")]
sys.dont_write_bytecode = True
import certificates  # noqa: E402
import engine  # noqa: E402
import images  # noqa: E402
import standins  # noqa: E402

PROJECT = "millrace-test"
PASSWORDS = images.PASSWORDS
FIRST_PORT = int(os.environ.get("MILLRACE_COMPOSE_PORTS") or 15880)
PORTS = {
    name: str(FIRST_PORT + at) for at, name in enumerate(("POSTGRES_PORT", "REDIS_PORT", "MILLRACE_CONNECT_PORT",
                                                          "MILLRACE_KAFKA_PORT", "MILLRACE_ZOOKEEPER_PORT"))
}
DOCUMENTED = {
    "postgres": 5432, "redis": 6379, "connect": 8083, "kafka": 9092, "kafka-zookeeper": 9092, "zookeeper": 2181
}
SETUP = ("setup-database", "setup-connector", "setup-figures")
GIGABYTE = 1 << 30
IMAGE, NEXT_IMAGE = "millrace:test", "millrace:test-next"


def run(*command, check=True, seconds=1200, text=None, env=None):
    done = subprocess.run([*map(str, command)], input=text or "", capture_output=True, text=True, timeout=seconds,
                          env=env or engine.environment())
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def inspect(name):
    return json.loads(run("docker", "inspect", name).stdout)[0]


class Compose:
    """`docker compose` with a choice of profiles, and passwords and ports of its own."""

    def __init__(self, profiles, folder):
        self.profiles, self.folder = profiles, folder
        self.file = folder / "env"
        self.settings = {
            **{name: secrets.token_hex(12) for name in PASSWORDS}, **PORTS, "COMPOSE_PROFILES": ",".join(profiles),
            "MILLRACE_IMAGE": IMAGE, "MILLRACE_IMAGE_PACKAGE": "given", "MILLRACE_STANDINS": str(standins.FOLDER),
            "MILLRACE_NODE_CERTS": str(folder / "certs"), "MOCK_DATA_RECORDS_PER_BATCH": "100"
        }
        self.write()

    def write(self):
        self.file.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))

    def __call__(self, *words, check=True, seconds=1200, text=None):
        stand_ins = ["-f", HERE / "standins.yaml"]
        return run("docker", "compose", "-p", PROJECT, "--env-file", self.file, "-f", ROOT / "deploy" / "compose.yaml",
                   *stand_ins, *words, check=check, seconds=seconds, text=text,
                   env={**engine.environment(), "COMPOSE_PROFILES": ",".join(self.profiles)})

    def up(self, *words):
        before = time.monotonic()
        self("up", "-d", "--wait", *words)
        return time.monotonic() - before

    def services(self):
        """Returns the services of these profiles that go on, in the order of their names."""
        return sorted(set(self("config", "--services").stdout.split()) - set(SETUP))

    def nodes(self):
        return [name for name in self.services() if name.startswith("node")]

    def container(self, service):
        return f"{PROJECT}-{service}-1"

    def verify(self, seconds=180):
        """Runs `verify` in a node's container. Raises AssertionError unless it ends with 0."""
        return self("exec", "-T",
                    self.nodes()[0], "millrace", "verify", "--wait", str(seconds), seconds=seconds * 3).stdout

    def psql(self, statement):
        administrator = ["-e", f"PGPASSWORD={self.settings['MILLRACE_POSTGRES_ADMIN_PASSWORD']}"]
        return self("exec", "-T", *administrator, "postgres", "psql", "-h", "127.0.0.1", "-U", "millrace_admin", "-d",
                    "shop", "-XAtqc", statement).stdout.strip()

    def redis(self, *words):
        return self("exec", "-T", "redis", "redis-cli", *words).stdout.strip()

    def is_healthy(self, service):
        found = run("docker", "inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", self.container(service),
                    check=False)
        return found.stdout.split() == ["running", "healthy"]

    def wait_until_healthy(self, seconds=180):
        until = time.monotonic() + seconds
        while sick := [service for service in self.services() if not self.is_healthy(service)]:
            if time.monotonic() > until:
                raise AssertionError(
                    f"not healthy after {seconds} s: {', '.join(sick)}\n{self('logs', '--tail', '20', *sick).stdout}")
            time.sleep(0.5)

    def rows(self):
        return int(self.psql("SELECT count(*) FROM orders"))


@contextlib.contextmanager
def orders(compose):
    """Writes orders, several a second, as long as the block lasts. Gives a list of how many were written."""
    written, ended = [], threading.Event()

    def write():
        while not ended.is_set():
            with contextlib.suppress(AssertionError):
                compose.psql(
                    "INSERT INTO orders (customer_id, total_amount, status) SELECT id, 19.99, 'pending' FROM "
                    "customers ORDER BY id LIMIT 5"
                )
                written.append(5)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        ended.set()
        thread.join()


def setUpModule():
    global FOLDER, OURS
    OURS = engine.up()
    if OURS:
        unittest.addModuleCleanup(engine.down)
    FOLDER = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="millrace-compose-")))
    say(f"package: {images.take_package()}")
    before = time.monotonic()
    found = images.build(IMAGE, ("kraft", "zookeeper", "node"))
    say(f"images built in {time.monotonic() - before:.0f} s; official ones: "
        f"{[image for image in found if image != IMAGE and images.is_official(image)] or 'none'}")
    images.build_next(IMAGE, NEXT_IMAGE)


class Files(unittest.TestCase):
    """What needs no container."""

    def config(self, *profiles, env=None):
        names = {**{name: "x" for name in PASSWORDS}, **(env or {})}
        done = run("docker", "compose", *[word for name in profiles for word in ("--profile", name)], "-f",
                   ROOT / "compose.yaml", "--env-file", "/dev/null", "config", "--format", "json",
                   env={**engine.environment(), **names})
        return json.loads(done.stdout)

    def test_no_password_is_in_the_files(self):
        for name in PASSWORDS:
            done = run("docker", "compose", "-f", ROOT / "compose.yaml", "--env-file", "/dev/null", "config",
                       check=False,
                       env={**engine.environment(), **{other: "x" for other in PASSWORDS if other != name}})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)

    def test_only_documented_ports_are_published_and_on_loopback(self):
        for profiles in (("kraft", "node"), ("zookeeper", "node"), ("kraft", "nodes")):
            for name, service in self.config(*profiles)["services"].items():
                for port in service.get("ports", []):
                    self.assertEqual(port["host_ip"], "127.0.0.1", name)
                    self.assertEqual(int(port["published"]), DOCUMENTED[name])

    def test_limits_add_up_to_four_gigabytes(self):
        for profiles, limit in ((("kraft", "node"), 4), (("zookeeper", "node"), 4), (("kraft", "nodes"), 5)):
            services = self.config(*profiles)["services"]
            limits = {
                name: int(service["deploy"]["resources"]["limits"]["memory"]) for name, service in services.items()
            }
            self.assertLessEqual(sum(size for name, size in limits.items() if name not in SETUP), limit * GIGABYTE,
                                 limits)

    def test_every_service_waits_for_health_or_for_an_end(self):
        for profiles in (("kraft", "node"), ("zookeeper", "node"), ("kraft", "nodes")):
            for name, service in self.config(*profiles)["services"].items():
                for other, how in service.get("depends_on", {}).items():
                    self.assertEqual(how["condition"],
                                     "service_completed_successfully" if other in SETUP else "service_healthy",
                                     f"{name} -> {other}")

    def test_the_image_has_no_shell_and_says_what_it_is(self):
        image = json.loads(run("docker", "image", "inspect", IMAGE).stdout)[0]
        labels = image["Config"]["Labels"]
        for name in ("title", "version", "revision", "licenses", "description"):
            self.assertTrue(labels[f"org.opencontainers.image.{name}"])
        self.assertEqual(image["Config"]["User"], "10001:10001")
        self.assertEqual(image["Config"]["Healthcheck"]["Test"], ["CMD", "/usr/bin/millrace", "health"])
        self.assertNotEqual(
            run("docker", "run", "--rm", "--entrypoint", "/bin/sh", IMAGE, "-c", "true", check=False).returncode, 0)
        say(f"image: {image['Size'] / 1e6:.1f} MB")
        self.assertLess(image["Size"], 60e6)

    def test_the_bill_of_materials_names_every_library_of_the_image(self):
        name = f"{PROJECT}-sbom"
        run("docker", "create", "--name", name, IMAGE)
        self.addCleanup(run, "docker", "rm", name)
        run("docker", "cp", f"{name}:/usr/share/doc/millrace/sbom.spdx.json", FOLDER)
        found = json.loads((FOLDER / "sbom.spdx.json").read_text())
        names = {entry["name"] for entry in found["packages"]}
        self.assertLessEqual(
            {"millrace", "libc6", "libssl3", "librdkafka1", "libcaf-core0.17", "libpq5", "nlohmann-json3-dev"}, names)
        self.assertTrue(all(entry["versionInfo"] for entry in found["packages"]))


class Running:
    """One choice of profiles, from nothing to nothing."""

    profiles = ()
    killed_twice = True  #: by `docker kill` and by a crash; else by `docker kill` alone

    @classmethod
    def setUpClass(cls):
        cls.folder = FOLDER / cls.__name__
        cls.folder.mkdir()
        cls.make_certificates()
        cls.compose = Compose(cls.profiles, cls.folder)
        cls.addClassCleanup(cls.compose, "down", "-v", "--timeout", "30")
        say(f"{' '.join(cls.profiles)}: up in {cls.compose.up():.0f} s")

    @classmethod
    def make_certificates(cls):
        pass

    def whole(self, what, before):
        """Says how long it took until `verify` was 0."""
        self.compose.verify()
        say(f"{' '.join(self.profiles)}: {what}, equal after {time.monotonic() - before:.0f} s")

    # In the order of their names.

    def test_1_figures_are_shown_and_equal(self):
        before = self.compose.rows()
        text = self.compose.verify()
        self.assertRegex(text, r"27 of 27 figures equal SQL")
        self.assertGreater(self.compose.rows(), before)
        self.assertGreater(float(self.compose.redis("GET", "metrics:revenue:total")), 0)
        for name in SETUP:
            self.assertEqual(inspect(self.compose.container(name))["State"]["ExitCode"], 0)

    def test_2_our_containers_have_no_rights(self):
        for name in (*self.compose.nodes(), "generator"):
            found = inspect(self.compose.container(name))
            self.assertTrue(found["HostConfig"]["ReadonlyRootfs"])
            self.assertEqual(found["Config"]["User"], "10001:10001")
            self.assertEqual(found["HostConfig"]["CapDrop"], ["ALL"])
            self.assertEqual(found["State"]["Health"]["Status"], "healthy")

    def test_3_no_password_is_shown_by_connect_or_in_the_list_of_processes(self):
        shown = self.compose("exec", "-T", "connect", "curl", "-fsS",
                             "http://localhost:8083/connectors/millrace-shop/config").stdout
        shown += "".join(
            run("docker", "top", self.compose.container(name), "-eo", "pid,args").stdout
            for name in self.compose.services())
        for name in PASSWORDS:
            self.assertNotIn(self.compose.settings[name], shown, name)

    def test_4_every_service_may_be_killed(self):
        for service in self.compose.services():
            with self.subTest(service):
                before = time.monotonic()
                run("docker", "kill", self.compose.container(service))
                # Docker does that after a crash, and not after this
                run("docker", "start", self.compose.container(service))
                self.compose.wait_until_healthy()
                self.whole(f"docker kill {service}", before)

    def test_5_a_crashed_service_comes_back_by_itself(self):
        if not self.killed_twice:
            self.skipTest("tried with the first profiles")
        for service in self.compose.services():
            with self.subTest(service):
                before, found = time.monotonic(), inspect(self.compose.container(service))
                os.kill(found["State"]["Pid"], 9)
                while inspect(self.compose.container(service))["RestartCount"] == found["RestartCount"]:
                    self.assertLess(time.monotonic() - before, 30, "Docker doesn't start it again")
                    time.sleep(0.2)
                self.compose.wait_until_healthy()
                self.whole(f"{service} crashed", before)

    def test_6_another_image_takes_over_under_load(self):
        nodes = self.compose.nodes()
        self.compose.settings["MILLRACE_IMAGE"] = NEXT_IMAGE
        self.compose.write()
        before = time.monotonic()
        with orders(self.compose) as written:
            for node in nodes:
                self.compose.up("--no-deps", node)
        self.assertGreater(len(written), 0)
        for node in nodes:
            self.assertEqual(inspect(self.compose.container(node))["Config"]["Image"], NEXT_IMAGE)
        self.whole(f"another image under {sum(written)} orders and the generator", before)
        self.compose.up()
        self.compose.verify()

    def test_7_down_leaves_nothing(self):
        self.compose("down", "-v", "--timeout", "30")
        for kind in ("container", "volume", "network"):
            every = ["-a"] if kind == "container" else []
            self.assertEqual(
                run("docker", kind, "ls", "-q", *every, "--filter",
                    f"label=com.docker.compose.project={PROJECT}").stdout.strip(), "", kind)


class Kraft(Running, unittest.TestCase):
    profiles = ("kraft", "node")


class Zookeeper(Running, unittest.TestCase):
    profiles = ("zookeeper", "node")
    killed_twice = False


class ThreeNodes(Running, unittest.TestCase):
    profiles = ("kraft", "nodes")
    killed_twice = False

    @classmethod
    def make_certificates(cls):
        names = ["node-1", "node-2", "node-3"]
        certificates.run(cls.folder / "certs", names, 365, False)
        for name in names:
            os.chown(cls.folder / "certs" / f"{name}.key", 10001, 10001)

    def test_1_shares_are_held_by_three_nodes(self):
        shards = []
        for node in self.compose.nodes():
            status = json.loads(self.compose("exec", "-T", node, "millrace", "status", "--json").stdout)
            shards.append(len(status["member"]["shards"]))
        self.assertEqual(sum(shards), 32, shards)
        self.assertGreater(min(shards), 0, shards)


if __name__ == "__main__":
    unittest.main(verbosity=2)
