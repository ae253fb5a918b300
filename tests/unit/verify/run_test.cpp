#define CAF_SUITE verify.run
#include "actors/verify/run.hpp"

#include "tests/unit/postgres_server.hpp"
#include "tests/unit/redis_server.hpp"
#include "tests/unit/verify/shop_plans.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;
using verify::figure_state;
using verify::outcome;

namespace {

constexpr auto number = column_type::integer;
constexpr tick_seconds now{1'700'000'000}; // 2023-11-14 22:13:20

constexpr auto schema = R"(
  CREATE TABLE customers (id int PRIMARY KEY, name text, state text);
  INSERT INTO customers VALUES (1, 'Zoë "Z"', 'CA'), (2, NULL, NULL), (3, 'C', 'a:b%');
  CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric(10,2), at timestamp);
  INSERT INTO orders VALUES (1, 1, 10.50, '2023-11-14 22:10:05'), (2, 1, NULL, '2023-11-14 22:10:30'),
                            (3, 3, 0.1, '2023-11-14 20:00:00');
)";

enum figures : std::uint16_t { total, rows, stats, by_state, by_text, top, minutes, minutes_too };

plan_set plans() {
  using enum target_kind;
  plan_set out;
  out.figures.push_back(
      figure("total", string, "orders:total", "SELECT sum(total) FROM orders", {shown("sum")}));
  out.figures.push_back(figure("rows", json, "customer:{0}", "SELECT * FROM customers;",
                               {key("id", number), shown("name"), shown("state")}));
  out.figures[rows].place.ttl_seconds = 3600;
  out.figures.push_back(
      figure("stats", hash, "customer:{0}:stats",
             "SELECT customer, count(*) AS orders, sum(total) AS spent FROM orders GROUP BY customer",
             {key("customer", number), shown("orders"), shown("spent")}));
  out.figures.push_back(with_member(figure("by_state", hash_field, "states",
                                           "SELECT state, count(*) FROM customers GROUP BY state",
                                           {key("state", column_type::text), shown("count")}),
                                    "{0}", 1));
  out.figures.push_back(figure("by_text", string, "in:{0}",
                               "SELECT state, count(*) FROM customers GROUP BY state",
                               {key("state", column_type::text), shown("count")}));
  out.figures[by_text].place.shown = 1;
  out.figures.push_back(with_member(
      figure("top", zset, "top", "SELECT customer, sum(total) AS spent FROM orders GROUP BY customer",
             {key("customer", number), shown("spent")}),
      "{0}", 1));
  // Two figures share the hashes of the minutes.
  key_expression minute;
  minute.what = key_expression::kind::to_char;
  minute.argument = "YYYYMMDD_HH24MI";
  for (std::string column : {"orders", "revenue"}) {
    auto what = column == "orders" ? "count(*) AS orders" : "sum(total) AS revenue";
    auto x = figure("minute " + column, hash, "minute:{0}",
                    std::string("SELECT to_char(at, 'YYYYMMDD_HH24MI') AS minute, ") + what
                        + " FROM orders GROUP BY 1",
                    {key("minute", column_type::text), shown(column)});
    x.what = figure_kind::rolled_up;
    x.keys = {minute};
    x.time_key = 0;
    x.place.ttl_seconds = 3600;
    out.figures.push_back(x);
  }
  return out;
}

/// What Redis holds if all is right.
const std::vector<redis::command> right{
    {"SET", "orders:total", "10.60"},
    {"SET", "customer:1", R"({"id":1,"name":"Zoë \"Z\"","state":"CA"})"},
    {"SET", "customer:2", R"({"id":2,"name":null,"state":null})"},
    {"SET", "customer:3", R"({"id":3,"name":"C","state":"a:b%"})"},
    {"HSET", "customer:1:stats", "orders", "2", "spent", "10.50"},
    {"HSET", "customer:3:stats", "orders", "1", "spent", "0.10"},
    {"HSET", "states", "CA", "1", "a:b%", "1"},
    {"SET", "in:CA", "1"},
    {"SET", "in:a%3Ab%25", "1"},
    {"ZADD", "top", "10.5", "1", "0.1", "3"},
    {"HSET", "minute:20231114_2210", "orders", "2", "revenue", "10.50"},
    {"SET", "somebody:else", "x"},
};

