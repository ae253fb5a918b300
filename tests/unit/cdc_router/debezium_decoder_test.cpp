#define CAF_SUITE cdc_router.debezium_decoder
#include "actors/cdc_router/debezium_decoder.hpp"

#include "recorded_events.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using decoded = result<std::optional<table_change>>;

/// One table with its decoder.
struct bench {
  explicit bench(plan_set of) : plans(std::move(of)), decoder(plans, table_id{0}) {}
  explicit bench(postgres::table of) : bench(plans_of(std::move(of))) {}
  decoded operator()(std::optional<std::string_view> key, std::optional<std::string_view> payload) {
    return decoder.decode(key, payload);
  }
  /// The error's text; empty if there is none.
  std::string why(std::optional<std::string_view> key, std::optional<std::string_view> payload) {
    auto x = decoder.decode(key, payload);
    return x ? std::string() : x.why().message;
  }
  plan_set plans;
  debezium_decoder decoder;
};

table_change good(decoded x) {
  if (!x)
    CAF_FAIL(x.why().message);
  if (!*x)
    CAF_FAIL("a tombstone");
  return std::move(**x);
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// All changes of a file, by table and offset; tombstones left out.
std::map<std::pair<std::string, std::int64_t>, table_change>
changes_in(const std::string& file, const std::vector<std::string>& left_out = {}) {
  std::map<std::string, std::unique_ptr<bench>> benches;
  for (auto& [name, table] : recorded_tables()) {
    std::vector<std::string> names;
    for (auto& each : table.columns)
      if (std::find(left_out.begin(), left_out.end(), each.name) == left_out.end())
        names.push_back(each.name);
    benches[name] = std::make_unique<bench>(plans_of(table, names));
  }
  std::map<std::pair<std::string, std::int64_t>, table_change> out;
  for (auto& x : recorded_events(file)) {
    if (x.table == "defaults")
      continue; // a test of their own
    auto change = (*benches.at(x.table))(x.key, x.payload);
    if (!change)
      CAF_FAIL(file << " " << x.table << "/" << x.offset << ": " << change.why().message);
    if (*change)
      out[{x.table, x.offset}] = **change;
  }
  return out;
}

/// Columns of now(), which differ from run to run.
const std::vector<std::string> clocks{"created_at", "updated_at"};

std::optional<row> without(std::optional<row> x, const std::string& table,
                           const std::vector<std::string>& names) {
  if (x)
    for (auto& name : names)
      if (auto at = recorded_tables()[table].find(name))
        (*x)[*at] = null_value{};
  return x;
}

const std::string source =
    R"("source":{"schema":"t","table":"t","snapshot":"false","sequence":"[\"5\",\"7\"]","lsn":7,"txId":3,"ts_ms":1})";

std::string update(const std::string& before, const std::string& after) {
  return R"({"before":)" + before + R"(,"after":)" + after + "," + source + R"(,"op":"u"})";
}

std::string create(const std::string& after) {
  return R"({"before":null,"after":)" + after + "," + source + R"(,"op":"c"})";
}

/// t.t(id, x) with one column to look at.
postgres::table one_column(postgres::column x) {
  return table_of("t", "t", {column("id", column_type::bigint, "bigint", true), std::move(x)});
}

/// What `json` comes to in that column.
result<value> value_of(const postgres::column& x, const std::string& json) {
  bench b{one_column(x)};
  auto change = b(R"({"id":1})", create(R"({"id":1,")" + x.name + "\":" + json + "}"));
  if (!change)
    return change.why();
  return (*change)->after->at(1);
}

value num(std::int64_t x) { return x; }
value txt(const std::string& x) { return x; }

} // namespace

