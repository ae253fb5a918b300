"""Kafka Connect, one worker with Debezium's PostgreSQL connector."""
import service
from java import JavaService, parts
from kafka import RECORD_BYTES
from service import MEGABYTE, properties


class Connect(JavaService):
    name = "connect"
    title = "Kafka Connect"
    memory = 1200 * MEGABYTE
    stop_seconds = 25
    main_class = "org.apache.kafka.connect.cli.ConnectDistributed"
    heap_setting = "MILLRACE_CONNECT_HEAP"

    def ports(self):
        return {"MILLRACE_CONNECT_PORT": self.settings.number("MILLRACE_CONNECT_PORT")}

    def configuration(self):
        storage = {f"{what}.storage.{key}": value for what in ("offset", "config", "status")
                   for key, value in (("topic", f"millrace.connect.{what}"), ("replication.factor", 1))}
        converters = {f"{what}.converter{key}": value for what in ("key", "value")
                      for key, value in (("", "org.apache.kafka.connect.json.JsonConverter"), (".schemas.enable", "false"))}
        return properties({
            "bootstrap.servers": self.settings["KAFKA_BROKER"], "group.id": "millrace-connect",
            "listeners": f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}", "rest.advertised.host.name": "127.0.0.1",
            "plugin.path": parts() / "plugins", "plugin.discovery": "service_load",
            "exactly.once.source.support": "enabled" if self.settings.exactly_once() else "disabled",
            **storage, **converters, "offset.storage.partitions": 4, "status.storage.partitions": 2,
            "offset.flush.interval.ms": 1000,
            # One worker: after a crash its tasks wait for nobody else's return, and its old self is forgotten soon.
            "scheduled.rebalance.max.delay.ms": 0, "session.timeout.ms": 6000, "heartbeat.interval.ms": 2000,
            "producer.max.request.size": RECORD_BYTES, "producer.buffer.memory": 2 * RECORD_BYTES, "producer.compression.type": "lz4",
            "connector.client.config.override.policy": "All"})

    def is_ready(self):
        """Tells whether the worker has joined its group: before, it listens but doesn't answer this."""
        status, _ = service.http_get(f"http://127.0.0.1:{self.settings['MILLRACE_CONNECT_PORT']}/connectors")
        return status == 200