/// One pair of servers for all tests: each begins with the same rows and places.
postgres_server& shared_database() {
  static auto one = postgres_server::start(15690);
  return *one;
}

redis_server& shared_store() {
  static redis_server one(15695);
  return one;
}

struct fixture {
  fixture()
      : database(shared_database()), store(shared_store()), sql(open()), redis(connect()), loaded(plans()) {
    CAF_REQUIRE(sql.execute("DROP TABLE IF EXISTS customers, orders"));
    CAF_REQUIRE(sql.execute(schema));
    set({"FLUSHALL"});
    for (auto& x : right)
      set(x);
    ask.drain = [this]() -> result<void> {
      ++drains;
      if (on_drain)
        on_drain();
      return {};
    };
    ask.now = [] { return now; };
  }

  postgres::session open() {
    auto out = postgres::session::open(database.settings());
    CAF_REQUIRE(out);
    return std::move(*out);
  }

  redis::client connect() {
    auto out = redis::client::connect(store.settings());
    CAF_REQUIRE(out);
    return std::move(*out);
  }

  void set(const redis::command& x) {
    auto done = redis.call(x);
    CAF_REQUIRE(done);
    CAF_REQUIRE(!done->failed());
  }

  verify::report run(std::chrono::milliseconds wait = 0ms) {
    auto out = verify::run(loaded, sql, redis, ask, {wait, 5});
    CAF_REQUIRE(out);
    return std::move(*out);
  }

  /// Expects the one difference, in one figure, for good.
  void expect_difference(figures figure, const std::string& text) {
    auto found = run();
    CAF_CHECK_EQUAL(found.exit_code(), 1);
    for (std::size_t i = 0; i < found.figures.size(); ++i)
      CAF_CHECK_EQUAL(name_of(found.figures[i].result), i == figure ? "differs" : "equal");
    CAF_REQUIRE_EQUAL(found.figures[figure].first.size(), 1u);
    CAF_CHECK_EQUAL(verify::to_text(found.figures[figure].first[0]), text);
  }