CAF_TEST(a record of every kind says what PostgreSQL has) {
  auto all = changes_in("plain_string");
  auto& first = *all.at({"kinds", 0}).after;
  CAF_CHECK((first
             == row{num(1), txt("x"), num(-32768), num(9223372036854775807), num(1), txt("1.5"), txt("0.1"),
                    txt("123.4500"), txt("1234567890.0123456789"), num(86399500000), num(1767207600000000),
                    num(1767225601000000), num(20512), txt("11111111-2222-3333-4444-555555555555"),
                    txt(R"({"a": [1, null]})"), txt("\\x00ff")}));
  auto& special = *all.at({"kinds", 1}).after;
  CAF_CHECK(special[5] == txt("NaN"));
  CAF_CHECK(special[6] == txt("Infinity"));
  CAF_CHECK(special[7] == txt("NaN"));
  CAF_CHECK(special[8] == txt("0.0000000000"));
  CAF_CHECK(special[10] == num(plus_infinity));
  CAF_CHECK(special[12] == num(plus_infinity));
  auto& nulls = *all.at({"kinds", 2}).after;
  for (std::size_t i = 2; i < nulls.size(); ++i)
    CAF_CHECK(is_null(nulls[i]));
  CAF_CHECK((all.at({"kinds", 2}).key == row{num(3), txt("null")}));
  CAF_CHECK((*all.at({"kinds", 3}).after)[7] == txt("-0.0001"));
}

CAF_TEST(a change says its operation and its place in the log) {
  auto all = changes_in("plain_string");
  auto& read = all.at({"products", 0});
  CAF_CHECK_EQUAL(read.op, 'r');
  CAF_CHECK(read.snapshot == snapshot_kind::initial);
  CAF_CHECK(!read.before);
  auto& moved = all.at({"orders", 4});
  CAF_CHECK_EQUAL(moved.op, 'u');
  CAF_CHECK(moved.snapshot == snapshot_kind::none);
  CAF_CHECK(is_null((*moved.before)[1])); // nothing goes by it
  CAF_CHECK((*moved.after)[1] == num(900));
  CAF_CHECK_EQUAL(moved.at.value, 290238584u);
  CAF_CHECK_EQUAL(moved.commit_ms, 1795355026518);
  auto& gone = all.at({"orders", 5});
  CAF_CHECK_EQUAL(gone.op, 'd');
  CAF_CHECK(!gone.after);
  CAF_CHECK((gone.key == row{num(2)}));
  CAF_CHECK((all.at({"orders", 7}).key == row{num(5000000000)}));
  auto& truncated = all.at({"order_items", 6});
  CAF_CHECK_EQUAL(truncated.op, 't');
  CAF_CHECK(truncated.key.empty());
  CAF_CHECK_EQUAL(truncated.at.value, 290244952u);
  auto& text = *all.at({"products", 2}).after;
  CAF_CHECK(says(std::get<std::string>(text[2]), "tab\t newline\n back\\slash \"q\""));
  CAF_CHECK(text[3] == num(9999999999));
  CAF_CHECK((*all.at({"customers", 2}).after)[1] == txt("日本"));
}

CAF_TEST(a tombstone is no change) {
  bench b{recorded_tables()["orders"]};
  auto x = b(R"({"id":2})", std::nullopt);
  CAF_REQUIRE(x);
  CAF_CHECK(!*x);
}

CAF_TEST(the same changes give the same values in every setting that carries them) {
  auto expected = changes_in("plain_string");
  struct setting {
    std::string file;
    std::vector<std::string> lossy; ///< columns that the setting doesn't carry
  };
  for (auto& [file, lossy] : std::vector<setting>{{"plain_isostring", {}},
                                                  {"schema_precise", {"num"}},
                                                  {"schema_double", {"num", "n30", "order_date"}}}) {
    auto skipped = clocks;
    skipped.insert(skipped.end(), lossy.begin(), lossy.end());
    auto got =
        changes_in(file, lossy == std::vector<std::string>{"num"} ? std::vector<std::string>{} : lossy);
    CAF_MESSAGE(file);
    CAF_REQUIRE_EQUAL(got.size(), expected.size());
    for (auto& [where, x] : expected) {
      auto& y = got.at(where);
      CAF_CHECK_EQUAL(x.op, y.op);
      CAF_CHECK(x.key == y.key);
      CAF_CHECK(x.snapshot == y.snapshot);
      CAF_CHECK(without(x.before, where.first, skipped) == without(y.before, where.first, skipped));
      CAF_CHECK(without(x.after, where.first, skipped) == without(y.after, where.first, skipped));
    }
  }
  CAF_MESSAGE("precise drops trailing zeros of a numeric without scale and turns its NaN into null");
  auto precise = changes_in("schema_precise");
  CAF_CHECK((*precise.at({"kinds", 0}).after)[7] == txt("123.45"));
  CAF_CHECK((*precise.at({"kinds", 3}).after)[7] == txt("-0.0001"));
  CAF_CHECK(is_null((*precise.at({"kinds", 1}).after)[7]));
}

