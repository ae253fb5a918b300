#!/usr/bin/env python3
"""The script that one writes in an afternoon: read a record, call Redis for every key that it touches.

kafka-python, the standard library's json, floats for money. Offsets are committed by the clock, so a crash loses
changes or counts them twice.
"""
import datetime
import json
import time
import uuid

import kafka

import common


def minute_key(micros):
    return datetime.datetime.utcfromtimestamp(micros / 1_000_000).strftime("realtime:metrics:%Y%m%d_%H%M")


def count_customer(redis, row, sign):
    minute = minute_key(row["created_at"])
    redis.hincrby(minute, "customers", sign)
    redis.expire(minute, common.DAY)
    if row["state"] is not None:
        redis.hincrby("realtime:geo:customers", row["state"], sign)


def count_product(redis, row, sign):
    if row["category"] is not None:
        redis.hincrby("realtime:categories", row["category"], sign)


def count_order(redis, row, sign):
    amount = sign * float(row["total_amount"] or 0)
    minute = minute_key(row["order_date"])
    redis.incrbyfloat("metrics:revenue:total", amount)
    redis.hincrby("metrics:orders:by_status", row["status"], sign)
    redis.hincrby(minute, "orders", sign)
    redis.hincrbyfloat(minute, "revenue", amount)
    redis.expire(minute, common.DAY)
    if row["customer_id"] is not None:
        stats = f"customer:{row['customer_id']}:stats"
        redis.hincrby(stats, "orders", sign)
        redis.hincrbyfloat(stats, "spent", amount)
        redis.zincrby("top:customers", amount, row["customer_id"])


def count_item(redis, row, sign):
    revenue = sign * row["quantity"] * float(row["unit_price"])
    minute = minute_key(row["created_at"])
    redis.hincrby(minute, "items", sign * row["quantity"])
    redis.expire(minute, common.DAY)
    if row["product_id"] is not None:
        stats = f"product:{row['product_id']}:stats"
        redis.hincrby(stats, "sold", sign * row["quantity"])
        redis.hincrbyfloat(stats, "revenue", revenue)
        redis.zincrby("top:products", revenue, row["product_id"])


COUNT = {"customers": count_customer, "products": count_product, "orders": count_order, "order_items": count_item}
SHOWN = {"customers": "customer", "products": "product", "orders": "order"}


def apply(redis, table, change):
    """Takes one change: the old row off the sums, the new row onto them."""
    before, after = change["before"], change["after"]
    if before:
        COUNT[table](redis, before, -1)
    if after:
        COUNT[table](redis, after, +1)
    if table in SHOWN and after:
        redis.set(f"{SHOWN[table]}:{after['id']}", json.dumps(after), ex=common.TWO_HOURS)
    elif table in SHOWN and before:
        redis.delete(f"{SHOWN[table]}:{before['id']}")


def at_end(consumer, ends):
    """Tells whether every partition was read up to its end; a transaction's marker has an offset, but is no record."""
    partitions = {kafka.TopicPartition(*place): end for place, end in ends.items()}
    return partitions.keys() <= consumer.assignment() and all(
        consumer.position(partition) >= end for partition, end in partitions.items())


def run(consumer, redis, asked, ends):
    """Reads to the ends, or to the limit. Returns how many records there were, and when the first one came."""
    records, began = 0, None
    while not at_end(consumer, ends):
        for partition, messages in consumer.poll(timeout_ms=100).items():
            began = began or time.monotonic()
            for message in messages:
                records += 1
                if message.value is not None:
                    apply(redis, partition.topic.removeprefix(asked.topics_prefix), json.loads(message.value))
                if records == asked.limit:
                    return records, began
    return records, began or time.monotonic()


def login(given):
    """Returns how to log in to Kafka, in this client's words."""
    if not given:
        return {}
    return {
        "security_protocol": given["security.protocol"].upper(), "sasl_mechanism": given["sasl.mechanism"],
        "sasl_plain_username": given["sasl.username"], "sasl_plain_password": given["sasl.password"]
    }


def main():
    asked = common.arguments(__doc__).parse_args()
    redis, ends = common.emptied_redis(asked), common.end_offsets(asked)
    consumer = kafka.KafkaConsumer(*(asked.topics_prefix + table for table in common.TABLES),
                                   bootstrap_servers=asked.broker, group_id=f"plain-python-{uuid.uuid4()}",
                                   auto_offset_reset="earliest", isolation_level="read_committed",
                                   **login(common.kafka_login()))
    records, began = run(consumer, redis, asked, ends)
    seconds = time.monotonic() - began
    consumer.close()
    by_status = {status: int(orders) for status, orders in redis.hgetall("metrics:orders:by_status").items()}
    common.report(
        "plain_python", records, seconds, common.resources(), {
            "revenue_total": f"{float(redis.get('metrics:revenue:total') or 0):.2f}", "orders_by_status": by_status,
            "orders": sum(by_status.values())
        })


if __name__ == "__main__":
    main()
