#define CAF_SUITE debezium.signal
#include "actors/sources/debezium/signal.hpp"

#include "actors/sources/debezium/captured_tables.hpp"
#include "actors/sources/debezium/placeholder.hpp"
#include "actors/sources/debezium/registration.hpp"
#include "actors/sources/debezium/topics.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::connect;
using json = nlohmann::json;

namespace {

plan_set two_tables() {
  plan_set out;
  postgres::table orders;
  orders.schema = "public";
  orders.name = "orders";
  orders.columns.resize(2);
  orders.columns[0].name = "id";
  orders.columns[0].type = postgres::column_type::bigint;
  orders.columns[1].name = "o\"k";
  orders.columns[1].type = postgres::column_type::text;
  orders.primary_key = {0, 1};
  auto odd = orders;
  odd.schema = "my shop";
  odd.name = "a,b(c)";
  auto unread = orders;
  unread.name = "unread";
  out.tables = {{orders, true}, {odd, true}, {unread, false}};
  return out;
}

} // namespace

CAF_TEST(a pattern matches a name of any characters) {
  CAF_CHECK_EQUAL(collection_pattern("my shop", "a,b(c)"), R"(my shop.a\,b\(c\))");
}

CAF_TEST(a heartbeat mark tells whether a connector captures every table) {
  auto all = two_tables(), one = two_tables();
  one.tables[0].captured = false;
  CAF_CHECK(captures_all(capture_mark(all), all));
  CAF_CHECK(captures_all(capture_mark(all), one));
  CAF_CHECK(!captures_all(capture_mark(one), all));
  CAF_CHECK(!captures_all("", all));
}

CAF_TEST(a snapshot of some rows quotes their keys) {
  auto plans = two_tables();
  auto& orders = plans.tables[0].table;
  row one{std::int64_t{5}, std::string("O'Neil\\")}, other{std::int64_t{6}, std::string()};
  auto x = json::parse(rows_signal(orders, {one, other}));
  auto condition = x["additional-conditions"][0];
  CAF_CHECK(condition["data-collection"] == x["data-collections"][0]);
  CAF_CHECK_EQUAL(condition["filter"].get<std::string>(),
                  R"(("id" = '5' AND "o""k" = 'O''Neil\') OR ("id" = '6' AND "o""k" = ''))");
  try {
    rows_signal(orders, {{std::int64_t{5}}});
    CAF_FAIL("a key that is too short was taken");
  } catch (const std::invalid_argument&) {
  }
}

CAF_TEST(a notification tells the step of a snapshot) {
  auto read = [](const std::string& type, const std::string& more) {
    return read_notification(R"({"id":"s1","aggregate_type":"Incremental Snapshot","type":")" + type
                             + R"(","additional_data":{"connector_name":"c")" + more + R"(},"timestamp":1})");
  };
  CAF_CHECK(read("STARTED", "")->step == snapshot_step::started);
  auto running =
      read("IN_PROGRESS", R"(,"current_collection_in_progress":"public.orders","last_processed_key":"[5]")");
  CAF_CHECK(running->step == snapshot_step::running);
  CAF_CHECK_EQUAL(running->table, "public.orders");
  auto done =
      read("TABLE_SCAN_COMPLETED",
           R"(,"scanned_collection":"public.orders","total_rows_scanned":"3000","status":"SUCCEEDED")");
  CAF_CHECK(done->step == snapshot_step::table_done);
  CAF_CHECK_EQUAL(done->rows, 3000);
  CAF_CHECK_EQUAL(done->id, "s1");
  CAF_CHECK(read("TABLE_SCAN_COMPLETED", R"(,"status":"EMPTY")")->step == snapshot_step::table_done);
  CAF_CHECK(read("TABLE_SCAN_COMPLETED", R"(,"status":"NO_PRIMARY_KEY")")->step == snapshot_step::failed);
  CAF_CHECK(read("COMPLETED", "")->step == snapshot_step::completed);
  CAF_CHECK(read("ABORTED", "")->step == snapshot_step::failed);
  CAF_CHECK(read("PAUSED", "")->step == snapshot_step::other);
}