CAF_TEST(a double with more digits than it carries is refused) {
  bench b{plans_of(recorded_tables()["kinds"], {"n30"})};
  for (auto& x : recorded_events("schema_double"))
    if (x.table == "kinds" && x.offset == 0)
      CAF_CHECK(says(b.why(x.key, x.payload), "decimal.handling.mode=string"));
}

CAF_TEST(the ends of every type come out of stream and snapshot alike) {
  bench b{limits_table()};
  for (auto& mode : {"adaptive", "isostring"})
    for (auto& payload : limit_payloads(mode)) {
      auto id = nlohmann::json::parse(payload)["after"]["id"].get<int>();
      auto x = *good(b("{\"id\":" + std::to_string(id) + "}", payload)).after;
      CAF_MESSAGE(mode << " " << id);
      if (id % 10 == 1) {
        for (int i : {1, 2, 3, 4, 5})
          CAF_CHECK(x[i] == num(plus_infinity));
        CAF_CHECK(x[8] == txt("ab   "));
        CAF_CHECK(x[9] == txt("NaN"));
        CAF_CHECK(x[11] == txt("1e+15"));
        CAF_CHECK(x[12] == txt("1e-05"));
        CAF_CHECK(x[13] == value(not_a_number{}));
        CAF_CHECK(x[14] == txt(R"({"a" : 1})"));
        CAF_CHECK(x[15] == txt(R"({"a": 1})"));
        CAF_CHECK(x[16] == txt("happy"));
        CAF_CHECK(x[7] == num(45296789000));
      } else if (id % 10 == 2) {
        for (int i : {1, 2, 3, 4, 5})
          CAF_CHECK(x[i] == num(minus_infinity));
        CAF_CHECK(x[9] == txt("Infinity"));
      } else if (id % 10 == 3) {
        CAF_CHECK(x[2] == num(-63517780800000000));
        CAF_CHECK(x[3] == num(-63517780799500000));
        CAF_CHECK(x[4] == num(-63517780799876544));
        CAF_CHECK(x[5] == num(-63517780800000000));
        CAF_CHECK(x[6] == num(1));
        if (id > 10) // the snapshot forgets BC
          CAF_CHECK(x[1] == num(-735160));
      } else if (id % 10 == 4) {
        CAF_CHECK(x[1] == num(-719162));
        CAF_CHECK(x[4] == num(-62135596799999999));
        CAF_CHECK(x[9] == txt("-Infinity"));
      } else if (id % 10 == 5) {
        CAF_CHECK(x[1] == num(6585687));
        CAF_CHECK(x[4] == num(569003356800123456));
        CAF_CHECK(x[5] == num(569003356800123456));
        CAF_CHECK(x[9] == txt("100000000000000000000"));
        CAF_CHECK(x[10] == txt("0.0000000001"));
      } else {
        CAF_CHECK(x[1] == num(-1));
        CAF_CHECK(x[4] == num(-1));
        CAF_CHECK(x[12] == txt("3.4e+38"));
        CAF_CHECK(x[11] == txt("1e+22"));
        CAF_CHECK(x[13] == num(-123));
      }
    }
}

CAF_TEST(a date that PostgreSQL cannot have is refused) {
  auto date = column("x", column_type::date, "date");
  CAF_CHECK(!value_of(date, "-2440589"));
  CAF_CHECK(!value_of(date, "\"2026-13-01Z\""));
  CAF_CHECK(*value_of(date, "-2440588") == num(-2440588));
}

