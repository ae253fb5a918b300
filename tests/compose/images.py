"""The images that tests/compose and tests/k8s run: Millrace's, and stand-ins where the official ones aren't there."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import engine
import standins

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "stack"))
import package  # noqa: E402

PASSWORDS = ("POSTGRES_PASSWORD", "MILLRACE_POSTGRES_ADMIN_PASSWORD", "MILLRACE_NODE_PASSWORD",
             "MILLRACE_DEBEZIUM_PASSWORD", "REDIS_PASSWORD", "MILLRACE_HTTP_TOKEN")


def take_package():
    """Puts the package where the image's build takes it from: the one that MILLRACE_PACKAGE names, else one of this
    repository's build. Returns its path."""
    given = os.environ.get("MILLRACE_PACKAGE")
    if not given:
        return package.package()
    shutil.rmtree(package.FOLDER, ignore_errors=True)
    package.FOLDER.mkdir(parents=True)
    return shutil.copy2(given, package.FOLDER)


def is_official(image):
    """Tells whether the machine has this image, and not as a stand-in of ours."""
    found = subprocess.run(["docker", "image", "inspect", "-f", '{{index .Config.Labels "millrace.stand-in"}}', image],
                           capture_output=True, text=True, env=engine.environment())
    return found.returncode == 0 and found.stdout.strip() != "true"


def build(image, profiles):
    """Builds Millrace's image under that name, of the package, and the stand-ins of these profiles. Returns the images
    of all services. Compose builds them: the engine's own builder would run the stage that compiles too."""
    standins.make()
    compose = ["docker", "compose", "--env-file", "/dev/null", "-f", ROOT / "deploy/compose.yaml", "-f",
               HERE / "standins.yaml"]
    environment = {
        **engine.environment(), **{name: "x" for name in PASSWORDS}, "COMPOSE_PROFILES": ",".join(profiles),
        "MILLRACE_IMAGE": image, "MILLRACE_IMAGE_PACKAGE": "given", "MILLRACE_STANDINS": str(standins.FOLDER)
    }
    services = json.loads(engine.run(*compose, "config", "--format", "json", env=environment))["services"]
    wanted = [name for name, service in services.items() if "build" in service and not is_official(service["image"])]
    engine.run(*compose, "build", *wanted, env=environment, timeout=3600)
    return sorted({service["image"] for service in services.values()})


def build_next(image, tag):
    """Builds another image of the same files, for an upgrade."""
    subprocess.run(["docker", "build", "-t", tag, "-"], input=f"FROM {image}\nLABEL millrace.test=next\n", text=True,
                   env=engine.environment(), check=True, capture_output=True)
