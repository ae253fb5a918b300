#define CAF_SUITE inspector.stillness
#include "actors/inspector/stillness.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

const connector_report runs{"RUNNING", "RUNNING"};

/// What is around a node whose slot wasn't confirmed for so long.
surroundings_report around(std::chrono::milliseconds still, connector_report connector = runs,
                           bool active = true) {
  surroundings_report out;
  out.slot.known = true;
  out.slot.still_ms = still.count();
  out.slot.active = active;
  out.connector = std::move(connector);
  return out;
}

} // namespace

CAF_TEST(a source whose slot is confirmed further does not stand still) {
  CAF_CHECK(!stillness_of(around(900ms), 1h, 30s).stale);
  CAF_CHECK(!stillness_of({}, 0s, 30s).stale);
}

CAF_TEST(a connector that is paused makes figures stale after the bound) {
  connector_report paused{"PAUSED", "PAUSED"};
  CAF_CHECK(!stillness_of(around(29s, paused, false), 1h, 30s).stale);
  auto x = stillness_of(around(31s, paused, false), 1h, 30s);
  CAF_CHECK(x.stale);
  CAF_CHECK_EQUAL(x.still.count(), 31);
  CAF_CHECK_EQUAL(x.cause, "the connector is PAUSED: run `millrace connector restart`");
}

CAF_TEST(a failed task is told with its reason) {
  connector_report failed{"RUNNING", "FAILED", "no such role"};
  CAF_CHECK_EQUAL(stillness_of(around(31s, failed), 1h, 30s).cause,
                  "the connector's task is FAILED (no such role): run `millrace connector restart`");
}

CAF_TEST(what comes and goes with a start is nothing to restart for) {
  connector_report none{"RUNNING", "none"};
  CAF_CHECK_EQUAL(connector_trouble(none),
                  "the connector's task is none: if it stays, see `millrace connector status`");
  connector_report unknown{"unknown", "unknown", "Kafka Connect doesn't answer"};
  CAF_CHECK_EQUAL(connector_trouble(unknown), "Kafka Connect doesn't answer");
}

CAF_TEST(without a known cause a minute without a confirmation is no trouble) {
  CAF_CHECK(!stillness_of(around(89s), 1h, 30s).stale);
  CAF_CHECK(stillness_of(around(90s), 1h, 30s).stale);
  CAF_CHECK(!stillness_of(around(90s), 1h, 100s).stale);
}

CAF_TEST(records that come tell of a source that moves) {
  CAF_CHECK(!stillness_of(around(10min), 2s, 30s).stale);
}

CAF_TEST(a slot without a reader and an absent server are causes) {
  CAF_CHECK_EQUAL(stillness_of(around(30s, {}, false), 1h, 30s).cause,
                  "no process reads the replication slot: see `millrace connector status`");
  auto away = around(30s);
  away.slot.trouble = "PostgreSQL: connection refused";
  CAF_CHECK_EQUAL(stillness_of(away, 1h, 30s).cause, "PostgreSQL: connection refused");
}

CAF_TEST(a Kafka that is away makes figures stale though the slot is read) {
  auto x = around(1s);
  x.kafka_trouble = "Kafka: no answer";
  x.kafka_trouble_ms = 29'000;
  CAF_CHECK(!stillness_of(x, 1h, 30s).stale);
  x.kafka_trouble_ms = 30'000;
  CAF_CHECK(stillness_of(x, 1h, 30s).stale);
  CAF_CHECK_EQUAL(stillness_of(x, 1h, 30s).cause, "Kafka: no answer");
  CAF_MESSAGE("also if nobody reads the slot, because Debezium needs Kafka");
  x.slot.active = false;
  x.slot.still_ms = 31'000;
  CAF_CHECK_EQUAL(stillness_of(x, 1h, 30s).cause, "Kafka: no answer");
}