CAF_TEST(a numeric is exact or refused) {
  auto money = money_column("x");
  CAF_CHECK(*value_of(money, "\"-0.05\"") == num(-5));
  CAF_CHECK(*value_of(money, "\"99999999.99\"") == num(9999999999));
  CAF_CHECK(*value_of(money, "\"1.5E+1\"") == num(1500));
  CAF_CHECK(*value_of(money, "0.1") == num(10));
  CAF_CHECK(*value_of(money, "9.999999999E7") == num(9999999999));
  CAF_CHECK(*value_of(money, "\"MDk=\"") == num(12345));
  CAF_CHECK(*value_of(money, "\"/w==\"") == num(-1));
  CAF_CHECK(*value_of(money, "\"NaN\"") == value(not_a_number{}));
  for (auto* bad : {"\"1.005\"", "\"1..5\"", "\"\"", "\"-\"", "\".\"", "\"12345678901234567.89\"",
                    "\"1e999999999\"", "true", "[1]", "{}", "1e300", "\"x.y\""}) {
    auto x = value_of(money, bad);
    CAF_CHECK(!x);
    CAF_CHECK(x || says(x.why().message, "t.t: after: column x (numeric(10,2)): expected"));
  }
  auto whole = column("x", column_type::numeric, "numeric(18,0)", false, 18, 0);
  CAF_CHECK(*value_of(whole, "\"999999999999999999\"") == num(999999999999999999));
  CAF_CHECK(!value_of(whole, "\"1000000000000000000\""));
  CAF_CHECK(!value_of(whole, "\"AQ==\""));
  CAF_CHECK(!value_of(whole, "1.0E17"));
}

CAF_TEST(a value of a wrong type is refused by its column) {
  CAF_CHECK(!value_of(column("x", column_type::integer, "integer"), "\"1\""));
  CAF_CHECK(!value_of(column("x", column_type::integer, "integer"), "1.5"));
  CAF_CHECK(!value_of(column("x", column_type::bigint, "bigint"), "9223372036854775808"));
  CAF_CHECK(!value_of(column("x", column_type::boolean, "boolean"), "1"));
  CAF_CHECK(!value_of(text_column("x"), "1"));
  CAF_CHECK(!value_of(text_column("x"), "{\"a\":1}"));
  CAF_CHECK(!value_of(stamp_column("x"), "\"yesterday\""));
  CAF_CHECK(!value_of(column("x", column_type::timestamptz, "timestamp with time zone"), "5"));
  CAF_CHECK(!value_of(column("x", column_type::bytea, "bytea"), "\"?\""));
  CAF_CHECK(!value_of(column("x", column_type::real, "real"), "\"fast\""));
  CAF_CHECK(!value_of(text_column("x"), "\"\\ud800\""));
  CAF_CHECK(!value_of(text_column("x"), "\"\xff\""));
}

CAF_TEST(a missing column is named and an unknown or unused one ignored) {
  bench b{plans_of(table_of("t", "t",
                            {column("id", column_type::bigint, "bigint", true), text_column("used"),
                             text_column("unused")}),
                   {"used"})};
  CAF_CHECK_EQUAL(b.why(R"({"id":1})", create(R"({"id":1,"unused":"x"})")),
                  "t.t: after: column used is missing from the record");
  auto x = good(b(R"({"id":1})", create(R"({"new":[{"a":"}"}],"used":"y","unused":12.5,"id":1})")));
  CAF_CHECK((*x.after == row{num(1), txt("y"), null_value{}}));
  CAF_MESSAGE("the order may change from record to record");
  CAF_CHECK(*good(b(R"({"id":1})", create(R"({"id":2,"used":"z"})"))).after
            == (row{num(2), txt("z"), null_value{}}));
  CAF_CHECK(*good(b(R"({"id":1})", create(R"({"used":"z","id":3})"))).after
            == (row{num(3), txt("z"), null_value{}}));
}

