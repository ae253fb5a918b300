#define CAF_SUITE shell.views
#include "nodes/shell/views.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::shell;

namespace {

constexpr std::int64_t now = 1'700'000'000;

node_report node_one() {
  node_report x;
  x.project = "shop";
  x.now = now;
  x.shards = 4;
  x.fill.live = x.fill.leads = true;
  x.member.name = "one";
  x.member.shards = {0, 1};
  x.router.sources = {{"dbserver1.public.orders", 0, 9, 9, false, 10, -1}};
  x.figures = {{"revenue", figure_state::live, "", 0, {"public.orders"}, 10},
               {"stock", figure_state::live, "", 0, {"public.products"}, 1}};
  return x;
}

node_report node_two() {
  auto x = node_one();
  x.fill.leads = false;
  x.member.name = "two";
  x.member.shards = {2, 3};
  x.router.sources = {{"dbserver1.public.orders", 1, 19, 19, false, 20, -1}};
  x.figures[0].rows = 5;
  return x;
}

/// Two nodes, and a third one that is frozen.
struct three {
  reports all{{"one", "127.0.0.1:1", node_one(), ""},
              {"two", "127.0.0.1:3", node_two(), ""},
              {"three", "127.0.0.1:5", std::nullopt, "its door doesn't answer within 1 s"}};
  node_report& first() { return *all[0].answer; }
  node_report& second() { return *all[1].answer; }
  void without_the_frozen() { all.pop_back(); }
};

std::string text(const listing& x) { return in_text(x, {}); }
bool has(const listing& x, const std::string& what) { return text(x).find(what) != std::string::npos; }

/// Returns a row's value for programs, by the column's name.
nlohmann::json value(const listing& x, std::size_t row, const std::string& column) {
  return in_json(x)["rows"].at(row).at(column);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(view_tests, three)

CAF_TEST(a node that does not answer is in the list with the reason and the code is 1) {
  auto x = show_nodes(all);
  CAF_CHECK_EQUAL(x.rows.size(), 3u);
  CAF_CHECK(has(x, "no answer"));
  CAF_CHECK(has(x, "three at 127.0.0.1:5 didn't answer: its door doesn't answer within 1 s"));
  CAF_CHECK_EQUAL(x.code, 1);
}

CAF_TEST(every view names who did not answer) {
  for (auto* view : {show_shards, show_status, show_sources, show_flushes, show_credit, show_dead_letters,
                     show_batches, show_actors, show_nodes})
    CAF_CHECK(has(view(all), "three at 127.0.0.1:5 didn't answer"));
  CAF_CHECK(has(show_figures(all, ""), "three at 127.0.0.1:5 didn't answer"));
}

CAF_TEST(all is well where all nodes answer and all figures are live) {
  without_the_frozen();
  auto x = show_status(all);
  CAF_CHECK_EQUAL(x.before.at(0).text, std::string{"all is well: 2 figures are live on 2 nodes"});
  CAF_CHECK(has(x, "Millrace keeps up"));
  CAF_CHECK(has(x, "nothing holds back"));
  CAF_CHECK_EQUAL(x.code, 0);
}

CAF_TEST(status with a frozen node does not say that all is well) {
  auto x = show_status(all);
  CAF_CHECK_EQUAL(x.before.at(0).text, std::string{"1 node doesn't answer"});
  CAF_CHECK(!has(x, "all is well"));
}

CAF_TEST(a trouble that two nodes report is shown once) {
  first().troubles = second().troubles = {{"redis", "Redis takes no results", "it is full", now - 60}};
  auto x = show_status(all);
  CAF_CHECK_EQUAL(x.rows.size(), 1u);
  CAF_CHECK(has(x, "60 s"));
  CAF_CHECK(has(x, "it is full"));
  CAF_CHECK(has(x, "not all is well"));
}

CAF_TEST(status names the cause that holds back before its victims) {
  first().router.sources[0].paused = true;
  first().fill.surroundings.connector = {"PAUSED", "RUNNING", "", 0};
  CAF_CHECK(has(show_status(all), "what holds back: Debezium: the connector is PAUSED"));
  first().fill.surroundings.connector = {};
  CAF_CHECK(has(show_status(all), "what holds back: the cells of one"));
  first().writer.busy = true;
  first().writer.interval_ms = 250;
  CAF_CHECK(has(show_status(all), "what holds back: Redis: the flushes of one"));
}

CAF_TEST(late records hold back from outside if they arrive late and from inside if not ) {
  first().events_per_second = 100;
  first().router.lag_ms = 5000;
  first().router.own_lag_ms = 100;
  CAF_CHECK(has(show_status(all), "PostgreSQL, Debezium or Kafka: records arrive 4.9 s after their commit"));
  first().router.own_lag_ms = 4000;
  CAF_CHECK(has(show_status(all), "the nodes: a change takes 4.0 s from Kafka to Redis"));
}

CAF_TEST(shards are shown as ranges and those of nobody are named) {
  second().member.shards = {3};
  auto x = show_shards(all);
  CAF_CHECK_EQUAL(x.rows.at(0).at(2).text, std::string{"0-1"});
  CAF_CHECK(has(x, "no node that answered serves the shards 2"));
  first().member.shards = {0, 1, 3};
  CAF_CHECK(has(show_shards(all), "the shard 3 moves between one and two"));
}

CAF_TEST(ranges join neighbours) {
  auto of = [](std::vector<std::uint16_t> x) { return ranges(std::move(x)); };
  CAF_CHECK_EQUAL(of({}), "");
  CAF_CHECK_EQUAL(of({5}), "5");
  CAF_CHECK_EQUAL(of({7, 0, 1, 2, 9, 8}), "0-2, 7-9");
}

CAF_TEST(a partition lags by the records after its position) {
  second().router.sources = {{"dbserver1.public.orders", 1, 15, 9, true, 20, 1500}};
  auto x = show_sources(all);
  CAF_CHECK_EQUAL(value(x, 0, "lag records").get<int>(), 0);
  CAF_CHECK_EQUAL(value(x, 1, "lag records").get<int>(), 10);
  CAF_CHECK_EQUAL(value(x, 1, "lag").get<double>(), 1.5);
  CAF_CHECK_EQUAL(value(x, 1, "state").get<std::string>(), "paused: no credit");
}

CAF_TEST(an end that is unknown is no lag of zero) {
  first().router.sources[0].end = -1;
  CAF_CHECK(value(show_sources(all), 0, "lag records").is_null());
}

CAF_TEST(a figure has the worst state of all nodes and the rows of all nodes) {
  second().figures[0].state = figure_state::failed;
  second().figures[0].why = "WRONGTYPE";
  second().figures[0].since = now - 10;
  auto x = show_figures(all, "");
  CAF_CHECK_EQUAL(value(x, 0, "state").get<std::string>(), "failed");
  CAF_CHECK_EQUAL(value(x, 0, "rows").get<int>(), 15);
  CAF_CHECK_EQUAL(value(x, 0, "why, and what to do").get<std::string>(), "WRONGTYPE");
}

CAF_TEST(a figure is as fresh as the partitions of its tables) {
  second().router.sources = {{"dbserver1.public.orders", 1, 15, 9, false, 20, 1500}};
  auto x = show_figures(all, "");
  CAF_CHECK_EQUAL(x.rows.at(0).at(4).text, std::string{"10 records wait, 1.5 s"});
  CAF_CHECK_EQUAL(x.rows.at(1).at(4).text, std::string{"-"});
}

CAF_TEST(one figure is shown with its whole reason) {
  first().figures[0].state = figure_state::incomplete;
  first().figures[0].why =
      "2 dead letters of public.orders are open. Mend it by: millrace dead-letters replay all";
  CAF_CHECK(has(show_figures(all, "revenue"), "\n2 dead letters of public.orders are open. Mend it by:"));
  CAF_CHECK_EQUAL(show_figures(all, "revenue").rows.size(), 1u);
  CAF_CHECK_EQUAL(show_figures(all, "nothing").code, 2);
}

CAF_TEST(batches and dead letters are what the leader says) {
  first().scheduler.batches = {{"customers", "waits", "", 0, now + 90, now - 30, "2023", 7, 100, 250, 0}};
  first().fill.surroundings.open_dead_letters = {{"public.orders", 2}, {"public.products", 0}};
  auto x = show_batches(all);
  CAF_CHECK(has(x, "30 s ago"));
  CAF_CHECK(has(x, "in 90 s"));
  CAF_CHECK_EQUAL(show_dead_letters(all).rows.size(), 1u);
  first().fill.leads = false;
  CAF_CHECK_EQUAL(show_batches(all).code, 1);
  CAF_CHECK(has(show_batches(all), "the leading node didn't answer"));
}

CAF_TEST(a row shows its owner its copies and its places) {
  row_report found{"", "public.orders", 2, "", {{2, "orders", {"id", "status"}, {"17", "paid"}, {}}}};
  found.copies[0].places = {{0, "revenue", "metrics:revenue", "", true, "25.00", ""},
                            {1, "stock", "stock:1", "", false, "", ""}};
  answers<row_report> some{{"one", "a", row_report{"", "public.orders", 2, "", {}}, ""},
                           {"two", "b", found, ""}};
  auto x = show_row(all, some, {"17"}, false);
  CAF_CHECK(has(x, "public.orders 17 is in shard 2, which two serves"));
  CAF_CHECK(has(x, "cell orders, shard 2, two: id 17, status paid"));
  CAF_CHECK(has(x, "25.00"));
  CAF_CHECK(has(x, "no such place"));
  CAF_CHECK_EQUAL(in_json(x)["copies"][0]["columns"]["status"].get<std::string>(), "paid");
  CAF_CHECK_EQUAL(x.code, 0);
  auto owner = show_row(all, some, {"17"}, true);
  CAF_CHECK_EQUAL(text(owner), "public.orders 17 is in shard 2, which two serves\n");
}

CAF_TEST(a row that no cell has and a shard that nobody serves are said) {
  answers<row_report> some{{"one", "a", row_report{"", "public.orders", 9, "", {}}, ""}};
  auto x = show_row(all, some, {"17"}, false);
  CAF_CHECK(has(x, "is in shard 9, which no node that answered serves"));
  CAF_CHECK(has(x, "no cell that answered has this row"));
}

CAF_TEST(a question that no node can answer is refused with the reason) {
  answers<row_report> some{{"one", "a", row_report{"no figure reads a table order", "", 0, "", {}}, ""}};
  auto x = show_row(all, some, {"17"}, false);
  CAF_CHECK_EQUAL(text(x), "no figure reads a table order\n");
  CAF_CHECK_EQUAL(x.code, 2);
}

CAF_TEST(alerts are those of the first node that answers) {
  answers<std::vector<alert_report>> some{
      {"one", "a", std::nullopt, "frozen"},
      {"two", "b",
       std::vector<alert_report>{{"low_stock", "7", "firing", "critical", now - 5, {"stock", "0"}}}, ""}};
  auto x = show_alerts(all, some);
  CAF_CHECK(has(x, "low_stock"));
  CAF_CHECK(has(x, "stock=0"));
  CAF_CHECK(has(x, "one at a didn't answer: frozen"));
}

CAF_TEST(help says of each command whether it is harmless) {
  auto x = show_help("");
  CAF_CHECK_EQUAL(x.rows.size(), commands().size());
  CAF_CHECK_EQUAL(show_help("log-level").rows.at(0).at(1).text, std::string{"mild"});
  CAF_CHECK_EQUAL(show_help("nonsense").code, 2);
}

CAF_TEST_FIXTURE_SCOPE_END()
