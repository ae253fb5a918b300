"""The rules that every pod of k8s/ keeps: Kubernetes' `restricted` pod security, and this project's own."""
import re

import tools

#: Volumes that `restricted` permits.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|CREDENTIAL")
#: Objects that an overlay expects to be there, made by a person or an operator.
GIVEN = {"Secret millrace-secrets", "Secret millrace-node-tls", "Secret millrace-debezium"}


def findings(objects):
    """Returns a sentence for each rule that an object breaks."""
    out = []
    for name, pod, labels in tools.pods(objects):
        out += [f"{name}: {line}" for line in of_pod(pod)]
        out += [f"{name}: {line}" for line in references(pod, objects)]
        for container in tools.containers(pod):
            out += [f"{name}, container {container['name']}: {line}" for line in of_container(pod, container)]
    for x in objects:
        if x["kind"] == "ConfigMap":
            out += [
                f"ConfigMap {x['metadata']['name']}: {key} has a secret's value"
                for key, value in x.get("data", {}).items() if is_secret(key, value)
            ]
    denied = [
        x for x in objects if x["kind"] == "NetworkPolicy" and x["spec"]["podSelector"] == {}
        and not x["spec"].get("ingress") and not x["spec"].get("egress")
    ]
    if not any(set(x["spec"]["policyTypes"]) == {"Ingress", "Egress"} for x in denied):
        out.append("no NetworkPolicy denies everything by default")
    return out


def is_secret(name, value):
    """Tells whether a literal gives a secret away. A path and a reference that another program resolves don't."""
    return bool(SECRET.search(name)) and not name.endswith("_FILE") and value != "" and not str(value).startswith("${")


def of_pod(pod):
    security = pod.get("securityContext", {})
    if any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "uses the host's namespaces"
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets the service account's token"
    if pod.get("enableServiceLinks") is not False:
        yield "gets a variable for each Service, such as REDIS_PORT"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        yield "may run as root"
    for volume in pod.get("volumes", []):
        if kinds := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is a {', '.join(kinds)}"


def of_container(pod, container):
    security = container.get("securityContext", {})
    if security.get("privileged") or security.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if security.get("runAsUser", 1) == 0 or security.get("runAsNonRoot") is False:
        yield "runs as root"
    repository, _, tag = container["image"].rpartition(":")
    if not repository or "/" in tag or tag == "latest":
        yield f"image {container['image']} has no tag that stays"
    if repository.endswith("millrace") and security.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    resources = container.get("resources", {})
    for kind in ("requests", "limits"):
        for what in ("cpu", "memory"):
            if what not in resources.get(kind, {}):
                yield f"has no {kind[:-1]} of {what}"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of its host"
    for variable in container.get("env", []):
        if is_secret(variable["name"], variable.get("value", "")) or "secretKeyRef" in variable.get("valueFrom", {}):
            yield f"{variable['name']} has a secret in its environment"
    if any("secretRef" in source for source in container.get("envFrom", [])):
        yield "takes a Secret into its environment"
    mounted, there = {mount["name"]
                      for mount in container.get("volumeMounts", [])
                      }, {volume["name"]
                          for volume in pod.get("volumes", [])}
    for name in sorted(mounted - there - claims(pod)):
        yield f"mounts {name}, which isn't a volume"


def claims(pod):
    return {"data"} if not any(volume["name"] == "data" for volume in pod.get("volumes", [])) else set()


def references(pod, objects):
    """Yields what a pod names and the objects don't have."""
    there = {f"{x['kind']} {x['metadata']['name']}" for x in objects} | GIVEN
    named = [f"ServiceAccount {pod.get('serviceAccountName')}"] if pod.get("serviceAccountName") else []
    for volume in pod.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            named += [f"ConfigMap {source['configMap']['name']}"] if "configMap" in source else []
            named += [f"Secret {source['secret'].get('secretName') or source['secret'].get('name')}"
                      ] if "secret" in source else []
    for container in tools.containers(pod):
        named += [
            f"ConfigMap {source['configMapRef']['name']}" for source in container.get("envFrom", [])
            if "configMapRef" in source
        ]
    for name in sorted(set(named) - there):
        yield f"names {name}, which isn't there"