CAF_TEST(a record that is nested very deep is none of a snapshot) {
  auto deep = std::string(200'000, '[') + std::string(200'000, ']');
  CAF_CHECK(!connect::read_notification(R"({"schema":1,"payload":)" + deep + "}"));
  CAF_CHECK(!connect::read_notification(deep));
}

CAF_TEST(another record of the notification topic is none of a snapshot) {
  CAF_CHECK(!read_notification("not json"));
  CAF_CHECK(!read_notification(R"({"aggregate_type":"Initial Snapshot","type":"COMPLETED"})"));
  auto wrapped = read_notification(
      R"({"schema":{},"payload":{"id":"x","aggregate_type":"Incremental Snapshot","type":"COMPLETED","additional_data":null}})");
  CAF_REQUIRE(wrapped);
  CAF_CHECK_EQUAL(wrapped->id, "x");
}

CAF_TEST(the template is filled and nothing breaks out of a value) {
  std::ifstream in("debezium/postgres.json");
  std::stringstream text;
  text << in.rdbuf();
  std::map<std::string, std::string> values{{"project", "shop"},
                                            {"topic_prefix", "dbserver1"},
                                            {"postgres_host", "h"},
                                            {"postgres_port", "1"},
                                            {"postgres_db", "d"},
                                            {"postgres_sslmode", "verify-full"},
                                            {"postgres_sslrootcert", ""},
                                            {"signal_table", "millrace_shop.debezium_signal"},
                                            {"debezium_user", "u"},
                                            {"debezium_password", "p\",\"x\":\"${y}\\"},
                                            {"tables", table_list(two_tables())},
                                            {"placeholder", "nobody guesses it"},
                                            {"anchor", "millrace_shop.anchor"},
                                            {"captures", capture_mark(two_tables())},
                                            {"exactly_once", "required"}};
  auto filled = fill_template(text.str(), values);
  if (!filled)
    CAF_FAIL(filled.why().message);
  auto x = json::parse(*filled);
  CAF_CHECK_EQUAL(x["database.password"].get<std::string>(), "p\",\"x\":\"${y}\\");
  CAF_CHECK_EQUAL(x["slot.name"].get<std::string>(), "millrace_shop");
  CAF_CHECK(x["table.include.list"].get<std::string>().find("debezium_signal") != std::string::npos);
  CAF_CHECK_EQUAL(x["database.sslmode"].get<std::string>(), "verify-full");
  CAF_CHECK_EQUAL(x["signal.data.collection"].get<std::string>(), "millrace_shop.debezium_signal");
  CAF_CHECK(x["snapshot.include.collection.list"] == "millrace_shop.anchor");
  CAF_MESSAGE("every record says the placeholder that it has");
  CAF_CHECK(x["unavailable.value.placeholder"] == "nobody guesses it");
  CAF_CHECK(x["transforms.placeholder.header"] == std::string(placeholder_header));
  CAF_CHECK(x["transforms.placeholder.value.literal"] == "nobody guesses it");
  values.erase("topic_prefix");
  auto missing = fill_template(text.str(), values);
  CAF_REQUIRE(!missing);
  CAF_CHECK(missing.why().message.find("${topic_prefix}") != std::string::npos);
  CAF_CHECK(!fill_template("[]", values));
}

CAF_TEST(no secret of a configuration is shown) {
  auto config = R"({"database.password":"hunter2","user":"joe","sasl.jaas.config":"x y","empty.secret":""})";
  CAF_CHECK_EQUAL(without_secrets("joe has hunter2 and hunter2, x y", config), "joe has *** and ***, ***");
}

CAF_TEST(the topics that exist before the connector are those of captured tables and ours) {
  std::map<std::string, kafka::new_topic> all;
  for (auto& x : topics_of(two_tables(), "p", "shop", 32))
    all[x.name] = x;
  CAF_CHECK_EQUAL(all.size(), 6u);
  CAF_CHECK_EQUAL(all.at("p.public.orders").partitions, 8);
  CAF_CHECK_EQUAL(all.at("p.public.orders").config.at("cleanup.policy"), "delete");
  CAF_CHECK_EQUAL(all.at("p.millrace.anchor").partitions, 1);
  CAF_CHECK_EQUAL(all.at("shop.shards").partitions, 32);
  CAF_CHECK_EQUAL(all.at("shop.dead-letters").config.at("retention.ms"), "-1");
  CAF_CHECK(all.count("p.public.unread") == 0);
}

CAF_TEST(a topic has an underscore for each letter that Kafka does not take) {
  postgres::table odd;
  odd.schema = "Büro";
  odd.name = "a b/😀";
  CAF_CHECK_EQUAL(change_topic("p", odd), "p.B_ro.a_b___");
}

CAF_TEST(tables whose topics would be one are told) {
  auto plans = two_tables();
  CAF_CHECK_EQUAL(topics_that_meet(plans, "p"), "");
  plans.tables[0].table.schema = "my_shop";
  plans.tables[0].table.name = "a_b_c_";
  CAF_CHECK_EQUAL(topics_that_meet(plans, "p"), "my_shop.a_b_c_ and my shop.a,b(c)");
}

CAF_TEST(a property whose place nothing fills is left out) {
  auto filled = fill_template(R"({"a": "${x}", "b": "${y}"})", {{"x", ""}, {"y", "1"}});
  CAF_REQUIRE(filled);
  CAF_CHECK(json::parse(*filled) == json({{"b", "1"}}));
}
