"""Kafka, one broker that is its own controller (KRaft). Whoever reaches one of its two ports has to log in: other users
of the machine reach them too."""
import base64
import os
import pathlib
import re
import secrets
import socket
import struct
import subprocess

import home
from java import JavaService, version
from service import MEGABYTE, ServiceError, properties, write_config

#: The largest record: a value of 10 MB, twice (REPLICA IDENTITY FULL), with room. Dead letters add headers, so the
#: broker takes more.
RECORD_BYTES = 64 * MEGABYTE
#: How this client calls itself, and what it asks, by the numbers of Kafka's protocol.
CLIENT = b"millrace-stack"
METADATA, SASL_HANDSHAKE, SASL_AUTHENTICATE = 3, 17, 36
WEEK_MS = 7 * 24 * 3600 * 1000
#: As whom the broker logs in to itself, and as whom clients do. Both may do everything: a client that reads and writes
#: change topics can falsify figures
#: as it is, so finer rights would only look as if they were some. Whoever is neither may do nothing.
BROKER = "broker"
SUPER_USERS = f"User:{BROKER};User:{home.KAFKA_CLIENT}"
LOGIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
#: Of a data folder that says nothing.
FIRST_VERSION = "4.3.1"


def numbers(text):
    return [int(part) for part in text.split(".")]


class Kafka(JavaService):
    name = "kafka"
    title = "Kafka"
    memory = 1000 * MEGABYTE
    stop_seconds = 30
    main_class = "kafka.Kafka"
    heap_setting = "MILLRACE_KAFKA_HEAP"

    def ports(self):
        return {name: self.settings.number(name) for name in ("MILLRACE_KAFKA_PORT", "MILLRACE_KAFKA_CONTROLLER_PORT")}

    def data(self):
        return self.folder() / "data"

    def configuration(self):
        broker = f"127.0.0.1:{self.settings['MILLRACE_KAFKA_PORT']}"
        controller = f"127.0.0.1:{self.settings['MILLRACE_KAFKA_CONTROLLER_PORT']}"
        return properties({
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"CLIENTS://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"CLIENTS://{broker}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENTS",
            "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.clients.plain.sasl.jaas.config": self.logins(BROKER, home.KAFKA_CLIENT),
            "listener.name.controller.plain.sasl.jaas.config": self.logins(BROKER),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": SUPER_USERS,
            "log.dirs": self.data(),
            "auto.create.topics.enable": "false",
            "log.retention.ms": WEEK_MS,
            # After a crash the broker waits until its old self's session is over.
            "broker.session.timeout.ms": 4000,
            "broker.heartbeat.interval.ms": 1000,
            # Idle partitions and the cleaner take memory for nothing in a stack of one project.
            "offsets.topic.num.partitions": 8,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.num.partitions": 1,
            "log.cleaner.dedupe.buffer.size": 16 * MEGABYTE,
            "offsets.topic.replication.factor": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            # What a killed Debezium left open is aborted soon after its time.
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
            # Nodes join and leave without a pause, and may be taken for dead sooner than after Kafka's six seconds.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "message.max.bytes": RECORD_BYTES,
            "replica.fetch.max.bytes": RECORD_BYTES,
            "socket.request.max.bytes": 2 * RECORD_BYTES
        })

    def password(self, name):
        return self.home.secret("KAFKA_PASSWORD" if name == home.KAFKA_CLIENT else "KAFKA_BROKER_PASSWORD")

    def logins(self, *names):
        """Returns a listener's users with their passwords, and as whom the broker itself logs in there."""
        known = " ".join(f'user_{name}="{self.password(name)}"' for name in names)
        return f'{LOGIN_MODULE} required username="{BROKER}" password="{self.password(BROKER)}" {known};'

    def check_clients(self):
        """Refuses a file of properties that doesn't log in to this Kafka. Raises ServiceError."""
        ours, given = self.home.kafka_properties(), self.settings["KAFKA_PROPERTIES_FILE"]
        lines = {line.replace(" ", "") for line in pathlib.Path(given).read_text().splitlines()}
        if not lines.issuperset(ours.read_text().splitlines()):
            raise ServiceError(
                f"KAFKA_PROPERTIES_FILE={given} is for another Kafka than the one that is started here: give "
                "KAFKA_BROKER too, or take the setting "
                f"away, or have the lines of {ours} in it")

    def prepare(self):
        self.check_clients()
        super().prepare()
        if not self.data().exists():
            self.format()
        self.refuse_newer()

    def refuse_newer(self):
        """Kafka can't read what a newer one wrote, and its own error doesn't say so."""
        made_by = self.made_by()
        runs = version("kafka")
        if numbers(made_by) > numbers(runs):
            raise ServiceError(
                f"{self.data()} was made by Kafka {made_by}, and can't be read by Kafka {runs}, which runs here: stop "
                "the stack, "
                f"delete {self.folder()}, and start it again; topics and figures are created again from PostgreSQL")

    def made_by(self):
        """Returns the version that made the data folder. The note lies in the servers' user's folder: it is taken for
        no more than that."""
        try:
            # a pipe would wait for its writer
            with home.open_plain(self.folder() / "version", os.O_RDONLY | os.O_NONBLOCK) as note:
                text = note.read(32).decode("ascii", "replace").strip()
        except OSError:
            return FIRST_VERSION
        return text if re.fullmatch(r"\d+(\.\d+)*", text) else FIRST_VERSION

    def format(self):
        """Makes the data folder, beside its place first: half a one would never be formatted again."""
        partial = self.folder() / "data.new"
        home.as_servers("rm", "-rf", "--", partial)
        config = self.config_folder() / "format.properties"
        write_config(config, self.configuration().replace(f"log.dirs={self.data()}", f"log.dirs={partial}"))
        cluster = "M" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]
        command = self.java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config))
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder(), env=self.environment(),
                              **self.user())
        if done.returncode != 0:
            raise ServiceError(f"Kafka's data folder could not be formatted: {(done.stderr or done.stdout).strip()}")
        home.as_servers("sh", "-c", 'echo "$0" > "$1"', version("kafka"), self.folder() / "version")
        home.as_servers("mv", "-T", "--", partial, self.data())

    def is_ready(self):
        """Tells whether the broker lets a client in and names itself in its metadata: it listens earlier, but can't
        take a topic then."""
        login = f"\0{home.KAFKA_CLIENT}\0{self.password(home.KAFKA_CLIENT)}".encode()
        try:
            address = ("127.0.0.1", self.settings.number("MILLRACE_KAFKA_PORT"))
            with socket.create_connection(address, timeout=1) as connection, connection.makefile("rb") as replies:
                def ask(request, version, body):
                    head = struct.pack(">hhih", request, version, 1, len(CLIENT)) + CLIENT
                    connection.sendall(struct.pack(">i", len(head + body)) + head + body)
                    size, _ = struct.unpack(">ii", replies.read(8))
                    return replies.read(size - 4)

                for request, body in ((SASL_HANDSHAKE, struct.pack(">h", 5) + b"PLAIN"),
                                      (SASL_AUTHENTICATE, struct.pack(">i", len(login)) + login)):
                    if struct.unpack(">h", ask(request, 1, body)[:2])[0] != 0:
                        return False
                return struct.unpack(">i", ask(METADATA, 1, struct.pack(">i", 0))[:4])[0] > 0
        except (OSError, struct.error):
            return False
