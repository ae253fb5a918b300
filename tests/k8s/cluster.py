"""A real Kubernetes of one node with the images of tests/compose, and what the tests of both overlays ask of it."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compose")]
import engine  # noqa: E402
import images  # noqa: E402
import tools  # noqa: E402

VERSION = re.search(r"VERSION (\d+\.\d+\.\d+)", (tools.ROOT / "CMakeLists.txt").read_text())[1]
IMAGE, NEXT_TAG = f"millrace:{VERSION}", f"{VERSION}-next"
CONTAINERD = ("ctr", "--address", "/run/kubernetes-containerd/containerd.sock", "-n", "k8s.io")
NAMESPACE = "millrace"
NODES = "app.kubernetes.io/name=millrace,app.kubernetes.io/component=node"
SHARDS = 32


def run(*command, check=True, seconds=1200, text="", env=None):
    done = subprocess.run([*map(str, command)], input=text, capture_output=True, text=True, timeout=seconds,
                          env=env or engine.environment())
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def kubectl(*words, check=True, seconds=900, text=""):
    return run("kubectl", "-n", NAMESPACE, *words, check=check, seconds=seconds, text=text)


def objects(*words):
    return json.loads(kubectl("get", *words, "-o", "json").stdout)["items"]


def until(what, found, seconds=300):
    """Polls until `found` returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not after {seconds} s: {what}\n{kubectl('get', 'pods,jobs', '-o', 'wide', check=False).stdout}"
                f"{kubectl('get', 'events', '--sort-by=.lastTimestamp', check=False).stdout[-3000:]}")
        time.sleep(0.5)
    return value


# The cluster.


def build_images(folder):
    """Builds the images, and stops the engine again: it and the cluster both set up the machine's network."""
    ours = engine.up()
    try:
        say(f"package: {images.take_package()}")
        found = images.build(IMAGE, ("kraft", "node"))
        images.build_next(IMAGE, f"millrace:{NEXT_TAG}")
        run("docker", "save", "-o", folder / "images.tar", f"millrace:{NEXT_TAG}", *found)
    finally:
        if ours:
            engine.down()


def start(folder):
    """Starts the cluster, with the images and a volume for each claim of the overlay `dev`."""
    before = time.monotonic()
    run(HERE / "cluster.sh", "up", seconds=600)
    say(f"the cluster is up in {time.monotonic() - before:.0f} s")
    enter()
    run(*CONTAINERD, "images", "import", folder / "images.tar")
    (folder / "images.tar").unlink()
    folder.chmod(0o755)
    for name in ("postgres", "redis", "kafka"):
        (folder / "volumes" / name).mkdir(parents=True)
        run("kubectl", "apply", "-f", "-", text=json.dumps(volume(name, folder / "volumes" / name)))


def enter():
    """Has kubectl of the cluster speak to it."""
    for name, value in re.findall(r"(\w+)=(\S+)", run(HERE / "cluster.sh", "env").stdout):
        os.environ[name] = value.replace("$PATH", os.environ["PATH"])


def stop():
    run(HERE / "cluster.sh", "down", check=False)


def volume(name, path):
    """Returns a volume on this machine's disk: no StorageClass provides one here."""
    here = [{"key": "kubernetes.io/hostname", "operator": "In", "values": [machine()]}]
    return {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
            "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain", "local": {"path": str(path)},
            "claimRef": {"namespace": NAMESPACE, "name": f"data-{name}-0"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": here}]}}
        }
    }


def machine():
    """Returns the name of the one machine."""
    return json.loads(run("kubectl", "get", "nodes", "-o", "json").stdout)["items"][0]["metadata"]["name"]


# Millrace on it.


def apply(overlay):
    """Applies an overlay, and waits until the set-up is done and all nodes serve. Returns the seconds."""
    before = time.monotonic()
    kubectl("delete", "job", "millrace-setup", "--ignore-not-found")
    run("kubectl", "apply", "-k", overlay)
    kubectl("wait", "--for=condition=Complete", "job/millrace-setup", "--timeout=900s")
    rolled_out()
    return time.monotonic() - before


def rolled_out(*more):
    """Waits until all nodes serve, and other workloads that are named."""
    for what in ("statefulset/millrace", *more):
        kubectl("rollout", "status", what, "--timeout=600s")


def job(verb):
    """Runs a verb as a Job to its end. Returns (whether it succeeded, its log)."""
    name = f"{verb}-{time.time_ns()}"
    kubectl("create", "job", f"--from=cronjob/millrace-{verb}", name)

    def ended():
        conditions = json.loads(kubectl("get", "job", name, "-o", "json").stdout)["status"].get("conditions", [])
        return next((x["type"] for x in conditions if x["type"] in ("Complete", "Failed") and x["status"] == "True"),
                    None)

    outcome = until(f"the job {name} ends", ended)
    log = kubectl("logs", f"job/{name}").stdout
    kubectl("delete", "job", name)
    return outcome == "Complete", log


def node_pods():
    """Returns the nodes' pods by their names."""
    return {x["metadata"]["name"]: x for x in objects("pods", "-l", NODES)}


def uid(pod):
    """Returns what tells a pod from the one before it that had its name; None where there is none."""
    return node_pods().get(pod, {"metadata": {"uid": None}})["metadata"]["uid"]


def shards(pod):
    """Returns how many shards a node serves, by its own status; 0 for one that doesn't answer."""
    done = kubectl("exec", pod, "-c", "node", "--", "millrace", "status", "--json", check=False)
    return len(json.loads(done.stdout)["member"]["shards"]) if done.returncode == 0 else 0


def served(count):
    """Waits until so many nodes share all shards."""
    def found():
        held = [shards(pod) for pod in node_pods()]
        return len(held) == count and sum(held) == SHARDS and min(held) > 0

    until(f"{count} nodes share {SHARDS} shards", found)


def kill(pod, container):
    """Kills a container's processes. Its pod stays; the kubelet starts the container again."""
    found = next(x for x in json.loads(kubectl("get", "pod", pod, "-o", "json").stdout)["status"]["containerStatuses"]
                 if x["name"] == container)
    run(*CONTAINERD, "tasks", "kill", "-s", "KILL", found["containerID"].removeprefix("containerd://"))
    until(f"{pod} is started again", lambda: restarts(pod, container) > found["restartCount"])


def restarts(pod, container):
    statuses = json.loads(kubectl("get", "pod", pod, "-o", "json").stdout)["status"]["containerStatuses"]
    return next(x["restartCount"] for x in statuses if x["name"] == container)