  postgres_server& database;
  redis_server& store;
  postgres::session sql;
  redis::client redis;
  plan_set loaded;
  verify::questions ask;
  int drains = 0;
  std::function<void()> on_drain;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(with_servers, fixture)

CAF_TEST(what equals SQL is found equal in one round) {
  auto found = run(30s);
  CAF_MESSAGE(verify::to_text(found));
  CAF_CHECK_EQUAL(found.exit_code(), 0);
  CAF_CHECK_EQUAL(found.rounds, 1u);
  CAF_CHECK_EQUAL(found.figures[rows].rows, 3u);
}

CAF_TEST(a role that row level security filters is no judge) {
  CAF_REQUIRE(sql.execute("DROP ROLE IF EXISTS filtered; CREATE ROLE filtered LOGIN;"
                          "GRANT SELECT ON customers, orders TO filtered;"
                          "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
                          "CREATE POLICY few ON orders USING (id = 1)"));
  for (std::string name : {"customers", "orders"}) {
    table_plan x;
    x.table.schema = "public";
    x.table.name = name;
    loaded.tables.push_back(x);
  }
  CAF_CHECK_EQUAL(run().exit_code(), 0); // the owner sees all
  auto to = database.settings();
  to.user = "filtered";
  auto role = postgres::session::open(to);
  CAF_REQUIRE(role);
  auto refused = verify::run(loaded, *role, redis, ask, {0ms, 5});
  CAF_REQUIRE(!refused);
  CAF_CHECK_EQUAL(refused.why().message,
                  "can't judge: row level security hides rows of public.orders from the role filtered; a "
                  "superuser runs: ALTER ROLE \"filtered\" BYPASSRLS;");
  CAF_REQUIRE(sql.execute("ALTER ROLE filtered BYPASSRLS"));
  CAF_CHECK(verify::run(loaded, *role, redis, ask, {0ms, 5}));
  CAF_REQUIRE(sql.execute("DROP OWNED BY filtered; DROP ROLE filtered"));
}

CAF_TEST(one wrong field is found) {
  set({"HSET", "customer:3:stats", "spent", "0.1"});
  expect_difference(stats, "customer:3:stats → spent: SQL has '0.10', Redis has '0.1'");
}

CAF_TEST(a wrong total a wrong row and a wrong score are found) {
  set({"SET", "orders:total", "10.6"});
  set({"SET", "customer:2", "{}"});
  set({"ZADD", "top", "0.1000001", "3"});
  auto found = run();
  for (auto figure : {total, rows, top})
    CAF_CHECK(found.figures[figure].result == outcome::differs);
  CAF_CHECK(found.figures[stats].result == outcome::equal);
  CAF_CHECK_EQUAL(found.exit_code(), 1);
}

CAF_TEST(missing keys fields and members are found) {
  set({"DEL", "in:CA"});
  expect_difference(by_text, "in:CA: SQL has '1', Redis has nothing");
  set({"SET", "in:CA", "1"});
  set({"HDEL", "states", "a:b%"});
  expect_difference(by_state, "states → a:b%: SQL has '1', Redis has nothing");
  set({"HSET", "states", "a:b%", "1"});
  set({"ZREM", "top", "1"});
  expect_difference(top, "top → 1: SQL has '10.50', Redis has nothing");
}

CAF_TEST(an extra key that a template could give is found) {
  set({"SET", "customer:99", "{}"});
  expect_difference(rows, "customer:99: SQL has nothing, Redis has '{}'");
}

CAF_TEST(an extra key of one template is not blamed on another) {
  set({"HSET", "customer:99:stats", "orders", "1"});
  expect_difference(stats, "customer:99:stats → orders: SQL has nothing, Redis has '1'");
}

CAF_TEST(a key that no template makes belongs to no figure) {
  set({"SET", "customer:abc", "{}"});
  set({"SET", "minutes", "x"});
  CAF_CHECK_EQUAL(run().exit_code(), 0);
}

CAF_TEST(an extra field and an extra member of a literal key are found) {
  set({"HSET", "states", "NY", "4"});
  expect_difference(by_state, "states → NY: SQL has nothing, Redis has '4'");
  set({"HDEL", "states", "NY"});
  set({"ZADD", "top", "5", "7"});
  expect_difference(top, "top → 7: SQL has nothing, Redis has '5'");
}

CAF_TEST(a field of a shared hash belongs to the figure that shows it) {
  set({"HSET", "minute:20231114_2210", "revenue", "9"});
  expect_difference(minutes_too, "minute:20231114_2210 → revenue: SQL has '10.50', Redis has '9'");
  set({"HSET", "minute:20231114_2210", "revenue", "10.50"});
  set({"HSET", "minute:20231114_2211", "revenue", "1"});
  expect_difference(minutes_too, "minute:20231114_2211 → revenue: SQL has nothing, Redis has '1'");
  set({"DEL", "minute:20231114_2211"});
  set({"HSET", "minute:20231114_2210", "nobodys", "1"});
  expect_difference(minutes, "minute:20231114_2210 → nobodys: SQL has nothing, Redis has '1'");
}

CAF_TEST(a value that SQL leaves absent and Redis shows is found) {
  CAF_REQUIRE(sql.execute("UPDATE orders SET total = NULL WHERE customer = 3"));
  set({"SET", "orders:total", "10.50"});
  set({"ZREM", "top", "3"});
  expect_difference(stats, "customer:3:stats → spent: SQL has nothing, Redis has '0.10'");
}

CAF_TEST(a key of another type is found) {
  set({"DEL", "customer:1"});
  set({"RPUSH", "customer:1", "x"});
  set({"RPUSH", "customer:9:stats", "x"});
  auto found = run();
  CAF_REQUIRE_EQUAL(found.figures[rows].first.size(), 1u);
  CAF_CHECK(found.figures[rows].first[0].note.find("WRONGTYPE") == 0);
  CAF_CHECK(found.figures[stats].result == outcome::differs);
}

CAF_TEST(more keys than one page of a scan are all seen) {
  CAF_REQUIRE(sql.execute("INSERT INTO customers SELECT n, 'n', 's' || n FROM generate_series(100, 5099) n"));
  std::vector<redis::command> all;
  for (int n = 100; n < 5100; ++n) {
    auto id = std::to_string(n);
    all.push_back({"SET", "customer:" + id, R"({"id":)" + id + R"(,"name":"n","state":"s)" + id + "\"}"});
    all.push_back({"HSET", "states", "s" + id, "1"});
    all.push_back({"SET", "in:s" + id, "1"});
  }
  CAF_REQUIRE(redis.pipeline(all));
  CAF_CHECK_EQUAL(run().exit_code(), 0);
  set({"HSET", "states", "s9", "1"});
  expect_difference(by_state, "states → s9: SQL has nothing, Redis has '1'");
}

