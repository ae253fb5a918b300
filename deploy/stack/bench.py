"""`bench`: speed on real Debezium records of a shop's history, in one run: Kafka's client alone, decoding, the complete
pipeline, its latency, and other programs for the same sums. It has its own servers, folder and ports, and keeps the
topics between runs."""
import argparse
import datetime
import decimal
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import bench_scale
import bench_table
import build
import control
import down
import handed
import home
import install
import java
import processes
import progress
import services
import settings as settings_module
import up
from redis import command as redis_command
from service import ServiceError, ask_connect, http_json

#: The first of the ports that the benchmark's servers listen on.
FIRST_PORT = 15461
PORTS = ("POSTGRES", "REDIS", "KAFKA", "KAFKA_CONTROLLER", "CONNECT", "HTTP", "GENERATOR")
STEPS = ("count", "decode", "pipeline", "load", "catch-up", "latency", "peers")
LATENCY_RATES = (1000, 5000, 20000)
#: After so long the node's allocator has given back what loading took for a while.
GIVES_BACK_SECONDS = 5
#: What the plain peer is known to do, to bound its run.
PLAIN_EVENTS_PER_SECOND = 600


def parse(arguments):
    one = argparse.ArgumentParser(prog="millrace bench", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument(
        "what", nargs="?", choices=("speed", "scale"), default="speed", help=
        "speed: one node, its latency, and its peers (default); scale: 1, 2 and 4 nodes, the cost of messages between "
        "nodes, and latency while shards move"
    )
    one.add_argument("--records", type=int, default=1_000_000, metavar="N",
                     help="minimum number of records in the change topics (default 1,000,000)")
    one.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, metavar="STEP",
                     help="some of the steps: " + ", ".join(STEPS))
    one.add_argument("--peer-seconds", type=int, default=120, metavar="N",
                     help="a slow peer reads only as many records as take about N s (default 120)")
    one.add_argument("--latency-seconds", type=int, default=10, metavar="N", help="seconds at each rate (default 10)")
    one.add_argument("--document", "--readme", action="store_true", help="write the tables into docs/bench.md")
    one.add_argument("--wipe", action="store_true",
                     help="delete the benchmark's servers and topics, and measure nothing")
    return one.parse_args(arguments)


def bench(arguments):
    """Runs the verb. Returns the exit code."""
    options = parse(arguments)
    settings = own_settings()
    if options.wipe:
        return down.down(settings, True)
    run = Bench(settings, options)
    try:
        run.servers_up()
        run.fill()
        lines = run.measure()
    finally:
        run.end()
    print(bench_table.text(lines))
    if options.document:
        bench_table.into_document(lines, options.what)
    return 0 if all(line.get("correct", True) for line in lines) else 1


def own_settings():
    """Returns settings of a stack beside the user's: same figures, own folder and ports."""
    outer = settings_module.resolve({})
    # Beside the user's stack, not in it: `down --wipe` of that one leaves the topics alone.
    folder = outer.home.root.with_name(outer.home.root.name + "-bench")
    ports = {f"MILLRACE_{name}_PORT": str(FIRST_PORT + i) for i, name in enumerate(PORTS)}
    environment = {
        "MILLRACE_HOME": str(folder), "MILLRACE_FIGURES": outer["MILLRACE_FIGURES"], "MILLRACE_KAFKA_HEAP": "1g",
        "MILLRACE_TOPICS_WHOLE": "true", "LOG_LEVEL": "info", **ports
    }
    folder.mkdir(parents=True, exist_ok=True)
    nothing = folder / "no.env"  # the user's own configuration file isn't for these servers
    nothing.touch()
    return settings_module.resolve({}, environment=environment, config=nothing)