CAF_TEST(a column may have any name) {
  postgres::table odd = table_of("t", "t",
                                 {column("schema", column_type::bigint, "bigint", true),
                                  text_column("a\"b\\ü"), text_column("payload")});
  bench b{odd};
  for (int i = 0; i < 2; ++i) {
    auto x = good(b(R"({"schema":1})", create(R"({"schema":1,"a\"b\\\u00fc":"x","payload":"y"})")));
    CAF_CHECK((*x.after == row{num(1), txt("x"), txt("y")}));
  }
}

CAF_TEST(the placeholder of an unchanged value is filled from the old row or refused) {
  auto table = table_of("t", "t",
                        {column("id", column_type::bigint, "bigint", true), text_column("note"),
                         column("by", column_type::bytea, "bytea")});
  bench b{table};
  auto after =
      R"({"id":1,"note":"__debezium_unavailable_value","by":"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="})";
  auto x = good(b(R"({"id":1})", update(R"({"id":1,"note":"old","by":"AA=="})", after)));
  CAF_CHECK((*x.after == row{num(1), txt("old"), txt("\\x00")}));
  for (auto* before : {"null", R"({"id":1,"note":null,"by":null})",
                       R"({"id":1,"note":"__debezium_unavailable_value","by":"AA=="})"}) {
    auto why = b.why(R"({"id":1})", update(before, after));
    CAF_CHECK(says(why, "column note"));
    CAF_CHECK(says(why, "ALTER TABLE t.t REPLICA IDENTITY FULL"));
  }
  CAF_CHECK(says(
      b.why(R"({"id":1})",
            create(R"({"id":1,"note":"x","by":"5f5f646562657a69756d5f756e617661696c61626c655f76616c7565"})")),
      "column by"));
}

CAF_TEST(a table without old rows is decoded as far as its records go) {
  for (auto* file : {"plain_string", "schema_precise"}) {
    bench all{recorded_tables()["defaults"]};
    bench some{plans_of(recorded_tables()["defaults"], {"n"})};
    for (auto& x : recorded_events(file)) {
      if (x.table != "defaults" || !x.payload)
        continue;
      auto left_out = says(*x.payload, "\"__debezium_unavailable_value\"");
      CAF_CHECK_EQUAL(!all.why(x.key, x.payload).empty(), left_out);
      auto change = good(some(x.key, x.payload));
      if (change.op == 'd') {
        CAF_REQUIRE(change.before);
        CAF_CHECK((*change.before)[0] == change.key[0]);
      } else {
        CAF_CHECK(!change.before);
      }
    }
  }
}

CAF_TEST(an old row that routing needs is asked for with the statement to run) {
  auto orders = table_of("my shop", "orders",
                         {column("id", column_type::bigint, "bigint", true),
                          column("customer_id", column_type::integer, "integer"),
                          column("status", column_type::text, "text", true)});
  auto record = [](const std::string& op, const std::string& before, const std::string& after) {
    return R"({"before":)" + before + R"(,"after":)" + after + R"(,"source":{"lsn":1},"op":")" + op + "\"}";
  };
  auto full = R"({"id":1,"customer_id":4,"status":"new"})";
  auto key_only = R"({"id":1,"customer_id":null,"status":null})";
  bench b{with_route_by(plans_of(orders), "customer_id")};
  for (auto& payload : {record("u", "null", full), record("d", "null", "null"), record("d", key_only, "null"),
                        record("u", key_only, full)}) {
    auto why = b.why(R"({"id":1})", payload);
    CAF_CHECK(says(why, "customer_id"));
    CAF_CHECK(says(why, R"(ALTER TABLE "my shop".orders REPLICA IDENTITY FULL)"));
  }
  CAF_CHECK_EQUAL(b.why(R"({"id":1})", record("u", full, full)), "");
  CAF_CHECK_EQUAL(b.why(R"({"id":1})", record("r", "null", full)), "");
  orders.full_identity = false;
  bench without_full{with_route_by(plans_of(orders), "customer_id")};
  CAF_CHECK(!without_full.why(R"({"id":1})", record("u", full, full)).empty());
  CAF_CHECK_EQUAL(without_full.why(R"({"id":1})", record("c", "null", full)), "");
}

