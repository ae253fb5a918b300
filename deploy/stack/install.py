"""Installs what a verb needs and the machine lacks: Debian packages by apt, Java parts by Maven."""
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess

import java
import progress
from service import ServiceError

PACKAGES = pathlib.Path(__file__).resolve().parents[1] / "packages.txt"


def sections(text):
    """Returns the packages of each [section] of deploy/packages.txt."""
    found, current = {}, None
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line:
            current.append(line)
    return found


def missing(packages):
    """Returns those of the packages that aren't installed."""
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\n", *packages],
                           capture_output=True, text=True)
    installed = {line.split()[0].partition(":")[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def apt(names):
    """Installs the packages of some sections. Raises ServiceError with apt's last words, or where we may not
    install."""
    listed = sections(PACKAGES.read_text())
    wanted = missing(sorted({package for name in names for package in listed[name]}))
    if "java" in names and shutil.which("java") and shutil.which("mvn"):
        wanted = [package for package in wanted if package not in listed["java"]]
    if not wanted:
        return
    become_root = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise ServiceError(f"these packages are missing, and there is no sudo to install them: {' '.join(wanted)}")
        become_root = ["sudo"]
    progress.say(f"installing {len(wanted)} Debian packages: {' '.join(wanted)}")
    environment = [f"{name}={value}" for name, value in (("DEBIAN_FRONTEND", "noninteractive"),)]
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *wanted]):
        with progress.step(f"apt-get {words[0]}"):
            done = subprocess.run([*become_root, "env", *environment, "apt-get", *words], capture_output=True,
                                  text=True)
        if done.returncode != 0:
            raise ServiceError(f"apt-get {words[0]} failed:\n" +
                               "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:]))


def java_parts():
    """Fetches Kafka, Kafka Connect and Debezium unless this version of them is in the cache."""
    if java.parts().is_dir():
        java.verify(java.parts())
    else:
        with progress.step("fetching Kafka and Debezium from Maven Central"):
            java.fetch()


@contextlib.contextmanager
def java_parts_beside():
    """Fetches them while the block, which takes longer, goes on; a failure is raised at its end."""
    if java.parts().is_dir():
        java.verify(java.parts())
        yield
        return
    progress.say("fetching Kafka and Debezium from Maven Central, beside the build")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(java.fetch)
        yield
        fetching.result()


@contextlib.contextmanager
def for_services_and_build(services):
    """Installs what these services run on and what the build takes; the block is the build, and Maven works beside
    it."""
    apt(sorted({"build"} | {section for service in services for section in service.packages}))
    with java_parts_beside() if any(service.needs_java_parts for service in services) else contextlib.nullcontext():
        yield


def for_services(services):
    """Installs what these services run on."""
    apt(sorted({section for service in services for section in service.packages}))
    if any(service.needs_java_parts for service in services):
        java_parts()
