"""`schemas.py RELEASE < objects.json`: prints what doesn't fit the strict schemas, as JSON. Runs in the environment
that has kubernetes-validate."""
import json
import sys

import kubernetes_validate

#: Their schemas come with their operators, and not with Kubernetes: what is checked of them is that they are known
#: here.
FOREIGN = {
    "cert-manager.io/v1": {"Issuer", "Certificate"},
    "keda.sh/v1alpha1": {"ScaledObject"},
    "monitoring.coreos.com/v1": {"PrometheusRule", "PodMonitor"},
    "postgresql.cnpg.io/v1": {"Cluster"},
    "kafka.strimzi.io/v1": {"Kafka", "KafkaNodePool", "KafkaConnect"},
    "redis.redis.opstreelabs.in/v1beta2": {"Redis"},
}


def complaint(thing, release):
    name = f"{thing.get('kind')} {thing.get('metadata', {}).get('name')}"
    if thing.get("apiVersion") in FOREIGN:
        return None if thing["kind"] in FOREIGN[
            thing["apiVersion"]] else f"{name}: {thing['apiVersion']} isn't known to have this kind"
    try:
        kubernetes_validate.validate(thing, release, strict=True)
    except kubernetes_validate.ValidationError as wrong:
        return f"{name}: {'.'.join(map(str, wrong.path))}: {wrong.message[:300]}"
    except kubernetes_validate.SchemaNotFoundError as wrong:
        return f"{name}: no schema: {wrong}"
    return None


json.dump([line for thing in json.load(sys.stdin) if (line := complaint(thing, sys.argv[1]))], sys.stdout)
