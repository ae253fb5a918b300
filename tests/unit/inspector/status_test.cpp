#define CAF_SUITE inspector.status
#include "actors/inspector/status.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using json = nlohmann::json;

namespace {

/// A node that is live and well, with two figures.
struct fixture {
  status_parts parts;

  fixture() {
    parts.project = "shop";
    parts.figures = {"revenue", "geo"};
    parts.tables_of = {{"revenue", {"public.orders"}}, {"geo", {"public.orders", "public.customers"}}};
    parts.router = R"({"records":1234,"lag_ms":17})";
    parts.writer = R"({"failed":{},"last_flush":1700000000})";
    parts.fill = R"({"phase":"live","stage":"","surroundings":{}})";
    parts.cells = {R"({"rows":3})", R"({"rows":4})"};
    parts.events_per_second = 200;
  }
  json whole() const { return json::parse(put_together(parts)); }
  json figure(std::size_t i) const { return whole()["figures"].at(i); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(status_tests, fixture)

CAF_TEST(a node that is well says so) {
  auto x = whole();
  CAF_CHECK(x["project"] == "shop");
  CAF_CHECK(x["phase"] == "live");
  CAF_CHECK(x["events"] == 1234);
  CAF_CHECK(x["events_per_second"] == 200);
  CAF_CHECK(x["lag_ms"] == 17);
  CAF_CHECK(x["rows"] == 7);
  CAF_CHECK(x["last_flush"] == 1700000000);
  CAF_CHECK(figure(0)["name"] == "revenue");
  CAF_CHECK(figure(0)["state"] == "live");
  CAF_CHECK(figure(1)["state"] == "live");
}

CAF_TEST(what the writer found out about Redis stands by itself) {
  CAF_CHECK(whole()["redis"] == json::object());
  parts.writer = R"({"failed":{},"server":{"findings":[{"severity":"warn","what":"it evicts"}]}})";
  CAF_CHECK(whole()["redis"]["findings"][0]["what"] == "it evicts");
}

CAF_TEST(while a fill is on figures are filling and tell its stage) {
  parts.fill = R"({"phase":"filling","stage":"applies what Kafka has"})";
  CAF_CHECK(figure(0)["state"] == "filling");
  CAF_CHECK(figure(0)["why"] == "applies what Kafka has");
}

CAF_TEST(where some figures fill the others are live) {
  parts.fill = R"({"phase":"filling","stage":"writes the figures","filling":["geo"]})";
  CAF_CHECK(figure(0)["state"] == "live");
  CAF_CHECK(figure(1)["state"] == "filling");
}

CAF_TEST(a figure that Redis refuses has failed and its neighbour has not ) {
  parts.writer = R"({"failed":{"geo":"WRONGTYPE"}})";
  CAF_CHECK(figure(0)["state"] == "live");
  CAF_CHECK(figure(1)["state"] == "failed");
  CAF_CHECK(figure(1)["why"] == "WRONGTYPE");
}

CAF_TEST(a figure that failed while it filled has failed) {
  parts.writer = R"({"failed":{"geo":"WRONGTYPE"}})";
  parts.fill = R"({"phase":"filling"})";
  CAF_CHECK(figure(1)["state"] == "failed");
}

CAF_TEST(open dead letters make the figures of their table incomplete) {
  parts.fill =
      R"({"phase":"live","surroundings":{"open_dead_letters":{"public.customers":2,"public.orders":0}}})";
  CAF_CHECK(figure(0)["state"] == "live");
  CAF_CHECK(figure(1)["state"] == "incomplete");
  CAF_CHECK(figure(1)["why"]
            == "2 dead letters of public.customers are open. Mend it by: millrace dead-letters replay all");
}

CAF_TEST(a table in doubt makes its figures incomplete and tells the reason and the remedy) {
  parts.fill =
      R"({"phase":"live","surroundings":{"doubts":{"public.customers":)"
      R"({"reason":"public.customers was rewritten","remedy":"millrace resync public.customers"}}}})";
  CAF_CHECK(figure(0)["state"] == "live");
  CAF_CHECK(figure(1)["state"] == "incomplete");
  CAF_CHECK(figure(1)["why"]
            == "public.customers was rewritten. Mend it by: millrace resync public.customers");
}

CAF_TEST(dead letters and a doubt are both told) {
  parts.fill = R"({"phase":"live","surroundings":{"open_dead_letters":{"public.customers":2},)"
                  R"("doubts":{"public.customers":{"reason":"r","remedy":"m"}}}})";
  CAF_CHECK(figure(1)["why"] == "2 dead letters of public.customers are open; r. Mend it by: m");
}

CAF_TEST(a source that stands still makes figures stale unless they are worse) {
  parts.fill = R"({"phase":"live","surroundings":{"open_dead_letters":{"public.customers":2},
    "slot":{"active":false,"still_ms":31000,"trouble":""},"connector":{"state":"PAUSED","task":"PAUSED"}}})";
  parts.now = 1000;
  parts.idle = std::chrono::seconds{40};
  CAF_CHECK(figure(0)["state"] == "stale");
  CAF_CHECK(figure(0)["why"] == "the connector is PAUSED: run `millrace connector restart`");
  CAF_CHECK(figure(0)["since"] == 969);
  CAF_CHECK(figure(1)["state"] == "incomplete");
  parts.stale_after = std::chrono::seconds{60};
  CAF_CHECK(figure(0)["state"] == "live");
}

CAF_TEST(what stays wrong keeps the time at which it began) {
  parts.writer = R"({"failed":{"geo":"WRONGTYPE"}})";
  parts.now = 1000;
  parts.since = beginnings_of(put_together(parts));
  parts.now = 1060;
  CAF_CHECK(figure(1)["since"] == 1000);
  CAF_CHECK(whole()["troubles"][0]["line"] == "the figure geo has failed, for 60 s: WRONGTYPE");
  parts.writer = "{}";
  parts.since = beginnings_of(put_together(parts));
  CAF_CHECK(parts.since.empty());
  CAF_CHECK(whole()["troubles"].empty());
}

CAF_TEST(records of tables that no figure knows are told by table) {
  CAF_CHECK(whole()["unknown_tables"] == json::object());
  parts.fill = R"({"phase":"live","surroundings":{"unknown_tables":{"public.audit":7}}})";
  CAF_CHECK(whole()["unknown_tables"] == (json{{"public.audit", 7}}));
  CAF_CHECK(figure(0)["state"] == "live");
}

CAF_TEST(a part that does not answer takes nothing else along) {
  parts.fill = "";
  parts.cells[0] = "not JSON";
  parts.writer = "[]";
  auto x = whole();
  CAF_CHECK(x["phase"] == "filling"); // nobody says that it is live
  CAF_CHECK(x["rows"] == 4);
  CAF_CHECK(x["events"] == 1234);
}

CAF_TEST(surroundings that cannot be read leave figures live) {
  parts.fill = R"({"phase":"live","surroundings":null})";
  CAF_CHECK(figure(1)["state"] == "live");
}

CAF_TEST_FIXTURE_SCOPE_END()
