"""`bench scale`: what more nodes bring, each limited to a fifth of a core so that they are the bottleneck; what the way
of a change from one node to another costs beside the same work within one node; and how long records wait while a node
comes and goes."""
import contextlib
import os
import pathlib
import signal
import subprocess
import threading
import time

import home
import processes
import progress
from service import ServiceError, http_json

SHARE = 0.2            #: of a core, for each node
PERIOD_US = 10_000     #: in which a node may use its share
COUNTS = (1, 2, 4)
SHARDS = 32
PREFIX = "benchscale"
#: Between these parts of the records speed is measured: nodes that wake up fill their queues for a second before
#: anything is durable, which is
#: a seventh of what four of them need for all; and they don't end at once.
FROM, TO = 0.15, 0.85
#: Nodes are frozen for as long as the replay takes, and aren't to be missed.
SESSION_MS = 300_000
FIRST_PORT = 15480     #: where nodes reach each other; the /status of each is one port further on
#: A node alone does some 25,000 events a second with its share.
LIMIT_SECONDS = 600
#: How often each is measured; the median counts, as one race varies by a tenth.
REPEATS = 3
#: While shards move: records a second, and for how long, once in quiet and once with nodes that come and go.
MOVING_RATE, MOVING_SECONDS = 1000, 30


def lines(run):
    """Yields what was measured, as JSON values. `run`: a Bench whose servers are up and topics are full."""
    yield from scale(run)
    yield from exchange(run)
    yield from hand_over(run)
    run.step("drop", "--to", PREFIX)


