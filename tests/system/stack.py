"""One real stack for the tests of a file, started and stopped by the front door, in a folder and on ports of its
own."""
import contextlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import clients

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOOR = REPOSITORY / "deploy" / "millrace"
#: The first of a run of ports that nothing else on the machine should use.
FIRST_PORT = int(os.environ.get("MILLRACE_TEST_PORTS", "15700"))
PORTS = ("POSTGRES", "REDIS", "KAFKA", "KAFKA_CONTROLLER", "CONNECT", "HTTP", "GENERATOR")
#: What a test inherits; anything else named like a setting of ours stays outside.
KEPT = ("MILLRACE_BINARY", "MILLRACE_CACHE", "MILLRACE_TEST_KEEP")
OURS = ("MILLRACE_", "POSTGRES_", "REDIS_", "KAFKA_", "CONNECT_", "MOCK_DATA_", "BATCH_", "STREAM_", "PG", "LOG_LEVEL")
TABLES = ("customers", "products", "orders", "order_items")


class Late(AssertionError):
    """Something did not come true in time."""


def wait_until(what, condition, seconds=60.0, pause=0.1):
    """Polls until `condition()` is true and returns its value. Raises Late, naming `what`. Servers that are away count
    as not yet."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except (OSError, clients.SqlError, clients.RedisError, subprocess.SubprocessError) as error:
            last = error
        if time.monotonic() > deadline:
            raise Late(f"not within {seconds:g} s: {what} (last: {str(last)[:500]!r})")
        time.sleep(pause)


def clean_environment():
    """Returns the environment without settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(OURS)}


