#define CAF_SUITE inspector.troubles
#include "actors/inspector/troubles.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using enum figure_state;

namespace {

constexpr std::int64_t now = 10'000;

/// A node that is well, but for what a test changes.
node_report well() {
  node_report x;
  x.now = now;
  x.figures = {{"a"}, {"b"}, {"c"}};
  x.fill.surroundings.connector = {"RUNNING", "RUNNING"};
  return x;
}

void set(node_report& x, std::size_t i, figure_state state, const std::string& why, std::int64_t since) {
  x.figures[i].state = state;
  x.figures[i].why = why;
  x.figures[i].since = since;
}

std::string worst(const node_report& x) {
  auto all = troubles_of(x);
  return all.empty() ? "" : in_a_line(all.front(), now);
}

} // namespace

CAF_TEST(a node that is well has no troubles) { CAF_CHECK(troubles_of(well()).empty()); }

CAF_TEST(figures in one state are one trouble as old as the oldest) {
  auto x = well();
  set(x, 1, incomplete, "public.orders was rewritten", now - 100);
  CAF_CHECK_EQUAL(worst(x), "the figure b is incomplete, for 100 s: public.orders was rewritten");
  set(x, 2, incomplete, "public.orders was rewritten", now - 180);
  CAF_CHECK_EQUAL(worst(x), "2 figures are incomplete, for 3 min: public.orders was rewritten");
  set(x, 0, incomplete, "2 letters are open", now);
  CAF_CHECK_EQUAL(worst(x),
                  "all 3 figures are incomplete, for 3 min: 2 letters are open (and 1 more reason)");
}

CAF_TEST(what is worse comes first) {
  auto x = well();
  auto expect = [&](const std::string& words) {
    auto first = troubles_of(x).front().what;
    CAF_CHECK_EQUAL(first, words);
  };
  x.fill.unserved_cells = 3;
  expect("3 cells are served by no node");
  set(x, 0, filling, "reads", now);
  expect("the figure a is filling");
  x.fill.trouble = "no snapshot";
  expect("the fill doesn't go on");
  x.fill.surroundings.kafka_trouble = "no answer";
  expect("Kafka doesn't answer");
  x.fill.surroundings.connector = {"PAUSED", "PAUSED"};
  expect("the connector has trouble");
  x.fill.surroundings.slot.trouble = "PostgreSQL: connection refused";
  expect("the replication slot can't be read");
  x.fill.surroundings.encoding = "the database's encoding is SQL_ASCII";
  expect("the database can't be read");
  set(x, 1, stale, "the connector is PAUSED", now);
  expect("the figure b is stale");
  set(x, 2, incomplete, "2 letters are open", now);
  expect("the figure c is incomplete");
  x.writer.trouble = "OOM";
  expect("Redis takes no results");
  set(x, 0, failed, "WRONGTYPE", now);
  expect("the figure a has failed");
  x.silent = {{"redis_writer", now - 5}};
  expect("parts of the node don't answer");
  CAF_CHECK_EQUAL(troubles_of(x).size(), 11u);
}

CAF_TEST(the writer may say since when) {
  auto x = well();
  x.writer.trouble = "OOM command not allowed";
  x.writer.trouble_since = now - 30;
  CAF_CHECK_EQUAL(worst(x), "Redis takes no results, for 30 s: OOM command not allowed");
}

CAF_TEST(receivers of alerts are named with what waits and what is lost) {
  auto x = well();
  x.sender.receivers.resize(2);
  auto& hook = x.sender.receivers[1];
  hook.name = "webhook";
  hook.server = "http://127.0.0.1:80";
  CAF_CHECK(troubles_of(x).empty());
  hook.trouble = "it answers 500";
  hook.since = now - 30;
  hook.waiting = 1;
  CAF_CHECK_EQUAL(worst(x),
                  "no alerts reach webhook, for 30 s: http://127.0.0.1:80: it answers 500 (1 event waiting)");
  hook.trouble.clear();
  hook.lost = 12;
  CAF_CHECK_EQUAL(std::string(troubles_of(x).at(0).what), "up to 12 events of alerts never reached webhook");
  hook.lost = 0;
  hook.refused = 1;
  hook.refusal = "big:7:100: it answers 422";
  CAF_CHECK_EQUAL(std::string(troubles_of(x).at(0).why),
                  "they were passed over; the last one is big:7:100: it answers 422");
}

CAF_TEST(durations are told as people do) {
  CAF_CHECK_EQUAL(in_words(119), "119 s");
  CAF_CHECK_EQUAL(in_words(120), "2 min");
  CAF_CHECK_EQUAL(in_words(7200), "2 h");
  CAF_CHECK_EQUAL(in_words(86400 * 3), "3 days");
}
