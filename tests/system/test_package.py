#!/usr/bin/env python3
"""The Debian package: built, looked into, installed on this machine, at work from an empty folder on a stack's servers,
and taken away again."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import running
import stack as stacks
from stack import DOOR, REPOSITORY, wait_until

INSTALLED = pathlib.Path("/usr/bin/millrace")
UNIT = pathlib.Path("/lib/systemd/system/millrace@.service")
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "MILLRACE_NODE_PASSWORD", "MILLRACE_DEBEZIUM_PASSWORD",
           "MILLRACE_HTTP_TOKEN", "CONNECT_PASSWORD")
BECOME_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
#: Another test on this machine may have apt's lock.
APT = [*BECOME_ROOT, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-y", "-q"]
#: As whom the installed programs run: somebody who owns nothing.
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def run(*command, check=True, **how):
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
                          **how)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def somebodys():
    """Returns what of a package named like ours is on the machine, in words; empty where nothing is."""
    status = run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", "millrace", check=False)
    if status.returncode == 0 and not status.stdout.startswith("not-installed"):
        return f"the package millrace is here already ({status.stdout})"
    return f"{INSTALLED} is here already, of no package" if INSTALLED.exists() else ""


class Package(running.SystemTest):
    rate = 50

    @classmethod
    def setUpClass(cls):
        if found := somebodys():
            raise AssertionError(
                f"{found}: this test installs and removes it, and takes nobody else's away. `apt-get purge millrace` "
                "first, or run it elsewhere"
            )
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-package-"))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.package = pathlib.Path(run(DOOR, "package", env=stacks.clean_environment()).stdout.strip())
        cls.tree, cls.empty = cls.folder / "tree", cls.folder / "empty"
        run("dpkg-deb", "-x", cls.package, cls.tree)
        cls.empty.mkdir()
        cls.examples = cls.tree / "usr/share/doc/millrace/examples/shop/figures"
        super().setUpClass()

    # What is in it.

    def test_the_package_has_program_unit_template_examples_and_papers(self):
        rows = [line.split(maxsplit=5) for line in run("dpkg-deb", "-c", self.package).stdout.splitlines()]
        self.assertEqual({row[1] for row in rows}, {"root/root"})
        self.assertEqual({row[0] for row in rows}, {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"})
        doc = "./usr/share/doc/millrace/"
        for path in ("./usr/bin/millrace", "./lib/systemd/system/millrace@.service",
                     "./usr/share/millrace/postgres.json", "./etc/millrace/",
                     *(doc + name
                       for name in ("copyright", "README.Debian", "changelog.gz", "changelog.Debian.gz", "figures.md",
                                    "connector.md", "examples/env.example", "examples/shop/init.sql"))):
            self.assertIn(path, [row[5] for row in rows])
        self.assertEqual({path.name for path in self.examples.iterdir()},
                         {path.name for path in (REPOSITORY / "sql/figures").iterdir()})

    def test_it_depends_on_the_libraries_that_the_program_is_linked_with(self):
        depends = run("dpkg-deb", "-f", self.package, "Depends").stdout
        for library in ("libc6", "libcaf-core", "libhiredis", "libpg-query", "libpq5", "librdkafka1", "libsimdjson"):
            self.assertRegex(depends, rf"(^|, ){library}")

    def test_package_changelog_and_program_have_one_version(self):
        version = run(self.tree / "usr/bin/millrace", "--version").stdout.strip()
        self.assertEqual(run("dpkg-deb", "-f", self.package, "Version").stdout.strip(), version + "-1")
        self.assertIn(f"millrace ({version}-1)",
                      run("zcat", self.tree / "usr/share/doc/millrace/changelog.Debian.gz").stdout)

    def test_the_program_knows_nothing_of_where_it_was_built(self):
        self.assertNotIn(str(REPOSITORY).encode(), (self.tree / "usr/bin/millrace").read_bytes())

    def test_every_verb_has_a_man_page_with_every_word_of_its_help(self):
        program = self.tree / "usr/bin/millrace"
        verbs = re.findall(r"^  ([a-z-]+)  ", run(program, "--help").stdout.partition("Subcommands:")[2], re.MULTILINE)
        self.assertIn("node", verbs)
        pages = {path.name for path in (self.tree / "usr/share/man/man1").iterdir()}
        self.assertEqual(pages, {"millrace.1.gz", *(f"millrace-{verb}.1.gz" for verb in verbs)})
        for verb in [None, *verbs]:
            page = self.tree / "usr/share/man/man1" / f"millrace{'-' + verb if verb else ''}.1.gz"
            shown = run("man", "--warnings", "-l", page,
                        env={**os.environ, "MANWIDTH": "400", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-c"})
            self.assertEqual(shown.stderr, "", page.name)
            missing = [
                word for word in run(program, *([verb] if verb else []), "--help").stdout.split()
                if word not in shown.stdout and word not in ("Usage:", "Positionals:", "Options:", "Subcommands:")
            ]
            self.assertFalse(missing, f"{page.name} lacks these words of --help")

    # Installed.

    def test_it_installs(self):
        self.addClassCleanup(self.purge)
        run(*APT, "install", self.package)
        for path in (INSTALLED, UNIT, pathlib.Path("/usr/share/millrace/postgres.json"), pathlib.Path("/etc/millrace")):
            self.assertTrue(path.exists(), path)
        self.assertEqual(run("dpkg-query", "-S", INSTALLED).stdout.strip(), f"millrace: {INSTALLED}")

    def test_systemd_has_nothing_to_say_against_the_unit(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("there is no systemd-analyze")
        # Without man pages: some machines leave them out.
        done = run("systemd-analyze", "--man=no", "verify", "millrace@shop.service", check=False)
        said = [line for line in done.stderr.splitlines() if "millrace" in line]
        self.assertEqual((said, done.returncode), ([], 0), done.stderr)

    def test_check_takes_a_figure_and_refuses_another(self):
        done = self.millrace("check", self.examples / "revenue.sql")
        self.assertIn("metrics:revenue:total", done.stdout)
        bad = self.folder / "bad.sql"
        bad.write_text("-- redis: string a:b\nSELECT now() AS x FROM orders;\n")
        self.assertEqual(self.millrace("check", bad, check=False).returncode, 1)

    def test_the_connector_is_made_from_the_installed_template(self):
        self.assertIn("is registered as it should be", self.millrace("connector", "register").stdout)

    def test_init_says_how_a_project_is_served_without_a_repository(self):
        folder = self.empty / "other"
        done = self.millrace("init", folder, "--these-servers")
        self.addCleanup(shutil.rmtree, folder)
        self.assertIn(f"(cd {folder} && set -a && . ./millrace.env && millrace connector register)", done.stdout)
        self.assertIn("systemctl start millrace@other\n", (folder / "millrace.env").read_text())
        self.assertNotIn("deploy/millrace", done.stdout + (folder / "millrace.env").read_text())

    def test_an_installed_node_serves_the_figures(self):
        self.stack.door("service", "stop", "node")
        self.stack.sql(
            "INSERT INTO customers (first_name, last_name, email) VALUES ('Ada', 'of the package', "
            "'ada@package.example')"
        )
        with (self.folder / "node.log").open("w") as log:
            node = subprocess.Popen([INSTALLED, "node"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    cwd=self.empty, env=self.environment(), **NOBODY)
        self.addCleanup(self.end, node)
        try:
            wait_until("the installed node's figures are live", self.stack.is_live, 240)
            self.assertIsNone(self.stack.pid("node"), "the stack's own node runs too")
            self.assertEqual(os.readlink(f"/proc/{node.pid}/exe"), str(INSTALLED))
            done = self.millrace("verify", "--wait", 90, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("live", self.millrace("status").stdout)
            ada = self.stack.sql("SELECT id FROM customers WHERE email = 'ada@package.example'")[0][0]
            self.assertIn("of the package", self.stack.redis("GET", f"customer:{ada}"))
            node.send_signal(signal.SIGTERM)
            self.assertEqual(node.wait(60), 0, "a node that is asked to stop says that it did")
        except BaseException:
            print((self.folder / "node.log").read_text()[-4000:], flush=True)
            raise
        self.assertFalse(list(self.empty.iterdir()), "it writes nothing to where it runs")

    def test_nothing_of_it_is_left_when_it_is_purged(self):
        paths = [
            pathlib.Path(line)
            for line in run("dpkg-query", "-L", "millrace").stdout.splitlines()
            if line.startswith("/")
        ]
        ours = [path for path in paths if not path.is_dir() or "millrace" in path.name]
        self.assertGreater(len(ours), 20)
        self.purge()
        self.assertEqual([path for path in ours if path.exists()], [])
        self.assertEqual(somebodys(), "")
        self.assertFalse([path for path in pathlib.Path("/var/lib/dpkg/info").glob("millrace.*")])

    # What the tests have in common.

    def environment(self):
        """Returns what an installed program is told: the stack's endpoints, secrets as systemd hands them over, and
        nothing of the repository."""
        told = {
            name: value
            for name, value in self.stack.endpoints.items()
            if name not in ("MILLRACE_HOME", "MILLRACE_CONNECTOR_TEMPLATE")
        }
        reference = f"${{file:{self.stack.home}/config/connect/secrets.properties:database.password}}"
        secrets = {**{name: told.pop(name) for name in SECRETS}, "MILLRACE_DEBEZIUM_PASSWORD": reference}
        credentials = self.folder / "credentials"
        credentials.mkdir(exist_ok=True)
        for name, value in secrets.items():
            (credentials / name).write_text(value + "\n")
        credentials.chmod(0o700)
        if NOBODY:
            shutil.chown(credentials, NOBODY["user"])
        told["KAFKA_PROPERTIES_FILE"] = shutil.copy(told["KAFKA_PROPERTIES_FILE"], credentials)
        if NOBODY:
            shutil.chown(told["KAFKA_PROPERTIES_FILE"], NOBODY["user"])
        return {
            "PATH": "/usr/bin:/bin", **told, "MILLRACE_FIGURES": str(self.examples),
            "CREDENTIALS_DIRECTORY": str(credentials)
        }

    def millrace(self, *arguments, **how):
        """Runs a verb of the installed program in an empty folder."""
        return run(INSTALLED, *arguments, cwd=self.empty, env=self.environment(), **how)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()

    @staticmethod
    def purge():
        if somebodys():
            run(*APT, "purge", "millrace")


if __name__ == "__main__":
    running.main()
