"""Kafka Connect, one worker with Debezium's PostgreSQL connector."""
import pathlib

import service
from java import JavaService, parts
from kafka import RECORD_BYTES
from service import MEGABYTE, ServiceError, properties, write_config

ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}

#: Properties of librdkafka that have another name in Java.
RENAMED = {"sasl.mechanisms": "sasl.mechanism", "ssl.ca.location": "ssl.truststore.location"}
SAME = ("security.protocol", "sasl.mechanism", "ssl.endpoint.identification.algorithm")
LOGIN = ("sasl.username", "sasl.password")


def security(settings):
    """Returns how the worker and its clients reach a Kafka with SASL or TLS, from librdkafka's properties. Raises ServiceError for one that has no counterpart."""
    path = settings.get("KAFKA_PROPERTIES_FILE")
    if not path:
        return {}
    try:
        lines = [line.strip() for line in pathlib.Path(path).read_text().splitlines()]
    except OSError as error:
        raise ServiceError(f"KAFKA_PROPERTIES_FILE: {path}: {error.strerror}") from None
    given = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines if line and not line.startswith("#"))}
    unknown = [name for name in given if name.startswith(("sasl.", "ssl.", "security.")) and name not in (*RENAMED, *SAME, *LOGIN)]
    if unknown:
        raise ServiceError(f"{path}: {', '.join(unknown)} can't be passed on to a Kafka Connect that is started here; start one yourself and give its CONNECT_URL")
    found = {RENAMED.get(name, name): value for name, value in given.items() if name in (*RENAMED, *SAME)}
    if "ssl.truststore.location" in found:
        found["ssl.truststore.type"] = "PEM"
    if LOGIN[0] in given:
        module = "plain.PlainLoginModule" if found.get("sasl.mechanism") == "PLAIN" else "scram.ScramLoginModule"
        user, password = (given.get(name, "").replace("\\", "\\\\").replace('"', '\\"') for name in LOGIN)
        # A properties file takes a backslash twice.
        found["sasl.jaas.config"] = f'org.apache.kafka.common.security.{module} required username="{user}" password="{password}";'.replace("\\", "\\\\")
    return {prefix + name: value for prefix in ("", "producer.", "consumer.", "admin.") for name, value in found.items()}


def escaped(text):
    """Returns a text as a value in Java's properties: that file's reader would drop spaces before it, and takes backslashes for its own."""
    text = "".join(ESCAPES.get(character, character) for character in text)
    return "\\" + text if text.startswith(" ") else text


class Connect(JavaService):
    name = "connect"
    title = "Kafka Connect"
    memory = 1200 * MEGABYTE
    stop_seconds = 25
    main_class = "org.apache.kafka.connect.cli.ConnectDistributed"
    heap_setting = "MILLRACE_CONNECT_HEAP"

    def ports(self):
        return {"MILLRACE_CONNECT_PORT": self.settings.number("MILLRACE_CONNECT_PORT")}

    def group(self):
        """Returns the worker's group: a project's worker must not join that of another on the same Kafka."""
        return f"{self.settings['MILLRACE_PROJECT']}-connect" if self.settings.project() else "millrace-connect"

    def prepare(self):
        super().prepare()
        write_config(self.home.connector_secrets, self.secrets())

    def secrets(self):
        """Returns the file that the connector's configuration refers to: Connect's REST interface shows the reference, not the value."""
        return properties({"database.password": escaped(self.settings["MILLRACE_DEBEZIUM_PASSWORD"])})

    def identity(self):
        return {**super().identity(), "Debezium's password": self.secrets()}

    def configuration(self):
        storage = {f"{what}.storage.{key}": value for what in ("offset", "config", "status")
                   for key, value in (("topic", f"{self.group().replace('-', '.')}.{what}"), ("replication.factor", 1 if self.settings.own("kafka") else -1))}
        converters = {f"{what}.converter{key}": value for what in ("key", "value")
                      for key, value in (("", "org.apache.kafka.connect.json.JsonConverter"), (".schemas.enable", "false"))}
        return properties({
            "bootstrap.servers": self.settings["KAFKA_BROKER"], "group.id": self.group(), **security(self.settings),
            "listeners": f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}", "rest.advertised.host.name": "127.0.0.1",
            "plugin.path": parts() / "plugins", "plugin.discovery": "service_load",
            "exactly.once.source.support": "enabled" if self.settings.exactly_once() else "disabled",
            **storage, **converters, "offset.storage.partitions": 4, "status.storage.partitions": 2,
            "offset.flush.interval.ms": 1000,
            # One worker: after a crash its tasks wait for nobody else's return, and its old self is forgotten soon.
            "scheduled.rebalance.max.delay.ms": 0, "session.timeout.ms": 6000, "heartbeat.interval.ms": 2000,
            "producer.max.request.size": RECORD_BYTES, "producer.buffer.memory": 2 * RECORD_BYTES, "producer.compression.type": "lz4",
            "connector.client.config.override.policy": "All",
            "config.providers": "file", "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
            "config.providers.file.param.allowed.paths": self.home.connector_secrets})

    def is_ready(self):
        """Tells whether the worker has joined its group: before, it listens but doesn't answer this."""
        status, _ = service.http_get(f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}/connectors")
        return status == 200