CAF_TEST(a place with a ttl may be gone only if its last write is known to be older) {
  set({"DEL", "customer:2"});
  expect_difference(rows, "customer:2: SQL has '{\"id\":2,\"name\":null,\"state\":null}', Redis has nothing");
  std::vector<std::string> asked;
  auto written = now.value - 7200;
  ask.written = [&](figure_id figure, const std::vector<std::string>& keys) {
    CAF_CHECK_EQUAL(figure.value, rows);
    asked = keys;
    return std::vector<std::optional<tick_seconds>>{tick_seconds{written}};
  };
  CAF_CHECK_EQUAL(run().exit_code(), 0);
  CAF_CHECK(asked == std::vector<std::string>{"customer:2"});
  written = now.value - 600;
  CAF_CHECK_EQUAL(run().exit_code(), 1);
}

CAF_TEST(a hash with a ttl is gone as a whole or not at all) {
  loaded.figures[stats].place.ttl_seconds = 3600;
  ask.written = [&](figure_id, const std::vector<std::string>& keys) {
    return std::vector<std::optional<tick_seconds>>(keys.size(), tick_seconds{0});
  };
  set({"DEL", "customer:1:stats"});
  CAF_CHECK_EQUAL(run().exit_code(), 0);
  set({"HDEL", "customer:3:stats", "spent"});
  expect_difference(stats, "customer:3:stats → spent: SQL has '0.10', Redis has nothing");
}

