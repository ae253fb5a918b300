"""Kafka Connect, one worker with Debezium's PostgreSQL connector."""
import pathlib

import home
import service
from java import JavaService, parts
from kafka import RECORD_BYTES
from service import MEGABYTE, ServiceError, properties, write_config

ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}

#: Properties of librdkafka that are told to Java in other words, or in the same ones.
KNOWN = ("security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password", "ssl.ca.location",
         "ssl.endpoint.identification.algorithm")
LOGIN_MODULES = {
    "PLAIN": "plain.PlainLoginModule", "SCRAM-SHA-256": "scram.ScramLoginModule",
    "SCRAM-SHA-512": "scram.ScramLoginModule"
}


def security(settings):
    """Returns how the worker and its clients reach a Kafka with SASL or TLS, from librdkafka's properties. Raises
    ServiceError for one that has no counterpart."""
    path = settings.get("KAFKA_PROPERTIES_FILE")
    if not path:
        return {}
    lines = [line.strip() for line in read("KAFKA_PROPERTIES_FILE", path).splitlines()]
    given = {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in lines if line and not line.startswith("#"))
    }
    given.setdefault("sasl.mechanism", given.pop("sasl.mechanisms", "GSSAPI"))
    protocol = given.get("security.protocol", "plaintext").upper()
    unknown = [
        name for name in given if any(word in name for word in ("sasl", "ssl", "security")) and name not in KNOWN
    ]
    if protocol.startswith("SASL") and given["sasl.mechanism"] not in LOGIN_MODULES:
        unknown.append(f"sasl.mechanism={given['sasl.mechanism']}")
    if unknown:
        raise ServiceError(
            f"{path}: {', '.join(unknown)} can't be passed on to a Kafka Connect that is started here; start one "
            "yourself and give its CONNECT_URL"
        )
    found = {
        "security.protocol": protocol, **(login(given) if protocol.startswith("SASL") else {}),
        **(trust(given, path) if protocol.endswith("SSL") else {})
    }
    return {
        prefix + name: escaped(value)
        for prefix in ("", "producer.", "consumer.", "admin.")
        for name, value in found.items()
    }


def login(given):
    """Returns SASL's properties, as Java has them."""
    user, password = (given.get(name, "").replace("\\", "\\\\").replace('"', '\\"')
                      for name in ("sasl.username", "sasl.password"))
    module = LOGIN_MODULES[given["sasl.mechanism"]]
    return {
        "sasl.mechanism": given["sasl.mechanism"],
        "sasl.jaas.config": f'org.apache.kafka.common.security.{module} required username="{user}" '
                            f'password="{password}";'
    }


def trust(given, path):
    """Returns TLS's properties, as Java has them. The certificate is told as text: the worker is another user, who may
    not get to its file."""
    found, check = {}, given.get("ssl.endpoint.identification.algorithm")
    if check:
        found["ssl.endpoint.identification.algorithm"] = "" if check == "none" else check
    if "ssl.ca.location" in given:
        found.update({
            "ssl.truststore.type": "PEM", "ssl.truststore.certificates": read(f"{path}: ssl.ca.location",
                                                                              given["ssl.ca.location"])
        })
    return found


def read(what, path):
    """Returns a file's text. Raises ServiceError, which begins with `what`."""
    try:
        if pathlib.Path(path).is_absolute():
            return pathlib.Path(path).read_text()
    except OSError as error:
        raise ServiceError(f"{what}: {path}: {error.strerror}") from None
    raise ServiceError(f"{what}: {path} must be an absolute path: its readers run in other folders")


def escaped(text):
    """Returns a text as a value in Java's properties: that file's reader would drop spaces before it, takes backslashes
    for its own, and knows Latin-1 alone."""
    text = "".join(
        ESCAPES.get(character, character if character.isascii() else unicode_escaped(character)) for character in text)
    return "\\" + text if text.startswith(" ") else text


def unicode_escaped(character):
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at:at + 4]}" for at in range(0, len(units), 4))


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
        self.check_certificate()
        super().prepare()
        write_config(self.home.connector_secrets, self.secrets())
        write_config(self.login_file(), ":".join(self.settings.connect_login()) + "\n")

    def login_file(self):
        """Returns the file with the user and the password that the REST interface asks for."""
        return self.config_folder() / "rest.login"

    def class_path(self):
        return f"{super().class_path()}:{parts()}/login"

    def check_certificate(self):
        """Refuses a certificate that the connector is told of and that the servers' user can't read. Raises
        ServiceError."""
        path = pathlib.Path(self.settings.get("POSTGRES_SSLROOTCERT") or "/")
        if self.user() and not (home.reachable_by_others(path.parent) and path.stat().st_mode & 0o004):
            raise ServiceError(
                f"POSTGRES_SSLROOTCERT: the user {home.SERVER_USER}, as whom Kafka Connect runs, can't read {path}; "
                "put it where others may"
            )

    def secrets(self):
        """Returns the file that the connector's configuration refers to: Connect's REST interface shows the reference,
        not the value."""
        return properties({"database.password": escaped(self.settings["MILLRACE_DEBEZIUM_PASSWORD"])})

    def identity(self):
        return {**super().identity(), "Debezium's password": self.secrets(), "login": self.settings.connect_login()}

    def configuration(self):
        # With a dot behind the project's name they would look like tables of a schema named connect.
        topics = self.group() if self.settings.project() else "millrace.connect"
        storage = {
            f"{what}.storage.{key}": value
            for what in ("offset", "config", "status")
            for key, value in (("topic", f"{topics}.{what}"), ("replication.factor",
                                                               1 if self.settings.own("kafka") else -1))
        }
        converters = {
            f"{what}.converter{key}": value
            for what in ("key", "value")
            for key, value in (("", "org.apache.kafka.connect.json.JsonConverter"), (".schemas.enable", "false"))
        }
        return properties({
            "bootstrap.servers": self.settings["KAFKA_BROKER"],
            "group.id": self.group(),
            **security(self.settings),
            "listeners": f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}",
            "rest.advertised.host.name": "127.0.0.1",
            "rest.extension.classes": "millrace.connect.Login",
            "millrace.rest.login.file": self.login_file(),
            "plugin.path": parts() / "plugins",
            "plugin.discovery": "service_load",
            "exactly.once.source.support": "enabled" if self.settings.exactly_once() else "disabled",
            **storage,
            **converters,
            "offset.storage.partitions": 4,
            "status.storage.partitions": 2,
            "offset.flush.interval.ms": 1000,
            # One worker: after a crash its tasks wait for nobody else's return, and its old self is forgotten soon.
            "scheduled.rebalance.max.delay.ms": 0,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 2000,
            "producer.max.request.size": RECORD_BYTES,
            "producer.buffer.memory": 2 * RECORD_BYTES,
            "producer.compression.type": "lz4",
            "connector.client.config.override.policy": "All",
            "config.providers": "file",
            "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
            "config.providers.file.param.allowed.paths": self.home.connector_secrets
        })

    def is_ready(self):
        """Tells whether the worker has joined its group: before, it listens but doesn't answer this."""
        url = f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}/connectors"
        status, _ = service.http_get(url, login=self.settings.connect_login())
        return status == 200
