"""What the tests of k8s/ run: kustomize of Debian 13, and kubernetes-validate with the schemas of Kubernetes'
releases. Both are kept in the cache."""
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

#: Of Kubernetes' releases: the oldest and the newest whose schemas the manifests must fit, and the one that
#: test_cluster.py starts.
RELEASES = ("1.31", "1.34", "1.37")
VALIDATOR = "kubernetes-validate==1.37.0"
#: Components that set the number of nodes.
SCALERS = ("hpa", "keda")
#: What the manifests are made of, beside k8s/ itself.
SOURCES = ("k8s", "sql", "deploy/compose")


def kustomize():
    """Returns the program; always of this version, as the chart is made of what it prints."""
    return debian13.program("kustomize", "usr/bin/kustomize", home.cache_folder() / "kustomize-5.6")


def python():
    """Returns the Python that has kubernetes-validate: of an environment in the cache, filled the first time."""
    install.apt(["kubernetes"])
    folder = home.cache_folder() / VALIDATOR.replace("==", "-")
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".new")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", partial], check=True)
        subprocess.run([partial / "bin/python", "-m", "pip", "install", "-q", VALIDATOR],
                       check=True,
                       stdin=subprocess.DEVNULL)
        partial.rename(folder)
    return folder / "bin" / "python"


class Manifests:
    """A copy of the manifests' sources in a folder, with secrets, so that a test may change it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in SOURCES:
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("secrets"))
        shutil.copy2(ROOT / "CMakeLists.txt", self.folder)
        subprocess.run([self.folder / "k8s/secrets.sh", self.folder / "k8s/overlays/dev/secrets"], check=True)

    def with_component(self, name):
        """Returns the objects of the overlay prod with a component of k8s/components."""
        file = self.folder / "k8s/overlays/prod/kustomization.yaml"
        before = file.read_text()
        changed = before.replace("components: []", f"components: [../../components/{name}]")
        if name in SCALERS:
            changed = changed.replace("replicas:\n  - {name: millrace, count: 3}\n", "")
        if changed.count(f"components/{name}]") != 1:
            raise AssertionError(f"{file} doesn't take components as this test knows them")
        try:
            file.write_text(changed)
            return self.build("overlays/prod")
        finally:
            file.write_text(before)

    def build(self, name):
        """Returns the objects of k8s/NAME. Raises AssertionError with what kustomize complains of."""
        done = subprocess.run([kustomize(), "build", self.folder / "k8s" / name], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"kustomize build k8s/{name}: {done.stderr}")
        return load(done.stdout)


def rendered(chart, values):
    """Returns the objects of a Helm chart with these values."""
    if not shutil.which("go"):
        install.apt(["go"])
    done = subprocess.run(["go", "run", HERE / "render.go", chart],
                          input=json.dumps(values),
                          capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    return load(done.stdout)


def load(text):
    """Returns the objects of a YAML text. The environment's Python reads it, as this one may have no YAML."""
    script = ("import json, sys, yaml; "
              "json.dump([x for x in yaml.safe_load_all(sys.stdin) if x], sys.stdout, default=str)")
    done = subprocess.run([python(), "-c", script], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"not YAML: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def complaints(objects, release):
    """Returns a line for each object that doesn't fit the strict schemas of a release of Kubernetes."""
    done = subprocess.run([python(), HERE / "schemas.py", release],
                          input=json.dumps(objects),
                          capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout)


def containers(pod):
    return [*pod.get("initContainers", []), *pod["containers"]]


def pods(objects):
    """Yields (name, specification, labels) of every pod that the objects make."""
    for x in objects:
        template = {
            "Pod": lambda: x,
            "CronJob": lambda: x["spec"]["jobTemplate"]["spec"]["template"]
        }.get(x["kind"], lambda: x.get("spec", {}).get("template"))()
        if isinstance(template, dict) and "containers" in template.get("spec", {}):
            yield f"{x['kind']} {x['metadata']['name']}", template["spec"], template["metadata"].get("labels", {})


def binary():
    return pathlib.Path(os.environ.get("MILLRACE_BINARY") or ROOT / "build/release/millrace")