CAF_TEST(records that are no change of the table are refused in words) {
  bench b{one_column(text_column("x"))};
  auto key = R"({"id":1})";
  auto row = std::string(R"({"id":1,"x":"a"})");
  std::map<std::string, std::string> bad{
      {"", "not a JSON record"},
      {"not json", "isn't a JSON object"},
      {"[]", "isn't a JSON object"},
      {"null", "isn't a JSON object"},
      {"42", "isn't a JSON object"},
      {"{}", "no op"},
      {R"({"op":"x",)" + source + "}", "op says x"},
      {R"({"op":"m",)" + source + "}", "logical message"},
      {R"({"op":"upsert",)" + source + "}", "op says upsert"},
      {R"({"op":"c","after":)" + row + "}", "no source"},
      {R"({"op":"c","after":null,)" + source + "}", "without a row"},
      {R"({"op":"c","after":5,)" + source + "}", "isn't an object"},
      {R"({"op":"c","after":)" + row + R"(,"source":{"schema":"t","table":"other"}})", "a record of t.other"},
      {R"({"op":"c","after":)" + row + R"(,"source":{"snapshot":"sometimes"}})", "sometimes"},
      {create(row) + "x", "not a JSON record"},
      {create(row) + create(row), "goes on"}};
  for (auto& [payload, part] : bad) {
    auto why = b.why(key, payload);
    CAF_CHECK(says(why, part));
    CAF_CHECK(says(why, "t.t: "));
    if (!says(why, part))
      CAF_MESSAGE(payload << " -> " << why);
  }
  CAF_MESSAGE("and bad keys");
  CAF_CHECK(says(b.why(std::nullopt, create(row)), "no key"));
  for (auto* bad_key : {"", "1", "{}", R"({"id":null})", R"({"id":"1"})", R"({"id":1)", R"({"other":1})"})
    CAF_CHECK(!b.why(bad_key, create(row)).empty());
  CAF_CHECK(b.why(key, create(row)).empty());
}

CAF_TEST(a record that ends too early is refused at every byte) {
  for (auto* file : {"plain_string", "schema_precise"}) {
    for (auto& x : recorded_events(file)) {
      if (x.table != "kinds" || x.offset != 3)
        continue;
      bench b{recorded_tables()["kinds"]};
      CAF_REQUIRE(b(x.key, x.payload));
      std::size_t taken = 0;
      for (std::size_t n = 0; n < x.payload->size(); ++n)
        taken += b.why(x.key, std::string_view(*x.payload).substr(0, n)).empty() ? 1 : 0;
      for (std::size_t n = 0; n < x.key->size(); ++n)
        taken += b.why(std::string_view(*x.key).substr(0, n), x.payload).empty() ? 1 : 0;
      CAF_CHECK_EQUAL(taken, 0u);
      CAF_REQUIRE(b(x.key, x.payload));
    }
  }
}

CAF_TEST(any damage to a byte is refused or decoded and never worse) {
  for (auto& x : recorded_events("plain_string")) {
    if (x.table != "kinds" || x.offset != 0)
      continue;
    bench b{recorded_tables()["kinds"]};
    std::size_t refused = 0;
    for (std::size_t i = 0; i < x.payload->size(); ++i)
      for (char c : {'\0', '"', '{', '}', '[', ',', '\\', '9', '\x80'}) {
        auto damaged = *x.payload;
        damaged[i] = c;
        refused += b.why(x.key, damaged).empty() ? 0 : 1;
      }
    CAF_CHECK(refused > x.payload->size());
    CAF_REQUIRE(b(x.key, x.payload));
  }
}

CAF_TEST(an old row that is routed by a part of its primary key has it) {
  auto pairs = one_column(text_column("x"));
  pairs.primary_key = {0, 1};
  bench b{with_route_by(plans_of(pairs), "x")};
  auto gone = good(
      b(R"({"id":1,"x":"a"})", R"({"before":{"id":1,"x":"a"},"after":null,)" + source + R"(,"op":"d"})"));
  CAF_REQUIRE(gone.before);
  CAF_CHECK((*gone.before)[0] == num(1));
  CAF_CHECK((*gone.before)[1] == txt("a"));
}

