"""What the kernel knows: who lives, who holds a port, how much memory is left. Reads /proc; starts and ends nothing but
`end`."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import time

PROC = pathlib.Path("/proc")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def start_time(pid):
    """Returns when a process began, in clock ticks since boot, or None if it isn't there (any more). A pid with its
    start time is never reused."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(pid, began):
    return bool(pid) and began is not None and start_time(pid) == began


def end(pid, began, sign, seconds):
    """Ends a process that is somebody's orphan: `sign` first, SIGKILL to its group after `seconds`."""
    if not is_alive(pid, began):
        return
    os.kill(pid, sign)
    deadline = time.monotonic() + seconds
    while is_alive(pid, began):
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            deadline = time.monotonic() + seconds
        time.sleep(0.05)


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def port_holder(port):
    """Returns 'NAME, pid N' of who listens on a port, or None where we may not know."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        fields = [line.split() for line in lines]
        inodes |= {f"socket:[{f[9]}]" for f in fields if f[3] == "0A" and int(f[1].rpartition(":")[2], 16) == port}
    for process in PROC.glob("[0-9]*"):
        try:
            if any(os.readlink(link) in inodes for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}, pid {process.name}"
        except OSError:
            continue
    return None


def free_memory():
    """Returns how many bytes a new program may take: the machine's, or what the control group leaves."""
    lines = dict(line.split(":", 1) for line in (PROC / "meminfo").read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024
    group = pathlib.Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            free = min(free, int(limit) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return free


def say(text):
    """Prints a line with the time. A full disk, where the output may go, is no reason to end."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%FT%T')} {text}", flush=True)


def cpu_of(pid):
    """Returns a process's CPU seconds, user and system."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def rss_of(pid):
    """Returns a process's resident memory, in bytes."""
    return int(re.search(r"VmRSS:\s+(\d+)", (PROC / str(pid) / "status").read_text())[1]) * 1024


def peak_of(pid):
    """Returns the most memory that a process ever had, in MiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", (PROC / str(pid) / "status").read_text())[1]) // 1024