class Bench:
    def __init__(self, settings, options):
        self.settings, self.options = settings, options
        self.program = settings.home.root / "bin" / "millrace"
        self.handed = {}  #: settings that name files which the user without rights reads
        self.steps = settings.home.root / "bin" / "millrace_bench"
        self.node = None  #: the node's process

    # Servers and topics.

    def servers_up(self):
        """Starts PostgreSQL, Redis, Kafka and Kafka Connect, under a supervisor; builds node and steps."""
        settings = self.settings
        settings.home.make()
        ours = services.make(settings)
        servers = [ours[kind.name] for kind in services.SERVERS]
        with install.for_services_and_build(servers):
            binary = build.binary()
            build.build("millrace_bench")
        if not control.is_running(settings.home):
            down.end_what_was_left(settings.home)
            up.check_machine(settings, servers)
            up.start_supervisor(settings.home)
        build.install_copy(binary, self.program)
        build.install_copy(build.FOLDER / "millrace_bench", self.steps)
        self.handed = handed.over(settings.environment(), settings.home.config_folder("bench"))
        control.ask(settings.home, "configure", values=settings.values, given=sorted(settings.given))
        up.run(settings, servers, [])

    def end(self):
        self.stop_node()
        down.stop(self.settings.home)

    def environment(self, **more):
        told = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), **self.settings.environment(),
            "MILLRACE_TOPICS_WHOLE": "true", "MILLRACE_STALE_AFTER_SECONDS": "86400", **more
        }  # the topics are all that comes
        return {**told, **self.handed}

    def step(self, *arguments, **more):
        """Runs a step of the benchmark and returns the JSON that it prints."""
        done = subprocess.run([self.steps, *map(str, arguments)], env=self.environment(**more), capture_output=True,
                              text=True, **home.server_user())
        if done.returncode != 0:
            raise ServiceError(f"bench {arguments[0]} failed:\n{done.stderr.strip()}")
        return json.loads(done.stdout)

    def fill(self):
        """Has a shop's history go through Debezium until the topics have enough records; what is there already
        counts."""
        have = self.step("count")["records"] if self.connector_is_there() else 0
        if have >= self.options.records:
            progress.say(f"the change topics have {have:,} records")
            return
        up.register(self.settings)
        generator = subprocess.Popen([self.program, "generate", "--rate", "20000", "--seed", "1"],
                                     env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     **home.server_user())
        try:
            while have < self.options.records:
                progress.say(f"filling the change topics: {have:,} of {self.options.records:,} records")
                time.sleep(5)
                have = self.step("count")["records"]
                if generator.poll() is not None:
                    raise ServiceError("the generator ended; check that PostgreSQL runs")
        finally:
            generator.send_signal(signal.SIGTERM)
            generator.wait(60)
        self.wait_for_debezium()

    def connector_is_there(self):
        return ask_connect(self.settings, f"/connectors/millrace-{self.settings['MILLRACE_PROJECT']}/status",
                           5.0)[0] == 200

    def wait_for_debezium(self):
        """Returns once all of PostgreSQL's log is in Kafka: nothing has come for a while, twice."""
        with progress.step("Debezium brings the rest"):
            before, quiet = None, 0
            while quiet < 3:
                time.sleep(2)
                now = self.step("ends")
                quiet, before = (quiet + 1 if now == before else 0), now

    # The node.

    def start_node(self, **more):
        with self.settings.home.open_log("bench-node") as log:
            self.node = subprocess.Popen([self.program, "node"], env=self.environment(**more), stdout=log, stderr=log,
                                         **home.server_user())

    def stop_node(self):
        if self.node is None:
            return
        self.node.send_signal(signal.SIGTERM)
        try:
            self.node.wait(30)
        except subprocess.TimeoutExpired:
            self.node.kill()
            self.node.wait()
        self.node = None

    def status(self):
        if self.node.poll() is not None:
            raise ServiceError(
                f"the node ended with {self.node.returncode}; see {self.settings.home.log('bench-node')}")
        return http_json(f"http://127.0.0.1:{self.settings['MILLRACE_HTTP_PORT']}/status", 5.0) or {}

    def wait(self, what, condition, seconds=900):
        """Polls the node's status until the condition holds; returns it."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            status = self.status()
            if status and condition(status):
                return status
            time.sleep(0.05)
        raise ServiceError(f"not within {seconds} s: {what}; see {self.settings.home.log('bench-node')}")

    def drained(self, ends):
        """Returns the condition that everything before these ends is durable and every figure is live."""
        def holds(status):
            durable = {(x["topic"], x["partition"]): x["durable"] for x in status.get("router", {}).get("sources", [])}
            behind = any(
                durable.get((topic, int(partition)), -1) + 1 < end
                for topic, all_ends in ends.items()
                for partition, end in all_ends.items())
            figures = status.get("figures", [])
            return not behind and figures and all(figure["state"] == "live" for figure in figures)
        return holds

    def flush_redis(self):
        self.redis("FLUSHALL")

    def redis(self, *words):
        """Returns the reply to a command: a line, or the text of a bulk reply; None where there is none."""
        with socket.create_connection(("127.0.0.1", self.settings.number("REDIS_PORT")), timeout=60) as connection:
            connection.sendall(redis_command("AUTH", self.settings["REDIS_PASSWORD"]) + redis_command(*words))
            with connection.makefile("rb") as replies:
                replies.readline()
                reply = replies.readline().strip()
                if reply.startswith(b"$"):
                    return None if reply == b"$-1" else replies.readline().strip()
                return reply

    def counted(self):
        """Returns how many change records are durable, by Redis's own counter: asking costs the nodes nothing."""
        return int(self.redis("GET", "cdc:stats:total") or 0)

    def verify(self, **more):
        """Returns whether every figure equals its query, by the judge."""
        done = subprocess.run([self.program, "verify", "--wait", "120"], env=self.environment(**more),
                              capture_output=True, text=True, **home.server_user())
        if done.returncode != 0:
            progress.say(done.stdout[-3000:] + done.stderr[-1000:])
        return done.returncode == 0

    def cpu(self):
        """Returns the CPU seconds so far of the node and the servers that it works with."""
        pids = control.ask(self.settings.home, "status")["services"]
        found = {name: pids[name]["pid"] for name in ("redis", "kafka")} | {"node": self.node.pid}
        return {name: processes.cpu_of(pid) for name, pid in found.items()}

    # What is measured.

    def measure(self):
        lines, wanted = [facts()], self.options.only
        self.emit(lines[0])
        if self.options.what == "scale":
            for line in bench_scale.lines(self):
                self.emit(line)
                lines.append(line)
            return lines
        for name in STEPS:
            if name in wanted:
                for line in getattr(self, name.replace("-", "_"))():
                    self.emit(line)
                    lines.append(line)
        return lines

    def emit(self, line):
        print(json.dumps(line), flush=True)

    def count(self):
        yield {"step": "count", **self.step("count")}

    def decode(self):
        yield {"step": "decode", **self.step("decode")}

    def pipeline(self):
        """All figures from an empty Redis to drained and whole."""
        self.flush_redis()
        ends = self.step("ends")
        line = {"step": "pipeline", **self.timed(ends)}
        line["correct"] = self.verify()
        self.stop_node()
        yield line

    def timed(self, ends, **more):
        """Starts a node and returns what it took from its first record until all was durable and live."""
        self.start_node(**more)
        self.wait("the node answers", lambda status: "router" in status, 120)
        began, cpu = time.monotonic(), self.cpu()
        first = self.status()["router"]["records"]
        status = self.wait("drained", self.drained(ends))
        seconds, spent = time.monotonic() - began, {name: x - cpu[name] for name, x in self.cpu().items()}
        records = status["router"]["records"] - first
        return {"records": records, "seconds": seconds, "events_per_second": records / seconds,
                "cpu_seconds_per_million": {name: x / records * 1e6 for name, x in spent.items()},
                "peak_rss_mib": processes.peak_of(self.node.pid), "rows": status.get("rows", 0)}

    def load(self):
        """A node that starts on what the pipeline left in Redis: claims all shards and loads their rows."""
        self.start_node()
        status = self.wait("all shards are served", lambda status: status.get("member", {}).get("load_seconds"))
        time.sleep(GIVES_BACK_SECONDS)
        seconds, rows = status["member"]["load_seconds"], status["rows"]
        line = {"step": "load", "rows": rows, "seconds": seconds, "rows_per_second": rows / seconds,
                "rss_bytes_per_row": processes.rss_of(self.node.pid) / max(1, rows)}
        self.stop_node()
        yield line

    def catch_up(self):
        """Live figures behind by the whole history: a node that was away. The records are written again under a prefix
        of their own."""
        prefix = "benchlive"
        self.fresh_copy(prefix)
        self.stop_node()
        self.step("replay", "--to", prefix)
        ends = self.step("ends", MILLRACE_TOPIC_PREFIX=prefix)
        line = {"step": "catch-up", **self.timed(ends, MILLRACE_TOPIC_PREFIX=prefix)}
        line["correct"] = self.verify(MILLRACE_TOPIC_PREFIX=prefix)
        self.stop_node()
        self.step("drop", "--to", prefix)
        yield line

    def fresh_copy(self, prefix):
        """Leaves a live node on topics of that prefix, which have Debezium's snapshot and nothing behind it."""
        self.step("drop", "--to", prefix)
        self.flush_redis()
        self.step("replay", "--snapshot", "--to", prefix)
        self.start_node(MILLRACE_TOPIC_PREFIX=prefix)
        self.wait("the figures are live", self.drained(self.step("ends", MILLRACE_TOPIC_PREFIX=prefix)), 120)

    def latency(self):
        """Append in Kafka to visible in Redis, at steady rates."""
        prefix = "benchpace"
        self.fresh_copy(prefix)
        rates = ",".join(map(str, LATENCY_RATES))
        for line in self.step("latency", "--to", prefix, "--rates", rates, "--seconds", self.options.latency_seconds):
            yield {"step": "latency", **line}
        self.stop_node()
        self.step("drop", "--to", prefix)

    def peers(self):
        """What people run today, on the same topics. A peer that reads everything is held against SQL where it claims
        to be right."""
        sys.path.insert(0, str(build.REPOSITORY / "tests" / "bench" / "peers"))
        import peers
        cache = home.cache_folder()
        peers.prepare(cache)
        # The user without rights may not get to the repository.
        copies = self.settings.home.root / "bin" / "peers"
        shutil.copytree(peers.HERE, copies, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "streams"))
        ends = self.settings.home.root / "ends.json"
        ends.write_text(json.dumps(self.step("ends")))
        truth = self.sql("SELECT coalesce(sum(total_amount), 0), count(*) FROM orders")
        for name in peers.NAMES:
            limit = ["--limit", str(self.options.peer_seconds *
                                    PLAIN_EVENTS_PER_SECOND)] if name == "plain_python" else []
            command = peers.command(name, cache, "--broker", self.settings["KAFKA_BROKER"], "--end", str(ends),
                                    "--redis", f"127.0.0.1:{self.settings['REDIS_PORT']}", "--redis-db", "1", *limit)
            command = [word.replace(str(peers.HERE), str(copies)) for word in command]
            with progress.step(name):
                done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=30 * 60,
                                      **home.server_user())
            if done.returncode != 0:
                raise ServiceError(f"{name} failed:\n{done.stderr.strip()[-2000:]}")
            line = json.loads(done.stdout.strip().splitlines()[-1])
            results = line.pop("results")
            line = {"step": "peer", **line, "events_per_second": line["records"] / line["seconds"]}
            if not limit:
                line["correct"] = [
                    str(decimal.Decimal(results["revenue_total"]).quantize(decimal.Decimal("0.01"))),
                    str(results["orders"])
                ] == truth
            yield line

    def sql(self, text):
        """Returns the only row of a query, as texts."""
        names = {
            "PGHOST": "POSTGRES_HOST", "PGPORT": "POSTGRES_PORT", "PGDATABASE": "POSTGRES_DB",
            "PGUSER": "POSTGRES_USER", "PGPASSWORD": "POSTGRES_PASSWORD"
        }
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            **{name: self.settings[ours] for name, ours in names.items()}
        }
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-c", text], env=environment,
                              capture_output=True, text=True, check=True)
        return done.stdout.strip().split("\t")


def facts():
    """Returns when, on what, and with which versions this was measured."""
    model = next((line.partition(":")[2].strip()
                  for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "?")
    versions = {name: java.version(name) for name in ("kafka", "debezium")}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=build.REPOSITORY, capture_output=True,
                            text=True).stdout.strip()
    return {
        "step": "facts", "date": datetime.date.today().isoformat(), "commit": commit, "processor": model,
        "cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2), "versions": versions
    }
