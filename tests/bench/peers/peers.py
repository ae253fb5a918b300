#!/usr/bin/env python3
"""The peers that Millrace is compared with: prepares what they run on, tells how each is run.

    peers.py                    prepares them and says where
    peers.py NAME ARGUMENT...   runs one; README.md has the arguments
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "deploy" / "stack"))

import home  # noqa: E402
import install  # noqa: E402
import progress  # noqa: E402
from service import ServiceError  # noqa: E402

PYTHON = "/usr/bin/python3"
NAMES = ("plain_python", "tuned_python", "streams")
JAVA = ("java", "-Xmx1g", "-XX:+UseParallelGC", "-XX:+ExitOnOutOfMemoryError",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")


def cached(cache_folder, name, *sources):
    """Returns the folder of something made from these files. Its name follows them, so other files are another
    folder."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    return pathlib.Path(cache_folder) / f"bench-{name}-{digest}"


def venv(cache_folder):
    return cached(cache_folder, "python", HERE / "requirements.txt")


def streams(cache_folder):
    return cached(cache_folder, "streams", HERE / "streams" / "pom.xml",
                  *sorted((HERE / "streams" / "src").rglob("*.java")))


def prepare(cache_folder):
    """Makes the venv and builds the Kafka Streams peer where this version of them isn't in the cache. Raises
    ServiceError, saying what to do."""
    if venv(cache_folder).is_dir() and streams(cache_folder).is_dir():
        return
    install_packages()
    if not venv(cache_folder).is_dir():
        whole_or_not(venv(cache_folder), make_venv, "installing the Python peers' packages from PyPI")
    if not streams(cache_folder).is_dir():
        whole_or_not(streams(cache_folder), build_streams,
                     "fetching Kafka Streams from Maven Central and building its peer")


def install_packages():
    """Installs a JDK and venv; whoever has another JDK than Debian's keeps it."""
    has_venv = subprocess.run([PYTHON, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0
    if not (has_venv and shutil.which("javac") and shutil.which("mvn")):
        install.apt(["java", "bench"])


def whole_or_not(folder, make, text):
    """Has `make` fill the folder beside its place, and moves it there when it is whole."""
    partial = folder.with_name(folder.name + ".new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    with progress.step(text):
        make(partial)
    partial.rename(folder)


def make_venv(folder):
    run([PYTHON, "-m", "venv", folder],
        "a Python venv could not be made; is the Debian package python3-venv installed?")
    run([
        folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r",
        HERE / "requirements.txt"
    ], "the Python peers' packages could not be installed; pip must reach PyPI")


def build_streams(folder):
    run([
        "mvn", "-q", "-B", "-f", HERE / "streams" / "pom.xml", "package", f"-Dtarget={folder}"
    ], "the Kafka Streams peer could not be built; Maven must reach Maven Central, and takes a JDK 17 or newer "
       "(openjdk-17-jdk-headless)"
        )


def run(command, failure):
    """Runs a step. Raises ServiceError with what to do and the step's last words."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ServiceError(f"{failure}:\n" + "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]))


def command(name, cache_folder, *arguments):
    """Returns the command that runs a peer, once `prepare` has returned. The arguments are README.md's; the peer reads
    REDIS_PASSWORD."""
    if name not in NAMES:
        raise ValueError(f"there is no peer {name!r}, but {', '.join(NAMES)}")
    if name == "streams":
        built = streams(cache_folder)
        return [*JAVA, "-cp", f"{built}/peer.jar:{built}/libs/*", "millrace.peer.Peer", *map(str, arguments)]
    return [str(venv(cache_folder) / "bin" / "python"), "-B", str(HERE / f"{name}.py"), *map(str, arguments)]


def main():
    cache = home.cache_folder()
    try:
        prepare(cache)
    except ServiceError as error:
        raise SystemExit(str(error))
    if len(sys.argv) == 1:
        print(venv(cache), streams(cache), sep="\n")
    elif sys.argv[1] in NAMES:
        chosen = command(sys.argv[1], cache, *sys.argv[2:])
        os.execvp(chosen[0], chosen)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
