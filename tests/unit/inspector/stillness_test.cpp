#define CAF_SUITE inspector.stillness
#include "actors/inspector/stillness.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

/// What is around a node whose slot wasn't confirmed for so long.
json around(std::chrono::milliseconds still, json connector = {{"state", "RUNNING"}, {"task", "RUNNING"}},
            bool active = true) {
  return {{"slot", {{"still_ms", still.count()}, {"active", active}, {"trouble", ""}}},
          {"connector", std::move(connector)}};
}

} // namespace

CAF_TEST(a source whose slot is confirmed further does not stand still) {
  CAF_CHECK(!stillness_of(around(900ms), 1h, 30s).stale);
  CAF_CHECK(!stillness_of(json::object(), 0s, 30s).stale);
}

CAF_TEST(a connector that is paused makes figures stale after the bound) {
  auto paused = json{{"state", "PAUSED"}, {"task", "PAUSED"}, {"trouble", ""}};
  CAF_CHECK(!stillness_of(around(29s, paused, false), 1h, 30s).stale);
  auto x = stillness_of(around(31s, paused, false), 1h, 30s);
  CAF_CHECK(x.stale);
  CAF_CHECK_EQUAL(x.still.count(), 31);
  CAF_CHECK_EQUAL(x.cause, "the connector is PAUSED: run `millrace connector restart`");
}

CAF_TEST(a failed task is told with its reason) {
  auto failed = json{{"state", "RUNNING"}, {"task", "FAILED"}, {"trouble", "no such role"}};
  CAF_CHECK_EQUAL(stillness_of(around(31s, failed), 1h, 30s).cause,
                  "the connector's task is FAILED (no such role): run `millrace connector restart`");
}

CAF_TEST(what comes and goes with a start is nothing to restart for) {
  auto none = json{{"state", "RUNNING"}, {"task", "none"}, {"trouble", ""}};
  CAF_CHECK_EQUAL(connector_trouble(around(0s, none)),
                  "the connector's task is none: if it stays, see `millrace connector status`");
  auto unknown = json{{"state", "unknown"}, {"task", "unknown"}, {"trouble", "Kafka Connect doesn't answer"}};
  CAF_CHECK_EQUAL(connector_trouble(around(0s, unknown)), "Kafka Connect doesn't answer");
}

CAF_TEST(where nobody knows a cause a minute without a confirmation is nothing) {
  CAF_CHECK(!stillness_of(around(89s), 1h, 30s).stale);
  CAF_CHECK(stillness_of(around(90s), 1h, 30s).stale);
  CAF_CHECK(!stillness_of(around(90s), 1h, 100s).stale);
}

CAF_TEST(records that come tell of a source that moves) {
  CAF_CHECK(!stillness_of(around(10min), 2s, 30s).stale);
}

CAF_TEST(a slot that nobody reads and a server that is away are causes) {
  CAF_CHECK_EQUAL(stillness_of(around(30s, json::object(), false), 1h, 30s).cause,
                  "nobody reads the replication slot: see `millrace connector status`");
  auto away = around(30s);
  away["slot"]["trouble"] = "PostgreSQL: connection refused";
  CAF_CHECK_EQUAL(stillness_of(away, 1h, 30s).cause, "PostgreSQL: connection refused");
}

CAF_TEST(a Kafka that is away makes figures stale though the slot is read) {
  auto x = around(1s);
  x["kafka"] = {{"trouble", "Kafka: no answer"}, {"trouble_ms", 29'000}};
  CAF_CHECK(!stillness_of(x, 1h, 30s).stale);
  x["kafka"]["trouble_ms"] = 30'000;
  CAF_CHECK(stillness_of(x, 1h, 30s).stale);
  CAF_CHECK_EQUAL(stillness_of(x, 1h, 30s).cause, "Kafka: no answer");
}
