#define CAF_SUITE inspector.health
#include "actors/inspector/health.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

using reasons = std::vector<std::string>;
constexpr std::chrono::seconds bound{30};

/// A node that serves all shards and is idle.
node_report well() {
  node_report x;
  x.now = 10'000;
  x.member.shards = {0, 1, 2};
  x.member.sources = 2;
  x.router.sources = {{"orders", 0, 8, 8, false}, {"orders", 1, -1, -1, false}};
  return x;
}

reasons unready(const node_report& x) { return unready_because(x, bound); }

} // namespace

CAF_TEST(a node that is well is healthy and ready) {
  CAF_CHECK(unhealthy_because(well()).empty());
  CAF_CHECK(unready(well()).empty());
}

CAF_TEST(an actor is unhealthy once it has been silent for 5 min) {
  auto x = well();
  x.silent = {{"redis_writer", x.now - 299}};
  CAF_CHECK(unhealthy_because(x).empty());
  CAF_CHECK(unready(x) == (reasons{"redis_writer doesn't answer"}));
  x.silent = {{"redis_writer", x.now - 300}, {"3 cells", x.now}};
  CAF_CHECK(unhealthy_because(x) == (reasons{"redis_writer hasn't answered for 5 min"}));
  CAF_CHECK(unready(x) == (reasons{"redis_writer doesn't answer", "3 cells don't answer"}));
}

CAF_TEST(a node without Redis or Kafka or other nodes is healthy and not ready) {
  auto x = well();
  x.writer.trouble = "connection refused";
  x.fill.surroundings.kafka_trouble = "broker down";
  x.member.trouble = "no common protocol";
  CAF_CHECK(unhealthy_because(x).empty());
  CAF_CHECK(unready(x)
            == (reasons{"Redis takes no results: connection refused", "Kafka doesn't answer: broker down",
                        "the node isn't part of the cluster: no common protocol"}));
}

CAF_TEST(a node is not ready before it has work and one of two roles is enough) {
  auto x = well();
  x.member.shards.clear();
  CAF_CHECK(unready(x).empty()); // it only routes
  x.member.sources = 0;
  CAF_CHECK(unready(x) == (reasons{"the node has no shards and no partitions yet"}));
  x.member.shards = {7};
  CAF_CHECK(unready(x).empty()); // it only serves
}

CAF_TEST(a long lag counts while changes are on their way) {
  auto x = well();
  x.router.lag_ms = 31'000;
  CAF_CHECK(unready(x).empty()); // the last change was slow, and all are durable
  x.router.sources[1].read = 4;
  CAF_CHECK(unready(x) == (reasons{"the lag is 31 s, and the bound 30 s"}));
  x.router.sources[1].durable = 4;
  x.events_per_second = 1;
  CAF_CHECK_EQUAL(unready(x).size(), 1u);
  x.router.lag_ms = 30'999;
  CAF_CHECK(unready(x).empty());
}
