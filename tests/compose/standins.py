"""The folder that stand-ins for the official images are built of: Java parts, and the scripts of
tests/compose/standins."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "stack"))
import home  # noqa: E402
import install  # noqa: E402
import java  # noqa: E402

SCRIPTS = HERE / "standins"
FOLDER = ROOT / "build" / "standins"


def kafka_with_zookeeper():
    """Returns a folder with the jars of Kafka 3.9 and of ZooKeeper, which Maven fills the first time."""
    pom = SCRIPTS / "pom.xml"
    folder = home.cache_folder() / ("standins-" + hashlib.sha256(pom.read_bytes()).hexdigest()[:12])
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run([
            "mvn", "-q", "-B", "-C", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={partial}"
        ], check=True, stdin=subprocess.DEVNULL)
        partial.rename(folder)
    return folder


def link(source, destination):
    try:
        os.link(source, destination)
    except OSError:  # another disk
        shutil.copy2(source, destination)


def make():
    """Makes the folder anew, and returns it."""
    install.apt(["java"])
    install.java_parts()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(SCRIPTS, FOLDER)
    (FOLDER / "log4j2.properties").write_text(java.LOGGING)
    for name, source in (("kafka", java.parts() / "kafka"), ("plugins", java.parts() / "plugins"),
                         ("kafka-3", kafka_with_zookeeper())):
        shutil.copytree(source, FOLDER / name, copy_function=link)
    return FOLDER


if __name__ == "__main__":
    print(make())
