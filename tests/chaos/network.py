"""Machines as network namespaces. Each has a link of its own to the hub, the namespace of this process, whose loopback
has the servers.

    machine i: 10.77.i.2 --- 10.77.i.1 :hub: 10.77.j.1 --- 10.77.j.2 :machine j

The servers listen on loopback only: what a machine sends to 127.0.0.1 at one of their ports is routed over its link to
the hub. Nothing of it is seen outside, and all of it goes with this process.
"""
import ctypes
import os
import subprocess
import sys
import threading

MARK = "MILLRACE_CHAOS_HUB"
MACHINES = "10.77.0.0/16"
CLONE_NEWNET = 0x40000000
#: Where machines' own rules stand: before the table of local addresses.
SERVERS_RULE, LOCAL_RULE, TABLE = "10", "20", "100"
#: A link this slow holds back everything: some 40 ms a full packet, and what waits longer than two seconds is lost.
SLOW = ("rate", "300kbit", "burst", "3kb", "latency", "2000ms")


def enter_hub():
    """Goes on in a network namespace of this process's own; needs root."""
    if os.environ.get(MARK) != "1":
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    ip("link", "set", "lo", "up")
    write("/proc/sys/net/ipv4/ip_forward", "1")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Machine:
    """A namespace, held by a process that sleeps. `ports`: first and last of the servers'."""

    def __init__(self, number, ports):
        self.number, self.link = number, f"m{number}"
        self.gateway, self.address = f"10.77.{number}.1", f"10.77.{number}.2"
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo here; exec sleep infinity"],
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self._connect(ports)

    def _connect(self, ports):
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        ip("address", "add", f"{self.gateway}/24", "dev", self.link)
        ip("link", "set", self.link, "up")
        write(f"/proc/sys/net/ipv4/conf/{self.link}/route_localnet", "1")
        for words in (("link", "set", "lo", "up"), ("address", "add", f"{self.address}/24", "dev", "eth0"),
                      ("link", "set", "eth0", "up"), ("route", "add", "default", "via", self.gateway),
                      ("rule", "add", "pref", LOCAL_RULE, "lookup", "local"), ("rule", "delete", "pref", "0"),
                      ("rule", "add", "pref", SERVERS_RULE, "to", "127.0.0.1", "ipproto", "tcp", "dport",
                       f"{ports[0]}-{ports[1]}", "lookup", TABLE), ("route", "add", "127.0.0.1", "via", self.gateway,
                                                                    "dev", "eth0", "src", self.address, "table",
                                                                    TABLE)):
            self.run("ip", *words)
        self.within(lambda: write("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1"))

    def enter(self):
        """Returns the words that have a command run here."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def run(self, *command):
        subprocess.run([*self.enter(), *command], check=True)

    def within(self, work):
        """Returns what `work` returns, called by a thread that is in this namespace."""
        out = []

        def there():
            try:
                with open(f"/proc/{self.holder.pid}/ns/net") as namespace:
                    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                out.append((work(), None))
            except Exception as error:
                out.append((None, error))

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        value, error = out[0]
        if error:
            raise error
        return value

    # What may be wrong with its link.

    def cut(self, ways):
        """Loses all packets `ways`: "in" to the machine, "out" from it, or "both"."""
        if ways in ("in", "both"):
            subprocess.run(["tc", "qdisc", "add", "dev", self.link, "root", "blackhole"], check=True)
        if ways in ("out", "both"):
            self.run("tc", "qdisc", "add", "dev", "eth0", "root", "blackhole")

    def slow_down(self):
        subprocess.run(["tc", "qdisc", "add", "dev", self.link, "root", "tbf", *SLOW], check=True)
        self.run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", *SLOW)

    def mend(self):
        """Undoes cut and slow_down; the link may be whole."""
        for where in ([], self.enter()):
            device = "eth0" if where else self.link
            subprocess.run([*where, "tc", "qdisc", "delete", "dev", device, "root"], stderr=subprocess.DEVNULL)

    def close(self):
        self.holder.kill()
        self.holder.wait()


def part(one, other, ways):
    """Has two machines not hear each other, while both reach the hub: "both", or only what `one` says is lost
    ("out")."""
    for sender, receiver in ((one, other), (other, one))[:2 if ways == "both" else 1]:
        ip("rule", "add", "pref", "5", "from", sender.address, "to", receiver.address, "blackhole")


def join(one, other):
    for sender, receiver in ((one, other), (other, one)):
        subprocess.run(
            ["ip", "rule", "delete", "pref", "5", "from", sender.address, "to", receiver.address, "blackhole"],
            stderr=subprocess.DEVNULL)
