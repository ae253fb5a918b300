"""Nodes on machines of their own, each kept alive as systemd would, and what they say of themselves."""
import os
import pathlib
import signal
import subprocess
import threading
import time

import clients
from network import Machine
from stack import alive, wait_until

NODE_PORT, HTTP_PORT = 15900, 15901
SHARDS = 32
#: As the unit of the package has it.
RESTART_SECONDS = 0.5
#: By how many seconds the clocks of the machines are wrong, in the order of their numbers.
CLOCKS = (0, 45, -30, 7, -90)
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


def clock(number, folder):
    """Returns the environment that sets the clock of a machine's processes. `folder`: for what has to be compiled for
    it."""
    wrong, waits = CLOCKS[(number - 1) % len(CLOCKS)], folder / "cnd_timedwait.so"
    if not waits.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-o", waits,
                        pathlib.Path(__file__).with_name("cnd_timedwait.c")], check=True)
    return {"LD_PRELOAD": f"{waits}:{FAKETIME}", "FAKETIME": f"{wrong:+}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"
            } if wrong else {}


class Node:
    """One machine and the node on it, started again when it ends by itself."""

    def __init__(self, number, cluster):
        self.machine = Machine(number, cluster.ports)
        self.name = f"node-{number}"
        self.environment = {
            **cluster.environment, **clock(number, cluster.folder), "MILLRACE_NODE": self.name,
            "MILLRACE_NODE_ADDRESS": f"{self.machine.address}:{NODE_PORT}", "MILLRACE_HTTP_PORT": str(HTTP_PORT),
            "MILLRACE_NODE_CERTIFICATE": str(cluster.certificates / f"{self.name}.crt"),
            "MILLRACE_NODE_KEY": str(cluster.certificates / f"{self.name}.key"),
            "MILLRACE_NODE_AUTHORITY": str(cluster.certificates / "ca.crt")
        }
        self.command = [*self.machine.enter(), str(cluster.binary), "node"]
        self.log = cluster.folder / f"{self.name}.log"
        self.process, self.wanted, self.ends = None, False, []  #: ends: exit codes of nodes that ended by themselves
        self.lock = threading.Lock()
        self.keeper = threading.Thread(target=self._keep, daemon=True)
        self.over = False
        self.keeper.start()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        with self.lock:
            self.wanted = True
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)

    def _keep(self):
        while not self.over:
            time.sleep(0.1)
            with self.lock:
                if not self.wanted or self.process.poll() is None:
                    continue
                self.ends.append(self.process.returncode)
            time.sleep(RESTART_SECONDS)
            if self.wanted:
                self.start()

    def kill(self):
        """SIGKILL; it stays dead until start()."""
        with self.lock:
            self.wanted = False
            self.process.kill()
            self.process.wait()
        assert not alive(self.pid)

    def stop(self, seconds=30):
        """SIGTERM; returns how long it took to end, in seconds."""
        with self.lock:
            self.wanted, began = False, time.monotonic()
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(seconds)
        assert code == 0, f"{self.name} ended with {code} on SIGTERM"
        return time.monotonic() - began

    def freeze(self):
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)

    def status(self):
        """Returns its /status; empty where it doesn't answer."""
        try:
            return self.machine.within(lambda: clients.http(f"http://127.0.0.1:{HTTP_PORT}/status", seconds=2)) or {}
        except (OSError, ValueError):
            return {}

    def close(self):
        self.over, self.wanted = True, False
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.machine.close()


class Cluster:
    """All nodes. `environment`: the settings that they share; `certificates`: a folder that `certs` made; `ports`:
    first and last of the servers' ports."""

    def __init__(self, binary, folder, environment, certificates, ports):
        self.binary, self.folder, self.environment = binary, folder, environment
        self.certificates, self.ports = certificates, ports
        self.nodes = []

    def add(self):
        number = next(i for i in range(1, 250) if i not in {node.machine.number for node in self.nodes})
        node = Node(number, self)
        self.nodes.append(node)
        node.start()
        return node

    def remove(self, node):
        """Stops a node in order and takes its machine away; returns how long the node took to end."""
        seconds = node.stop()
        node.close()
        self.nodes.remove(node)
        return seconds

    def owners(self, shards_of=None):
        """Returns who says that it serves each shard, and who reads each source."""
        shards, sources = {}, {}
        for node in shards_of or self.nodes:
            status = node.status()
            for shard in status.get("member", {}).get("shards", []):
                shards.setdefault(shard, []).append(node.name)
            for source in status.get("router", {}).get("sources", []):
                sources.setdefault((source["topic"], source["partition"]), []).append((node.name, source["durable"]))
        return shards, sources

    def has_recovered(self, ends, among=None):
        """Tells whether every shard has one owner and everything before these ends is durable."""
        shards, sources = self.owners(among)
        if len(shards) != SHARDS or any(len(owners) > 1 for owners in shards.values()):
            return False
        return all(
            len(sources.get(source, [])) == 1 and sources[source][0][1] + 1 >= end for source, end in ends.items())

    def wait_until_recovered(self, ends, seconds, among=None):
        wait_until("every shard is served by one node and what Kafka had is durable",
                   lambda: self.has_recovered(ends, among), seconds, pause=0.05)

    def is_live(self):
        """Tells whether some node leads, and by its word every figure is live and no fill is under way."""
        for node in self.nodes:
            status = node.status()
            if status.get("cluster", {}).get("leads"):
                return {figure["state"]
                        for figure in status.get("figures", [])} == {"live"} and not status["cluster"].get("stage")
        return False

    def close(self):
        for node in self.nodes:
            node.close()