class Stack:
    """Use as a context: it is up inside, and gone behind, whatever happened. `settings` are names of .env.example."""

    def __init__(self, rate=0, figures=None, offset=0, **settings):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="millrace-system-"))
        self.home.chmod(0o755)  # the servers' user has to pass
        empty = self.home / "empty.env"
        empty.touch()
        ports = {f"MILLRACE_{name}_PORT": str(FIRST_PORT + offset + i) for i, name in enumerate(PORTS)}
        ports["MILLRACE_NODE_PORT"] = str(FIRST_PORT + offset + 40)
        # The machine may be busy with a build: time limits are no subject here. Nor is Kafka's speed: the JVM's
        # second compiler would take most of the CPU of a short test.
        self.settings = {
            "MILLRACE_HOME": str(self.home), "MILLRACE_CONFIG": str(empty), "MILLRACE_START_SECONDS": "240",
            "MILLRACE_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1", **ports,
            **{name: str(value) for name, value in settings.items()}
        }
        self.environment = {**clean_environment(), **self.settings}
        self.rate = rate
        # Batch figures have a test of their own: here they would run within every verify.
        self.figures = figures or [REPOSITORY / "sql" / kind for kind in ("figures", "alerts")]
        self.guard = None

    def __enter__(self):
        self.watch_over()
        try:
            began = time.monotonic()
            self.up()
            print(f"the stack is up ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            self.connect()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *_):
        for name in ("sql", "redis"):
            if hasattr(self, name):
                getattr(self, name).close()
        keep = os.environ.get("MILLRACE_TEST_KEEP")
        with contextlib.suppress(subprocess.SubprocessError):
            self.door("down", *([] if keep else ["--wipe"]), check=False, seconds=300)
        if keep:
            print(f"kept: {self.home}", file=sys.stderr)
        else:
            shutil.rmtree(self.home, ignore_errors=True)
        if self.guard:
            self.guard.close()

    def watch_over(self, *which, home=None):
        """Has somebody stop the stack should this process be killed: the guardian sees its input end. `which`: the
        front door's words for it."""
        read, write = os.pipe()
        guardian = [
            sys.executable,
            str(pathlib.Path(__file__).with_name("guardian.py")),
            str(home or self.home),
            str(DOOR), *map(str, which)
        ]
        # A process of nobody's, so that whoever kills our children doesn't reach it.
        subprocess.run(["sh", "-c", 'exec 3<&0; "$@" <&3 3<&- >/dev/null 2>&1 &', "sh", *guardian], stdin=read,
                       env=self.environment, start_new_session=True, check=True)
        os.close(read)
        self.guard = os.fdopen(write, "wb")

    # The front door.

    def door(self, *arguments, check=True, seconds=600, environment=None):
        """Runs a verb and returns what came of it (returncode, stdout, stderr). Raises AssertionError where it must not
        fail and does."""
        command = [str(DOOR), *map(str, arguments)]
        done = subprocess.run(command, env={**self.environment, **(environment or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds, cwd=REPOSITORY)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{shlex.join(['millrace', *map(str, arguments)])} ended with {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )
        return done

    def up(self, *more, **how):
        figures = ["--figures", *map(str, self.figures)] if self.figures else []
        return self.door("up", "--detach", "--rate", str(self.rate), *figures, *more, **how)

    def connect(self):
        """Reads the endpoints that the front door tells, and makes the clients."""
        pairs = (shlex.split(line)[0].partition("=") for line in self.door("env").stdout.splitlines() if line)
        self.endpoints = {name: value for name, _, value in pairs}
        e = self.endpoints
        self.sql = self.sql_of(e["POSTGRES_DB"])
        self.redis = clients.Redis(int(e["REDIS_PORT"]), e["REDIS_PASSWORD"])
        self.kafka = clients.Kafka(e["KAFKA_BROKER"], e["KAFKA_PROPERTIES_FILE"])

    def libpq_environment(self, database):
        """Returns what a program with libpq needs to reach a database as its owner."""
        e = self.endpoints
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "PGHOST": e["POSTGRES_HOST"], "PGPORT": e["POSTGRES_PORT"],
            "PGDATABASE": database, "PGUSER": e["POSTGRES_USER"], "PGPASSWORD": e["POSTGRES_PASSWORD"],
            "PGOPTIONS": "-c client_min_messages=warning -c timezone=UTC", "PGCLIENTENCODING": "UTF8"
        }

    def sql_of(self, database):
        """Returns a client of one of the server's databases."""
        return clients.Sql(self.libpq_environment(database))

    def sql_as(self, user, password):
        """Returns a client of the shop's database in somebody else's name."""
        return clients.Sql(
            {**self.libpq_environment(self.endpoints["POSTGRES_DB"]), "PGUSER": user, "PGPASSWORD": password})

    def secret(self, name):
        """Returns what the stack made up for one of its servers."""
        return (self.home / "secrets" / name).read_text().strip()

    def verify(self, wait=60, **how):
        """Returns verify's exit code and its JSON (None where it printed none; then what it said is under `said`)."""
        done = self.door("verify", "--wait", wait, "--json", check=False, **how)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {"said": (done.stdout + done.stderr).strip(), "figures": []}
        return done.returncode, report

    def status(self):
        """Returns the node's status; empty where nobody answers."""
        return clients.http(f"http://127.0.0.1:{self.settings['MILLRACE_HTTP_PORT']}/status") or {}

    def figure_states(self):
        return {figure["name"]: figure["state"] for figure in self.status().get("figures", [])}

    def is_live(self):
        """Tells whether every figure is live and nothing that a snapshot left is still to be done."""
        status = self.status()
        states = {figure["state"] for figure in status.get("figures", [])}
        return states == {"live"} and not status.get("cluster", {}).get("stage")

    # Services.

    def pid(self, service):
        """Returns the service's process, or None."""
        done = self.door("service", "pid", service, check=False)
        return int(done.stdout) if done.returncode == 0 else None

    def kill(self, service, hold=False):
        """Kills a service with SIGKILL and returns the pid that has gone; asserts that it has."""
        before = self.pid(service)
        if before is None:
            raise AssertionError(f"{service} doesn't run, so it can't be killed")
        self.door("service", "kill", service, *(["--hold"] if hold else []))
        if alive(before):
            raise AssertionError(f"{service}, pid {before}, lives on after SIGKILL")
        return before

    def log_tail(self, service="node", lines=40):
        log = self.home / "logs" / f"{service}.log"
        return "\n".join(log.read_text(
            errors="replace").splitlines()[-lines:]) if log.is_file() else f"({log} isn't there)"

    def rest(self, path, body=None, method=None, seconds=30):
        """Asks Kafka Connect's REST interface with the stack's login, and returns the JSON of the answer."""
        e = self.endpoints
        return clients.http(e["CONNECT_URL"] + path, body, method, seconds,
                            clients.basic(e["CONNECT_USER"], e["CONNECT_PASSWORD"]))

    # Kafka.

    def change_topics(self):
        return self.kafka.partitions("dbserver1.public.")

    def worker_properties(self):
        return (self.home / "config" / "connect" / "connect.properties").read_text().splitlines()

    def java_parts(self):
        """Returns the folder of Kafka's and Connect's jars."""
        return next(line for line in self.worker_properties()
                    if line.startswith("plugin.path=")).removeprefix("plugin.path=").removesuffix("/plugins")

    def kafka_tool(self, tool, *words):
        """Runs one of Kafka's own tools: it does what kcat can't."""
        worker = self.worker_properties()
        login = self.home / "tool.properties"
        login.touch(mode=0o600)
        login.write_text("".join(line + "\n" for line in worker if line.startswith(("security.protocol=", "sasl."))))
        command = [
            "java", "-Xmx128m", "-cp", f"{self.java_parts()}/kafka/*", f"org.apache.kafka.tools.{tool}",
            "--bootstrap-server", self.kafka.broker, "--command-config", login, *words
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"{tool} {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def topics(self, action, name, *more):
        """Creates, alters or deletes a topic."""
        self.kafka_tool("TopicCommand", f"--{action}", "--topic", name, *more)

    def delete_records(self, topic):
        """Deletes every record that the topic has now, as its retention does in time."""
        partitions = [{"topic": topic, "partition": partition, "offset": -1}
                      for partition in range(self.kafka.partitions(topic)[topic])]
        file = self.home / "delete-records.json"
        file.write_text(json.dumps({"partitions": partitions, "version": 1}))
        self.kafka_tool("DeleteRecordsCommand", "--offset-json-file", str(file))

    def is_caught_up(self, ends):
        """Tells whether everything before these end offsets is durable in Redis, by the node's own word."""
        durable = {(x["topic"], x["partition"]): x["durable"]
                   for x in self.status().get("router", {}).get("sources", [])}
        return bool(durable) and all(
            durable.get(source, -1) + 1 >= end for source, end in ends.items() if source in durable)


def alive(pid):
    """Tells whether a process is there and no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
