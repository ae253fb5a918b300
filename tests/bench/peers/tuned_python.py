#!/usr/bin/env python3
"""Python as fast as a competent team makes it: sums of a batch in memory, then one pipeline to Redis; a process for
each core.

confluent-kafka (librdkafka), orjson, hiredis. Money in whole cents, so sums are exact. Offsets are committed after the
flush: a crash between the two counts that batch twice.
"""
import collections
import multiprocessing
import os
import time
import uuid

import confluent_kafka
import orjson

import common

BATCH_RECORDS = 10_000
BATCH_SECONDS = 0.2
MINUTE_MICROS = 60_000_000


def cents(text):
    """Returns a numeric(10,2) as a whole number."""
    return int(text.replace(".", "")) if text else 0


def pairs():
    return collections.defaultdict(lambda: [0, 0])


class Batch:
    """What some changes add to each figure, and the last row of each key."""

    def __init__(self):
        self.revenue = 0
        self.hashes = collections.defaultdict(lambda: collections.defaultdict(int))
        self.customers, self.products = pairs(), pairs()
        self.rows = {}

    def customer(self, row, sign):
        self.hashes[row["created_at"] // MINUTE_MICROS]["customers"] += sign
        self.hashes["realtime:geo:customers"][row["state"]] += sign

    def product(self, row, sign):
        self.hashes["realtime:categories"][row["category"]] += sign

    def order(self, row, sign):
        amount = sign * cents(row["total_amount"])
        self.revenue += amount
        self.hashes["metrics:orders:by_status"][row["status"]] += sign
        minute = self.hashes[row["order_date"] // MINUTE_MICROS]
        minute["orders"] += sign
        minute["revenue_cents"] += amount
        customer = self.customers[row["customer_id"]]
        customer[0] += sign
        customer[1] += amount

    def item(self, row, sign):
        quantity = sign * row["quantity"]
        self.hashes[row["created_at"] // MINUTE_MICROS]["items"] += quantity
        product = self.products[row["product_id"]]
        product[0] += quantity
        product[1] += quantity * cents(row["unit_price"])

    def add(self, table, value):
        """Takes one change: the old row off the sums, the new row onto them."""
        change = orjson.loads(value)
        before, after = change["before"], change["after"]
        count, shown = self.TABLES[table]
        if before:
            count(self, before, -1)
        if after:
            count(self, after, +1)
        if shown and (after or before):
            self.rows[f"{shown}:{(after or before)['id']}"] = after

    TABLES = {
        "customers": (customer, "customer"), "products": (product, "product"), "orders": (order, "order"),
        "order_items": (item, None)
    }

    def flush(self, redis):
        """Adds all of it to Redis in one round trip."""
        pipeline = redis.pipeline(transaction=False)
        if self.revenue:
            pipeline.incrby("metrics:revenue:total_cents", self.revenue)
        for key, fields in self.hashes.items():
            self.flush_hash(pipeline, key, fields)
        self.flush_stats(pipeline, self.customers, "customer", ("orders", "spent_cents"))
        self.flush_stats(pipeline, self.products, "product", ("sold", "revenue_cents"))
        for key, row in self.rows.items():
            if row:
                pipeline.set(key, orjson.dumps(row), ex=common.TWO_HOURS)
            else:
                pipeline.delete(key)
        pipeline.execute()

    @staticmethod
    def flush_hash(pipeline, key, fields):
        is_minute = isinstance(key, int)
        if is_minute:
            key = time.strftime("realtime:metrics:%Y%m%d_%H%M", time.gmtime(key * 60))
        for field, change in fields.items():
            if change and field is not None:
                pipeline.hincrby(key, field, change)
        if is_minute:
            pipeline.expire(key, common.DAY)

    @staticmethod
    def flush_stats(pipeline, stats, entity, fields):
        for key, changes in stats.items():
            if key is None:
                continue
            for field, change in zip(fields, changes):
                if change:
                    pipeline.hincrby(f"{entity}:{key}:stats", field, change)
            if changes[1]:
                pipeline.zincrby(f"top:{entity}s", changes[1], key)


class Worker:
    """Reads its part of the partitions to their ends."""

    def __init__(self, asked, group, mine):
        self.asked, self.ends, self.redis = asked, dict(mine), common.open_redis(asked)
        self.tables = {asked.topics_prefix + table: table for table in common.TABLES}
        self.records, self.began = 0, None
        self.consumer = confluent_kafka.Consumer({
            **common.kafka_login(), "bootstrap.servers": asked.broker, "group.id": group,
            "isolation.level": "read_committed", "enable.auto.commit": False, "enable.partition.eof": True,
            "fetch.queue.backoff.ms": 50, "queued.min.messages": 50_000
        })
        self.consumer.assign(
            [confluent_kafka.TopicPartition(*place, confluent_kafka.OFFSET_BEGINNING) for place in self.ends])

    def run(self):
        limit = self.asked.limit
        while self.ends and (limit is None or self.records < limit):
            most = BATCH_RECORDS if limit is None else min(BATCH_RECORDS, limit - self.records)
            self.take(self.consumer.consume(most if self.began else 1, BATCH_SECONDS))
        ended = time.monotonic()
        self.consumer.close()
        return {"records": self.records, "began": self.began or ended, "ended": ended, **common.resources()}

    def take(self, messages):
        batch, records = Batch(), 0
        for message in messages:
            error = message.error()
            if error is None:
                records += 1
                if message.value() is not None:
                    batch.add(self.tables[message.topic()], message.value())
            elif error.code() == confluent_kafka.KafkaError._PARTITION_EOF:
                place = message.topic(), message.partition()
                if message.offset() >= self.ends.get(place, 0):
                    self.ends.pop(place, None)
            else:
                raise confluent_kafka.KafkaException(error)
        if records:
            self.began = self.began or time.monotonic()
            self.records += records
            batch.flush(self.redis)
            self.consumer.commit(asynchronous=True)


def work(share):
    return Worker(*share).run()


def main():
    parser = common.arguments(__doc__)
    parser.add_argument("--workers", type=int, default=min(2,
                                                           os.cpu_count() or 1),
                        help="processes (default: one for each core, at most 2)")
    asked = parser.parse_args()
    redis, ends, group = common.emptied_redis(asked), common.end_offsets(asked), f"tuned-python-{uuid.uuid4()}"
    if asked.limit is not None:
        asked.limit //= asked.workers
    shares = [(asked, group, [(place, end)
                              for place, end in ends.items()
                              if place[1] % asked.workers == i])
              for i in range(asked.workers)]
    with multiprocessing.Pool(asked.workers) as pool:
        done = pool.map(work, shares, chunksize=1)
    used = {name: sum(part[name] for part in (*done, common.resources())) for name in ("cpu_seconds", "peak_rss_mib")}
    by_status = {status: int(orders) for status, orders in redis.hgetall("metrics:orders:by_status").items()}
    total = int(redis.get("metrics:revenue:total_cents") or 0)
    common.report(
        "tuned_python", sum(part["records"] for part in done),
        max(part["ended"] for part in done) - min(part["began"] for part in done), used, {
            "revenue_total": f"{total // 100}.{total % 100:02}", "orders_by_status": by_status, "orders": sum(
                by_status.values())
        })


if __name__ == "__main__":
    main()
