"""What the two Python peers share: the contract's arguments, the end offsets, and the line that a run prints."""
import argparse
import json
import os
import pathlib
import time

import redis

TABLES = ("customers", "products", "orders", "order_items")
DAY = 24 * 3600
TWO_HOURS = 2 * 3600


def arguments(description):
    """Returns the parser of what every peer takes; README.md says what each means."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--topics-prefix", default="dbserver1.public.")
    parser.add_argument("--redis", required=True)
    parser.add_argument("--redis-db", type=int, default=1)
    parser.add_argument("--end", required=True, type=pathlib.Path)
    parser.add_argument("--limit", type=int)
    return parser


def end_offsets(asked):
    """Returns {(topic, partition): end offset} of the partitions that hold anything."""
    given = json.loads(asked.end.read_text())
    return {(topic, int(partition)): end for topic, ends in given.items() for partition, end in ends.items() if end > 0}


def kafka_login():
    """Returns how to log in to Kafka, in librdkafka's words: the lines of KAFKA_PROPERTIES_FILE."""
    path = os.environ.get("KAFKA_PROPERTIES_FILE")
    lines = pathlib.Path(path).read_text().splitlines() if path else []
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    }


def open_redis(asked):
    host, _, port = asked.redis.rpartition(":")
    return redis.Redis(host=host, port=int(port), db=asked.redis_db, password=os.environ.get("REDIS_PASSWORD"),
                       decode_responses=True)


def emptied_redis(asked):
    """Opens the peer's own database and empties it: a run adds to what it finds."""
    if asked.redis_db == 0:
        raise SystemExit(
            "--redis-db 0 is where Millrace's figures are, and a peer empties its database first; give another number")
    connection = open_redis(asked)
    connection.flushdb()
    return connection


def resources():
    """Returns CPU seconds and peak memory in MiB of this process. Not getrusage's maxrss: that one begins with the
    parent's."""
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return {"cpu_seconds": time.process_time(), "peak_rss_mib": int(peak.split()[1]) / 1024}


def report(peer, records, seconds, used, results):
    """Prints the line that the harness reads."""
    print(
        json.dumps({
            "peer": peer, "records": records, "seconds": round(seconds, 3),
            "cpu_seconds": round(used["cpu_seconds"], 2), "peak_rss_mib": round(used["peak_rss_mib"],
                                                                                1), "results": results
        }), flush=True)