CAF_TEST(a closed bucket has to be gone and one at its end may be there or not ) {
  // Order 3 is of 20:00, closed at 21:00: it is absent, and has to be.
  set({"HSET", "minute:20231114_2000", "orders", "1"});
  expect_difference(minutes, "minute:20231114_2000 → orders: SQL has nothing, Redis has '1'");
  set({"DEL", "minute:20231114_2000"});
  CAF_REQUIRE(sql.execute("UPDATE orders SET at = '2023-11-14 21:13:30' WHERE id = 3")); // closes at 22:13:00
  ask.now = [] { return tick_seconds{1'700'000'000 - 20 + 4}; };
  CAF_CHECK_EQUAL(run().exit_code(), 0);
  set({"HSET", "minute:20231114_2113", "orders", "1"});
  CAF_CHECK_EQUAL(run().exit_code(), 0);
}

CAF_TEST(a place that is equal once is right) {
  set({"SET", "orders:total", "1"});
  set({"SET", "customer:99", "{}"});
  on_drain = [this] {
    if (drains == 2) {
      set({"SET", "orders:total", "10.60"});
      set({"DEL", "customer:99"});
    }
  };
  auto found = run(10s);
  CAF_CHECK_EQUAL(found.exit_code(), 0);
  CAF_CHECK_EQUAL(found.rounds, 2u);
}

CAF_TEST(a place that never stands still is moving) {
  set({"SET", "orders:total", "1"});
  on_drain = [this] { set({"INCR", "orders:total"}); };
  auto found = run(300ms);
  CAF_CHECK(found.rounds >= 3);
  CAF_CHECK(found.figures[total].result == outcome::moving);
  CAF_CHECK_EQUAL(found.exit_code(), 3);
}

CAF_TEST(a place whose SQL moves on and whose Redis follows late is no difference) {
  on_drain = [this] {
    if (drains == 1) {
      CAF_REQUIRE(sql.execute("INSERT INTO orders VALUES (10, 3, 1, '2023-11-14 22:10:59')"));
    } else {
      set({"SET", "orders:total", "11.60"});
      set({"HSET", "customer:3:stats", "orders", "2", "spent", "1.10"});
      set({"ZADD", "top", "1.1", "3"});
      set({"HSET", "minute:20231114_2210", "orders", "3", "revenue", "11.50"});
    }
  };
  auto found = run(10s);
  CAF_CHECK_EQUAL(found.exit_code(), 0);
  CAF_CHECK_EQUAL(found.rounds, 2u);
}

CAF_TEST(a figure that fills is left out and so are its extras) {
  ask.state = [](figure_id x) { return x.value == by_state ? figure_state::filling : figure_state::live; };
  set({"DEL", "states"});
  set({"HSET", "states", "half", "1"});
  auto found = run();
  CAF_CHECK(found.figures[by_state].result == outcome::skipped);
  CAF_CHECK_EQUAL(found.exit_code(), 2);
}

CAF_TEST(a figure that is incomplete may differ without being wrong) {
  ask.state = [](figure_id x) { return x.value == total ? figure_state::incomplete : figure_state::live; };
  set({"SET", "orders:total", "1"});
  auto found = run();
  CAF_CHECK(found.figures[total].result == outcome::differs);
  CAF_CHECK_EQUAL(found.exit_code(), 2);
}

CAF_TEST(a figure that is found incomplete while it is compared is not called wrong) {
  ask.state = [this](figure_id x) {
    return x.value == total && drains > 1 ? figure_state::incomplete : figure_state::live;
  };
  set({"SET", "orders:total", "1"});
  auto found = run();
  CAF_CHECK(found.figures[total].state == figure_state::incomplete);
  CAF_CHECK_EQUAL(found.exit_code(), 2);
}

CAF_TEST(a drain that fails and SQL that is refused are errors with their names) {
  ask.drain = []() -> result<void> { return error{errc::unavailable, "no node"}; };
  auto found = verify::run(loaded, sql, redis, ask, {});
  CAF_REQUIRE(!found);
  CAF_CHECK_EQUAL(found.why().message, "no node");
  ask.drain = nullptr;
  loaded.figures[top].sql = "SELECT nothing FROM nowhere";
  found = verify::run(loaded, sql, redis, ask, {});
  CAF_REQUIRE(!found);
  CAF_CHECK(found.why().message.find("figure top: ") == 0);
  loaded.figures[top] = plans().figures[top];
  CAF_CHECK_EQUAL(run().exit_code(), 0); // the session is in no snapshot
}

CAF_TEST(redis that goes away in the middle is an error) {
  store.kill();
  auto found = verify::run(loaded, sql, redis, ask, {});
  store.start(); // for the tests that follow
  CAF_REQUIRE(!found);
  CAF_CHECK(found.why().code == errc::unavailable);
}

CAF_TEST_FIXTURE_SCOPE_END()
