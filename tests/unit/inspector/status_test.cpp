#define CAF_SUITE inspector.status
#include "actors/inspector/status.hpp"

#include "actors/inspector/report_json.hpp"
#include "actors/inspector/troubles.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using json = nlohmann::json;

namespace {

/// A node that is live and well, with two figures.
struct fixture {
  status_frame frame;
  node_report x;
  beginnings since;
  std::chrono::seconds idle{0};

  fixture() {
    frame.project = "shop";
    frame.figures = {"revenue", "geo"};
    frame.tables_of = {{"revenue", {"public.orders"}}, {"geo", {"public.orders", "public.customers"}}};
    x.router.records = 1234;
    x.router.lag_ms = 17;
    x.writer.last_flush = 1'700'000'000;
    x.fill.live = true;
    x.rows = 7;
    x.events_per_second = 200;
  }
  surroundings_report& around() { return x.fill.surroundings; }
  const node_report& judged() {
    judge(x, frame, since, idle);
    return x;
  }
  const figure_report& figure(std::size_t i) { return judged().figures.at(i); }
  figure_state state(std::size_t i) { return figure(i).state; }
  json shown() { return to_json(judged()); }
};

using enum figure_state;

} // namespace

CAF_TEST_FIXTURE_SCOPE(status_tests, fixture)

CAF_TEST(a node that is well says so) {
  auto y = shown();
  CAF_CHECK(y["project"] == "shop");
  CAF_CHECK(y["phase"] == "live");
  CAF_CHECK(y["events"] == 1234);
  CAF_CHECK(y["events_per_second"] == 200);
  CAF_CHECK(y["lag_ms"] == 17);
  CAF_CHECK(y["rows"] == 7);
  CAF_CHECK(y["last_flush"] == 1700000000);
  CAF_CHECK(y["figures"]
            == json::parse(R"([{"name":"revenue","state":"live"},{"name":"geo","state":"live"}])"));
  CAF_CHECK(y["troubles"] == json::array());
  CAF_CHECK(y["silent"] == json::array());
  CAF_CHECK(y["writer"]["trouble"].is_null());
  CAF_CHECK(!y["cluster"]["surroundings"].contains("connector"));
  CAF_CHECK(!y["cluster"]["surroundings"]["slot"].contains("exists"));
}

CAF_TEST(what the writer found out about Redis stands by itself) {
  CAF_CHECK(shown()["redis"]["findings"] == json::array());
  x.writer.findings = {{false, "it evicts"}};
  CAF_CHECK(shown()["redis"]["findings"] == json::parse(R"([{"severity":"warn","what":"it evicts"}])"));
}

CAF_TEST(what is around a node is shown with what is known of it) {
  around().connector = {"RUNNING", "FAILED", "no such role", 3};
  around().slot.known = around().slot.exists = around().slot.active = true;
  around().slot.confirmed_flush = "0/15";
  around().kafka_trouble = "no answer";
  auto y = shown()["cluster"]["surroundings"];
  CAF_CHECK(y["connector"]
            == json::parse(R"({"state":"RUNNING","task":"FAILED","trouble":"no such role","restarts":3})"));
  CAF_CHECK(y["slot"]["confirmed_flush"] == "0/15");
  CAF_CHECK(y["kafka"]["trouble"] == "no answer");
}

CAF_TEST(a figure that fills names the table that can not be read and others name the stage) {
  x.fill = {};
  x.fill.stage = "reads the tables";
  x.fill.unreadable = {{"public.customers", "permission denied"}};
  CAF_CHECK_EQUAL(figure(0).why, "reads the tables");
  CAF_CHECK_EQUAL(figure(1).why, "public.customers can't be read: permission denied");
  CAF_CHECK(shown()["cluster"]["unreadable"] == (json{{"public.customers", "permission denied"}}));
}

CAF_TEST(a doubt about a table that can not be read says why) {
  x.fill.unreadable = {{"public.customers", "permission denied"}};
  CAF_CHECK(state(1) == live);
  around().doubts["public.customers"] = {"it was rewritten", "millrace resync public.customers"};
  CAF_CHECK(state(1) == incomplete);
  CAF_CHECK_EQUAL(figure(1).why,
                  "public.customers can't be read: permission denied; it was rewritten. Mend it by: "
                  "millrace resync public.customers");
}

