"""What the tests of k8s/ run: kustomize of Debian 13, and kubernetes-validate with the schemas of Kubernetes' releases. Both are kept in the cache."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT / "deploy" / "stack")]
import debian13  # noqa: E402
import home  # noqa: E402
import install  # noqa: E402

#: Of Kubernetes' releases: the oldest and the newest whose schemas the manifests must fit, and the one that test_cluster.py starts.
RELEASES = ("1.31", "1.34", "1.37")
VALIDATOR = "kubernetes-validate==1.37.0"
#: What the manifests are made of, beside k8s/ itself.
SOURCES = ("k8s", "sql", "deploy/compose", "deploy/connect")


def kustomize():
    found = shutil.which("kustomize")
    return found or debian13.program("kustomize", "usr/bin/kustomize", home.cache_folder() / "kustomize-5.6")


def python():
    """Returns the Python that has kubernetes-validate: of an environment in the cache, filled the first time."""
    install.apt(["kubernetes"])
    folder = home.cache_folder() / VALIDATOR.replace("==", "-")
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", partial], check=True)
        subprocess.run([partial / "bin/python", "-m", "pip", "install", "-q", VALIDATOR], check=True, stdin=subprocess.DEVNULL)
        partial.rename(folder)
    return folder / "bin" / "python"


class Manifests:
    """A copy of the manifests' sources in a folder, with secrets, so that a test may change it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in SOURCES:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("secrets"))
        subprocess.run([self.folder / "k8s/secrets.sh", self.folder / "k8s/overlays/dev/secrets"], check=True)

    def build(self, name):
        """Returns the objects of k8s/NAME. Raises AssertionError with what kustomize complains of."""
        done = subprocess.run([kustomize(), "build", self.folder / "k8s" / name], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"kustomize build k8s/{name}: {done.stderr}")
        return load(done.stdout)


def load(text):
    """Returns the objects of a YAML text. The environment's Python reads it, as this one may have no YAML."""
    script = "import json, sys, yaml; json.dump([x for x in yaml.safe_load_all(sys.stdin) if x], sys.stdout, default=str)"
    done = subprocess.run([python(), "-c", script], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"not YAML: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def complaints(objects, release):
    """Returns a line for each object that doesn't fit the strict schemas of a release of Kubernetes."""
    done = subprocess.run([python(), HERE / "schemas.py", release], input=json.dumps(objects), capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout)


def containers(pod):
    return [*pod.get("initContainers", []), *pod["containers"]]


def pods(objects):
    """Yields (name, specification, labels) of every pod that the objects make."""
    for x in objects:
        template = {"Pod": lambda: x, "CronJob": lambda: x["spec"]["jobTemplate"]["spec"]["template"]}.get(x["kind"], lambda: x.get("spec", {}).get("template"))()
        if isinstance(template, dict) and "containers" in template.get("spec", {}):
            yield f"{x['kind']} {x['metadata']['name']}", template["spec"], template["metadata"].get("labels", {})


def binary():
    return pathlib.Path(os.environ.get("MILLRACE_BINARY") or ROOT / "build/release/millrace")
