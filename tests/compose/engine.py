#!/usr/bin/python3
"""A Docker engine with Compose for the tests, where none answers: `engine.py up|down`, as root, on Debian 12.

The engine is Debian's docker.io; Compose v2 is the one static file of Debian 13's package, as Debian 12 has none. The
base image, debian:bookworm-slim, is made by debootstrap: no image registry is reached. Everything is in one folder,
MILLRACE_ENGINE.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import debian13  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("MILLRACE_ENGINE") or "/var/lib/millrace/engine")
PACKAGES = ("docker.io", "debootstrap", "iptables")
BASE = "debian:bookworm-slim"
PID = FOLDER / "dockerd.pid"
#: The engine has the machine forward packets.
FORWARDING, BEFORE = pathlib.Path("/proc/sys/net/ipv4/ip_forward"), FOLDER / "forwarding.before"
#: Of packages' files the image needs none of these.
UNNEEDED = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


def run(*command, **more):
    """Runs a command to its end. Raises CalledProcessError; its output is shown then."""
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.stderr.write((done.stdout + done.stderr)[-4000:])
        done.check_returncode()
    return done.stdout


def answers(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment()).returncode == 0


def environment():
    """Returns the environment in which `docker compose` is found: the machine's own plugin, else ours."""
    ours = FOLDER / "client"
    return {**os.environ, "DOCKER_CONFIG": str(ours)} if ours.is_dir() else dict(os.environ)


def install_packages():
    if not answers("dpkg", "-s", *PACKAGES):
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def install_compose():
    """Takes Compose of Debian 13 into the folder. Nothing is installed from there."""
    if answers("docker", "compose", "version"):
        return
    plugins = FOLDER / "client" / "cli-plugins"
    debian13.program("docker-compose", "usr/libexec/docker/cli-plugins/docker-compose", plugins / "docker-compose")


def start():
    """Starts the engine. Raises RuntimeError where it doesn't answer within half a minute."""
    BEFORE.write_text(FORWARDING.read_text())
    with (FOLDER / "dockerd.log").open("w") as log:
        process = subprocess.Popen([
            "dockerd", "--data-root", FOLDER / "data", "--exec-root", FOLDER / "run", "--pidfile",
            FOLDER / "docker.pid"
        ], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    PID.write_text(str(process.pid))
    until = time.monotonic() + 30
    while not answers("docker", "info"):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the Docker engine doesn't start: see {log.name}")
        time.sleep(0.25)


def make_base_image():
    """Imports Debian 12 under the name of its official image, unless there is one."""
    if answers("docker", "image", "inspect", BASE):
        return
    with tempfile.TemporaryDirectory(dir=FOLDER) as root:
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root, debian13.mirror())
        for part in UNNEEDED:
            shutil.rmtree(pathlib.Path(root) / part, ignore_errors=True)
        (pathlib.Path(root) / "var/cache/apt/archives/partial").mkdir(parents=True)
        (pathlib.Path(root) / "var/lib/apt/lists/partial").mkdir(parents=True)
        with subprocess.Popen(["tar", "-C", root, "--numeric-owner", "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(["docker", "import", "--change", 'CMD ["bash"]', "-", BASE], stdin=tar.stdout,
                           stdout=subprocess.DEVNULL, check=True)


def up():
    """Sees to it that an engine answers. Returns whether it is one of ours."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    theirs = bool(shutil.which("docker")) and answers("docker", "info") and not PID.is_file()
    if not theirs:
        install_packages()
    install_compose()
    if not answers("docker", "info"):
        start()
    make_base_image()
    return not theirs


def down():
    """Stops an engine of ours, and takes its bridge, rules and forwarding away. Images stay for the next time."""
    if not PID.is_file():
        return
    pid = int(PID.read_text())
    if pathlib.Path(f"/proc/{pid}/comm").is_file() and pathlib.Path(
            f"/proc/{pid}/comm").read_text().strip() == "dockerd":
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 30
        while pathlib.Path(f"/proc/{pid}").is_dir() and " Z " not in pathlib.Path(
                f"/proc/{pid}/stat").read_text() and time.monotonic() < until:
            time.sleep(0.2)
    PID.unlink()
    subprocess.run(["ip", "link", "del", "docker0"], capture_output=True)
    subprocess.run(["iptables", "-P", "FORWARD", "ACCEPT"], capture_output=True)
    if BEFORE.is_file():
        FORWARDING.write_text(BEFORE.read_text())
        BEFORE.unlink()
    subprocess.run(["sh", "-c", "iptables-save | grep -vi docker | iptables-restore"], capture_output=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["up"]:
        print("one of its own" if up() else "the machine's engine answers")
    elif sys.argv[1:] == ["down"]:
        down()
    else:
        sys.exit("usage: engine.py up|down")