def scale(run):
    """Speed by the number of nodes, and its ratio to one node's in the same round: the machine's own speed drifts. The
    median of the rounds counts."""
    rounds = [{number: measured(run, [("all", SHARE)] * number) for number in COUNTS} for _ in range(REPEATS)]
    for number in COUNTS:
        races = sorted((round[number] for round in rounds), key=lambda race: race["events_per_second"])
        times = sorted(round[number]["events_per_second"] / round[1]["events_per_second"] for round in rounds)
        yield {
            "step": "scale", "nodes": number, "cores_each": SHARE,
            **races[REPEATS // 2], "of": [race["events_per_second"] for race in races],
            "times_one": times[REPEATS // 2], "times_one_of": times
        }


def exchange(run):
    """CPU of one node beside that of two of which one reads and the other has all shards: the pair with the median
    ratio of several."""
    pairs = []
    for _ in range(REPEATS):
        local, remote = measured(run, [("all", None)]), measured(run, [("routes", None), ("serves", None)])
        pairs.append((remote["cpu_us_per_event"] / local["cpu_us_per_event"], local, remote))
    pairs.sort(key=lambda pair: pair[0])
    ratio, local, remote = pairs[REPEATS // 2]
    yield {"step": "exchange", "shards": "local", **local, "cpu_times_local": 1.0}
    yield {
        "step": "exchange", "shards": "remote", **remote, "cpu_times_local": ratio, "of": [pair[0] for pair in pairs]
    }


def hand_over(run):
    """Append to visible at a steady rate, with three nodes: while nothing moves, and while a fourth one comes and goes
    in order, again and again."""
    with fleet_of(run, [("all", None)] * 3) as fleet:
        seen = {}
        rates = f"{MOVING_RATE},{MOVING_RATE}"
        work = threading.Thread(target=lambda: seen.update(lines=run.step("latency", "--to", PREFIX, "--rates", rates,
                                                                          "--seconds", MOVING_SECONDS)))
        began, quiet = fleet.done(), MOVING_RATE * MOVING_SECONDS
        work.start()
        moves = 0
        while work.is_alive():
            if fleet.done() - began < quiet:
                time.sleep(0.1)
                continue
            fleet.start("all", None)
            fleet.wait_until_shared(work.is_alive)
            fleet.end_newest()
            fleet.wait_until_shared(work.is_alive)
            moves += 2
            progress.show(f"shards move: {moves} times")
        work.join()
    if "lines" not in seen:
        raise ServiceError("bench latency failed while shards moved")
    for number, line in zip((0, moves), seen["lines"]):
        yield {"step": "hand-over", "moves": number, **line}


@contextlib.contextmanager
def fleet_of(run, nodes):
    """Has these nodes (role, share of a core) take up live figures of a fresh copy of the topics."""
    run.fresh_copy(PREFIX)
    run.stop_node()
    fleet = Fleet(run)
    try:
        for role, share in nodes:
            fleet.start(role, share)
        fleet.wait_until_joined(run.step("ends", MILLRACE_TOPIC_PREFIX=PREFIX))
        yield fleet
    finally:
        fleet.stop()


def measured(run, nodes):
    """Has these nodes take up the whole history at once."""
    with fleet_of(run, nodes) as fleet:
        line = fleet.race()
    line["correct"] = run.verify(MILLRACE_TOPIC_PREFIX=PREFIX)
    return line


def without_rights():
    """Returns setpriv's words for the user of servers and nodes; the group of a share of a core is entered before."""
    user = home.server_user()
    return ["--reuid", str(user["user"]), "--regid", str(user["group"]), "--clear-groups"] if user else []


class Fleet:
    def __init__(self, run):
        self.run, self.nodes, self.groups = run, [], []

    def start(self, role, share):
        number = len(self.nodes) + 1
        port = FIRST_PORT + 2 * number
        environment = self.run.environment(MILLRACE_TOPIC_PREFIX=PREFIX, MILLRACE_NODE=f"scale-{number}",
                                           MILLRACE_NODE_ADDRESS=f"127.0.0.1:{port}", MILLRACE_NODE_ROLE=role,
                                           MILLRACE_HTTP_PORT=str(port + 1),
                                           MILLRACE_SESSION_TIMEOUT_MS=str(SESSION_MS))
        enter = []
        if share:
            self.groups.append(group := CpuGroup(f"millrace-bench-{number}", share))
            enter = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group.members)]
        # A bench that is killed leaves none behind. Who becomes another user loses that wish, so it comes with it.
        enter += ["setpriv", "--pdeathsig", "TERM", *without_rights(), "--"]
        with self.run.settings.home.open_log(f"bench-node-{number}") as log:
            process = subprocess.Popen([*enter, self.run.program, "node"], env=environment, stdout=log, stderr=log)
        self.nodes.append((process, f"http://127.0.0.1:{port + 1}/status"))

    def statuses(self):
        if any(process.poll() is not None for process, _ in self.nodes):
            raise ServiceError(f"a node ended; see {self.run.settings.home.log('bench-node-1')} and those beside it")
        return [http_json(url, 20) or {} for _, url in self.nodes]

    def wait_until_joined(self, ends):
        """Returns once the nodes read all partitions between them, and all that is there is durable."""
        partitions, whole = sum(map(len, ends.values())), sum(sum(all_ends.values()) for all_ends in ends.values())
        limit = time.monotonic() + LIMIT_SECONDS
        while sum(len(self.sources(status)) for status in self.statuses()) < partitions or self.done() < whole:
            if time.monotonic() > limit:
                raise ServiceError("the nodes haven't shared the partitions")
            time.sleep(0.2)

    def wait_until_shared(self, wanted):
        """Returns once every node serves its part of the shards, or when that isn't wanted any more."""
        limit = time.monotonic() + LIMIT_SECONDS
        while wanted():
            shares = [len(status.get("member", {}).get("shards", [])) for status in self.statuses()]
            if sum(shares) == SHARDS and max(shares) - min(shares) <= 1:
                return
            if time.monotonic() > limit:
                raise ServiceError(f"the shards aren't shared: {shares}")
            time.sleep(0.1)

    def end_newest(self):
        """Stops the newest node cleanly."""
        process, _ = self.nodes.pop()
        process.terminate()
        process.wait(30)

    def race(self):
        """Has the history written while the nodes are frozen. Returns the speed on the way, and the CPU of all of it.
        How far they are is asked of Redis: a node that is at its limit answers late, four of them one after the other
        later still."""
        began, cpu = self.run.counted(), self.cpu()
        self.signal(signal.SIGSTOP)
        changes = self.run.step("replay", "--to", PREFIX)["changes"]
        self.signal(signal.SIGCONT)
        limit, marks, done = time.monotonic() + LIMIT_SECONDS, [], 0
        while done < changes:
            if time.monotonic() > limit:
                raise ServiceError(f"the nodes stopped before the end: {done} of {changes} changes")
            time.sleep(0.05)
            done = self.run.counted() - began
            marks.append((time.monotonic(), done))
            progress.show(f"{len(self.nodes)} nodes: {done:,} of {changes:,} records")
        (first, from_there), (last, to_there) = (next(mark for mark in marks if mark[1] >= part * changes)
                                                 for part in (FROM, TO))
        return {
            "records": changes, "events_per_second": (to_there - from_there) / (last - first),
            "cpu_us_per_event": (self.cpu() - cpu) / changes * 1e6
        }

    def signal(self, which):
        for process, _ in self.nodes:
            process.send_signal(which)

    def done(self):
        """Returns how far the partitions are durable, all together."""
        furthest = {}  # while a partition moves two nodes read it
        for status in self.statuses():
            for source in self.sources(status):
                place = source["topic"], source["partition"]
                furthest[place] = max(furthest.get(place, 0), source["durable"] + 1)
        return sum(furthest.values())

    @staticmethod
    def sources(status):
        return status.get("router", {}).get("sources", [])

    def cpu(self):
        return sum(processes.cpu_of(process.pid) for process, _ in self.nodes)

    def stop(self):
        for process, _ in self.nodes:
            process.terminate()
        for process, _ in self.nodes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for group in self.groups:
            group.remove()


class CpuGroup:
    """A control group whose members share a part of one core. Needs root; of either version."""

    def __init__(self, name, share):
        old = pathlib.Path("/sys/fs/cgroup/cpu")
        self.folder = (old if old.is_dir() else old.parent) / name
        quota = int(share * PERIOD_US)
        try:
            self.folder.mkdir(exist_ok=True)
            if old.is_dir():
                (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (self.folder / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (self.folder / "cpu.max").write_text(f"{quota} {PERIOD_US}")
        except OSError as error:
            raise ServiceError(
                f"nodes can't be limited to a part of a core ({error}): bench scale needs root and the cpu controller"
            ) from None
        self.members = self.folder / "cgroup.procs"

    def remove(self):
        os.rmdir(self.folder)