CAF_TEST(deep nesting and long text are taken as they come) {
  bench b{one_column(text_column("x"))};
  std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  b.why(R"({"id":1})", create(R"({"id":1,"x":"a","unused":)" + deep + "}"));
  CAF_CHECK(!b.why(R"({"id":1})", create(R"({"id":1,"x":)" + deep + "}")).empty());
  std::string text;
  for (int i = 0; text.size() < 10'000'000; ++i)
    text += "ü" + std::to_string(i);
  auto x =
      good(b(R"({"id":1})", update(R"({"id":1,"x":")" + text + "\"}", R"({"id":1,"x":")" + text + "\"}")));
  CAF_CHECK(x.after->at(1) == txt(text));
}

CAF_TEST(a place in the log is known without an lsn too) {
  bench b{one_column(text_column("x"))};
  auto record = [&](const std::string& block, const std::string& op = "r") {
    return good(b(R"({"id":1})", R"({"before":null,"after":{"id":1,"x":"a"},"source":{)" + block
                                     + R"(},"op":")" + op + "\"}"));
  };
  auto chunk = record(R"("snapshot":"incremental","sequence":"[\"290236912\",\"290238000\"]","lsn":null)");
  CAF_CHECK(chunk.snapshot == snapshot_kind::incremental);
  CAF_CHECK_EQUAL(chunk.at.value, 290238000u);
  CAF_CHECK_EQUAL(record(R"("snapshot":"last","sequence":"[null,\"12\"]")").at.value, 12u);
  CAF_CHECK(record(R"("snapshot":true)").snapshot == snapshot_kind::initial);
  CAF_CHECK_EQUAL(record(R"("sequence":null)").at.value, 0u);
  auto ours = good(
      b(R"({"id":1})", R"({"before":null,"after":null,"source":{"snapshot":"replay","lsn":9},"op":"d"})"));
  CAF_CHECK(ours.replayed);
  CAF_CHECK(!ours.after);
  CAF_CHECK_EQUAL(ours.at.value, 9u);
}

CAF_TEST(a stamp depends on sequence and lsn and transaction and on nothing else) {
  bench b{one_column(text_column("x"))};
  auto stamp_of = [&](const std::string& block, const std::string& text = "a") {
    return good(b(R"({"id":1})",
                  R"({"after":{"id":1,"x":")" + text + R"("},"source":{)" + block + R"(},"op":"c"})"))
        .stamp;
  };
  auto first = stamp_of(R"("sequence":"[\"1\",\"23\"]","lsn":23,"txId":4)");
  CAF_MESSAGE("the same in every build, since ledgers keep it");
  CAF_CHECK_EQUAL(first, 0xcc99eced29df38d1u);
  CAF_CHECK_EQUAL(first, stamp_of(R"("txId":4,"lsn":23,"sequence":"[\"1\",\"23\"]","ts_ms":77)", "b"));
  CAF_CHECK(first != stamp_of(R"("sequence":"[\"1\",\"23\"]","lsn":23,"txId":5)"));
  CAF_CHECK(first != stamp_of(R"("sequence":"[\"1\",\"23\"]","lsn":2,"txId":34)"));
  CAF_CHECK(first != stamp_of(R"("sequence":"[\"12\",\"3\"]","lsn":23,"txId":4)"));
}

CAF_TEST(a stamp can be told whatever the columns of the table are by now) {
  bench b{one_column(text_column("x"))};
  auto source = R"("source":{"sequence":"[\"1\",\"23\"]","lsn":23,"txId":4})";
  auto former = std::string(R"({"before":null,"after":{"id":1,"was":"a"},)") + source + R"(,"op":"c"})";
  CAF_CHECK(says(b.why(R"({"id":1})", former), "column x is missing"));
  CAF_CHECK(stamp_of(former) == 0xcc99eced29df38d1u);
  auto wrapped =
      std::string(R"({"schema":{"fields":[{"field":"after","fields":[{"field":"was"}]}]},"payload":)")
      + former + "}";
  CAF_CHECK(stamp_of(wrapped) == 0xcc99eced29df38d1u);
  CAF_CHECK(!stamp_of(R"({"after":{"id":1},"op":"c"})"));
  CAF_CHECK(!stamp_of("nonsense"));
}