CAF_TEST(while a fill is on figures are filling and tell its stage) {
  x.fill = {};
  x.fill.stage = "applies what Kafka has";
  CAF_CHECK(state(0) == filling);
  CAF_CHECK_EQUAL(figure(0).why, "applies what Kafka has");
}

CAF_TEST(where some figures fill the others are live) {
  x.fill.live = false;
  x.fill.filling = {"geo"};
  CAF_CHECK(state(0) == live);
  CAF_CHECK(state(1) == filling);
}

CAF_TEST(a figure that Redis refuses has failed and its neighbour has not ) {
  x.writer.failed["geo"] = "WRONGTYPE";
  CAF_CHECK(state(0) == live);
  CAF_CHECK(state(1) == failed);
  CAF_CHECK_EQUAL(figure(1).why, "WRONGTYPE");
}

CAF_TEST(a figure that failed while it filled has failed) {
  x.writer.failed["geo"] = "WRONGTYPE";
  x.fill.live = false;
  CAF_CHECK(state(1) == failed);
}

CAF_TEST(open dead letters make the figures of their table incomplete) {
  around().open_dead_letters = {{"public.customers", 2}, {"public.orders", 0}};
  CAF_CHECK(state(0) == live);
  CAF_CHECK(state(1) == incomplete);
  CAF_CHECK_EQUAL(
      figure(1).why,
      "2 dead letters of public.customers are open. Mend it by: millrace dead-letters replay all");
}

CAF_TEST(a table in doubt makes its figures incomplete and tells the reason and the remedy) {
  around().doubts["public.customers"] = {"public.customers was rewritten",
                                         "millrace resync public.customers"};
  CAF_CHECK(state(0) == live);
  CAF_CHECK(state(1) == incomplete);
  CAF_CHECK_EQUAL(figure(1).why,
                  "public.customers was rewritten. Mend it by: millrace resync public.customers");
}

CAF_TEST(dead letters and a doubt are both told) {
  around().open_dead_letters["public.customers"] = 2;
  around().doubts["public.customers"] = {"r", "m"};
  CAF_CHECK_EQUAL(figure(1).why, "2 dead letters of public.customers are open; r. Mend it by: m");
}

CAF_TEST(a source that stands still makes figures stale unless they are worse) {
  around().open_dead_letters["public.customers"] = 2;
  around().slot.known = true;
  around().slot.still_ms = 31'000;
  around().connector = {"PAUSED", "PAUSED"};
  x.now = 1000;
  idle = std::chrono::seconds{40};
  CAF_CHECK(state(0) == stale);
  CAF_CHECK_EQUAL(figure(0).why, "the connector is PAUSED: run `millrace connector restart`");
  CAF_CHECK_EQUAL(figure(0).since, 969);
  CAF_CHECK(state(1) == incomplete);
  frame.stale_after = std::chrono::seconds{60};
  CAF_CHECK(state(0) == live);
}

CAF_TEST(what stays wrong keeps the time at which it began) {
  x.writer.failed["geo"] = "WRONGTYPE";
  x.now = 1000;
  since = beginnings_of(judged());
  x.now = 1060;
  CAF_CHECK_EQUAL(figure(1).since, 1000);
  CAF_CHECK_EQUAL(in_a_line(judged().troubles.at(0), x.now),
                  "the figure geo has failed, for 60 s: WRONGTYPE");
  CAF_CHECK(shown()["troubles"][0]["line"] == "the figure geo has failed, for 60 s: WRONGTYPE");
  x.writer.failed.clear();
  since = beginnings_of(judged());
  CAF_CHECK(since.empty());
  CAF_CHECK(judged().troubles.empty());
}

CAF_TEST(records of tables that no figure knows are told by table) {
  CAF_CHECK(shown()["unknown_tables"] == json::object());
  around().unknown_tables["public.audit"] = 7;
  CAF_CHECK(shown()["unknown_tables"] == (json{{"public.audit", 7}}));
  CAF_CHECK(state(0) == live);
}

CAF_TEST_FIXTURE_SCOPE_END()
