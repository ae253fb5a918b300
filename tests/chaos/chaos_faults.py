"""What may go wrong in a cluster: nodes, their links, and the servers that all of them use. Each fault returns a
sentence about what it did, and leaves everything running; how long the cluster took to be whole again is in `recovery`,
by kind."""
import collections
import os
import pathlib
import shutil
import subprocess
import threading
import time
import uuid

import clients
import faults
import network
from stack import TABLES, wait_until

RECOVERY_SECONDS = 120  #: generous: the machine may be busy
FEWEST, MOST = 3, 5


class ChaosFaults(faults.Faults):
    """`session`: the nodes' session timeout in seconds."""

    def __init__(self, stack, dice, cluster, session):
        super().__init__(stack, dice)
        self.cluster, self.session = cluster, session
        self.recovery = collections.defaultdict(list)

    def run(self, kind):
        said = getattr(self, kind)()
        self.cluster.wait_until_recovered(self.ends(), RECOVERY_SECONDS)
        wait_until("all figures are live", self.cluster.is_live, 300)
        return said

    def ends(self):
        """Returns what Kafka has of each partition, once it answers."""
        return wait_until("Kafka tells its ends", lambda: self.stack.kafka.ends(self.topics), 60)

    def measure(self, kind, began, among=None):
        """Notes how long after `began` what Kafka has now is durable, every shard served by one of `among` or of
        all."""
        self.cluster.wait_until_recovered(self.ends(), RECOVERY_SECONDS, among)
        seconds = time.monotonic() - began
        self.recovery[kind].append(seconds)
        return f"whole again after {seconds:.1f} s"

    def any_node(self):
        return self.dice.choice(self.cluster.nodes)

    def others(self, node):
        return [other for other in self.cluster.nodes if other is not node]

    # Nodes.

    def kill_node(self):
        """It stays dead until the others have its work."""
        node, began = self.any_node(), time.monotonic()
        node.kill()
        said = self.measure("kill_node", began, self.others(node))
        node.start()
        return f"{node.name} killed, {said}"

    def kill_node_that_returns(self):
        """It is back under its name before anybody misses it, or just then."""
        node, pause, began = self.any_node(), self.dice.uniform(0, 1.2 * self.session), time.monotonic()
        node.kill()
        time.sleep(pause)
        node.start()
        return f"{node.name} killed and started {pause:.1f} s later, {self.measure('kill_node_that_returns', began)}"

    def kill_node_unheard(self):
        """Its machine goes off: no connection ends, the others' are half open until they give them up or the node is
        back at its address."""
        node, began = self.any_node(), time.monotonic()
        node.machine.cut("both")
        node.kill()
        said = self.measure("kill_node_unheard", began, self.others(node))
        node.machine.mend()
        node.start()
        return f"{node.name} cut off and killed, {said}"

    def freeze_node(self):
        """A zombie: it wakes up and thinks that it still owns what others have by now."""
        node, pause = self.any_node(), self.session + self.dice.uniform(0.5, 3)
        node.freeze()
        time.sleep(pause)
        began = time.monotonic()
        node.thaw()
        return f"{node.name} frozen for {pause:.1f} s, {self.measure('freeze_node', began)}"

    def restart_all_nodes(self):
        """One after the other, each in order, as an update of all machines does it."""
        began, slowest = time.monotonic(), 0.0
        for node in list(self.cluster.nodes):
            slowest = max(slowest, node.stop())
            node.start()
            self.cluster.wait_until_recovered(self.ends(), RECOVERY_SECONDS)
        return (f"{len(self.cluster.nodes)} nodes restarted, each ended within {slowest:.1f} s, "
                f"{self.measure('restart_all_nodes', began)}")

    def add_node(self):
        if len(self.cluster.nodes) >= MOST:
            return self.remove_node()
        began = time.monotonic()
        node = self.cluster.add()
        wait_until(f"{node.name} has work", lambda: node.status().get("member", {}).get("shards"), RECOVERY_SECONDS)
        return f"{node.name} added, {self.measure('add_node', began)}"

    def remove_node(self):
        if len(self.cluster.nodes) <= FEWEST:
            return self.add_node()
        node, began = self.any_node(), time.monotonic()
        seconds = self.cluster.remove(node)
        return f"{node.name} stopped within {seconds:.1f} s and removed, {self.measure('remove_node', began)}"

    # Links.

    def cut_link(self):
        node, ways, pause = self.any_node(), self.dice.choice(
            ("in", "out", "both")), self.dice.uniform(0.3, 2.5 * self.session)
        node.machine.cut(ways)
        time.sleep(pause)
        node.machine.mend()
        return f"{node.name} cut off ({ways}) for {pause:.1f} s, {self.measure('cut_link', time.monotonic())}"

    def slow_link(self):
        node, pause = self.any_node(), self.dice.uniform(2, 6)
        node.machine.slow_down()
        time.sleep(pause)
        node.machine.mend()
        return f"{node.name} behind a slow link for {pause:.1f} s, {self.measure('slow_link', time.monotonic())}"

    def part_nodes(self):
        """Two nodes don't hear each other, one of them or both; both hear everybody else."""
        one, other = self.dice.sample(self.cluster.nodes, 2)
        ways, pause = self.dice.choice(("out", "both")), self.dice.uniform(0.5, 2.5 * self.session)
        network.part(one.machine, other.machine, ways)
        time.sleep(pause)
        network.join(one.machine, other.machine)
        return (f"{one.name} and {other.name} parted ({ways}) for {pause:.1f} s, "
                f"{self.measure('part_nodes', time.monotonic())}")

    # Servers.

    def lose_tail_of_redis(self):
        said, began = self.cut_redis(), time.monotonic()
        self.wait_for_ledger()  # it may have gone back to before the end of a fill
        return f"{said}, {self.measure('lose_tail_of_redis', began)}"

    def lose_read_of_tables(self):
        """Redis goes back to before a read of all tables while which rows were deleted, and a node that has the work
        since was never told of the read."""
        file, before = self.newest_writes(), self.newest_writes().stat().st_size
        reads = threading.Thread(target=self.stack.door,
                                 args=("resync", *(f"public.{table}" for table in TABLES), "--wait", RECOVERY_SECONDS))
        reads.start()
        while reads.is_alive():
            self.stack.sql("DELETE FROM order_items WHERE id IN (SELECT id FROM order_items ORDER BY random() LIMIT 2)")
            reads.join(0.05)
        moved = self.kill_node_that_returns()
        same = self.newest_writes() == file  # else Redis has rewritten it
        said, began = self.cut_redis(at=before if same else None), time.monotonic()
        self.wait_for_ledger()
        return f"all tables read again, {moved}, {said}, {self.measure('lose_read_of_tables', began)}"

    def promote_replica(self):
        """Redis dies, and a replica that stopped following a while ago comes in its place."""
        port, password = self.stack.endpoints["REDIS_PORT"], self.stack.endpoints["REDIS_PASSWORD"]
        folder = self.stack.home / "replica"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        replica_port = self.cluster.ports[1] + 20
        process = subprocess.Popen([
            "redis-server", "--bind", "127.0.0.1", "--port",
            str(replica_port), "--dir",
            str(folder), "--save", "", "--appendonly", "yes", "--requirepass", password, "--masterauth", password,
            "--replicaof", "127.0.0.1", port
        ], stdout=subprocess.DEVNULL)
        try:
            replica = clients.Redis(replica_port, password)
            wait_until("the replica follows", lambda: self.follows(replica), 60)
            replica("REPLICAOF", "NO", "ONE")
            time.sleep(self.dice.uniform(0.2, 3))
            lag = self.info(self.stack.redis)["master_repl_offset"] - self.info(replica)["master_repl_offset"]
            assert lag > 0, "the replica doesn't lag"
            self.stack.kill("redis", hold=True)
            replica.close()
            subprocess.run(["redis-cli", "-p", str(replica_port), "SHUTDOWN"],
                           env={**os.environ, "REDISCLI_AUTH": password}, check=True, capture_output=True)
            process.wait(30)
        finally:
            process.kill()
            process.wait()
        self.take_over(folder / "appendonlydir")
        self.stack.redis.close()
        self.stack.door("service", "start", "redis")
        began = time.monotonic()
        self.wait_for_ledger()
        return f"a replica {lag} bytes behind promoted, {self.measure('promote_replica', began)}"

    def info(self, redis):
        """Returns the numbers of Redis's INFO."""
        lines = (line.partition(":") for line in redis("INFO", "everything").splitlines())
        return {name: int(value) for name, _, value in lines if value.isdigit()}

    def follows(self, replica):
        text = replica("INFO", "everything")
        return all(line in text for line in ("master_link_status:up", "aof_rewrite_in_progress:0",
                                             "aof_rewrite_scheduled:0"))

    def take_over(self, files):
        """Puts a replica's files in the place of Redis's own."""
        place = self.stack.home / "redis" / "appendonlydir"
        owner = place.stat()
        shutil.rmtree(place)
        shutil.copytree(files, place)
        for path in (place, *pathlib.Path(place).iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)

    def restart_kafka(self):
        said = self.kill_kafka()
        return f"{said}, {self.measure('restart_kafka', time.monotonic())}"

    def restart_connect(self):
        said = self.kill_connect()
        return f"{said}, {self.measure('restart_connect', time.monotonic())}"

    def snapshot_again(self):
        """Debezium shows every row once more, while they change."""
        shown = lambda: sum(int(self.stack.redis("GET", f"cdc:stats:{table}:r") or 0) for table in TABLES)
        before, collections_ = shown(), ", ".join(f'"public.{table}"' for table in TABLES)
        self.stack.sql(
            f"INSERT INTO millrace.debezium_signal (id, type, data) VALUES ('{uuid.uuid4()}', 'execute-snapshot', "
            f"'{{\"data-collections\": [{collections_}], \"type\": \"incremental\"}}')")
        wait_until("rows are shown again", lambda: shown() > before, RECOVERY_SECONDS)
        return f"all tables are shown again, {self.measure('snapshot_again', time.monotonic())}"
