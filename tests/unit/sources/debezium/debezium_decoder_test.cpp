#define CAF_SUITE debezium.debezium_decoder
#include "actors/sources/debezium/debezium_decoder.hpp"

#include "actors/figures/values/text_values.hpp"

#include "recorded_events.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using decoded = result<std::optional<table_change>>;

/// One table with its decoder.
struct bench {
  explicit bench(plan_set of, connector_modes modes = {})
      : plans(std::move(of)), decoder(plans, table_id{0}, modes) {}
  explicit bench(postgres::table of, connector_modes modes = {}) : bench(plans_of(std::move(of)), modes) {}
  decoded operator()(std::optional<std::string_view> key, std::optional<std::string_view> payload) {
    return decoder.decode(key, payload, [this] { return placeholder; });
  }
  /// The error's text; empty if there is none.
  std::string why(std::optional<std::string_view> key, std::optional<std::string_view> payload) {
    auto x = (*this)(key, payload);
    return x ? std::string() : x.why().message;
  }
  plan_set plans;
  debezium_decoder decoder;
  std::optional<std::string> placeholder; ///< what the records' header says
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
result<value> value_of(const postgres::column& x, const std::string& json, connector_modes modes = {}) {
  bench b{one_column(x), modes};
  auto change = b(R"({"id":1})", create(R"({"id":1,")" + x.name + "\":" + json + "}"));
  if (!change)
    return change.why();
  return (*change)->after->at(1);
}

constexpr connector_modes precise{true};

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
  for (auto& [file, lossy] : std::vector<setting>{
           {"plain_isostring", {}},
           {"schema_precise", {"num"}},
           {"schema_double", {"num", "n30", "t", "order_date", "created_at", "updated_at"}}}) {
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
      if (id == 3 || id == 4) { // dates before 1582 in a snapshot
        CAF_CHECK(says(b.why("{\"id\":" + std::to_string(id) + "}", payload), "column da"));
        continue;
      }
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
  CAF_MESSAGE("base64 by the connector's mode alone, whatever it looks like");
  CAF_CHECK(!value_of(money, "\"MDk=\""));
  CAF_CHECK(*value_of(money, "\"MDk=\"", precise) == num(12345));
  CAF_CHECK(*value_of(money, "\"/w==\"", precise) == num(-1));
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
  CAF_CHECK(*value_of(whole, "\"1234\"") == num(1234));
  CAF_CHECK(*value_of(whole, "\"1234\"", precise)
            == num(0xd76df8 - 0x1000000)); // these digits are base64, too
  CAF_CHECK(!value_of(whole, "1.0E17"));
}

CAF_TEST(a number beyond what numeric holds is refused by its column) {
  auto plain = column("x", column_type::numeric_unscaled, "numeric");
  for (auto* scale : {"-2147483648", "2147483647", "9223372036854775807", "-131073", "16384"}) {
    auto x = value_of(plain, std::string(R"({"scale":)") + scale + R"(,"value":"AQ=="})", precise);
    CAF_REQUIRE(!x);
    CAF_CHECK(says(x.why().message, "column x (numeric)"));
  }
  CAF_CHECK(
      !value_of(plain, R"({"scale":-131072,"value":"AQ=="})", precise)); // a digit more than numeric has
  CAF_CHECK(value_of(plain, R"({"scale":-131071,"value":"AQ=="})", precise));
  CAF_CHECK(!value_of(plain, "\"1e131072\""));
  CAF_CHECK(!value_of(plain, "\"1e-16384\""));
  CAF_CHECK(*value_of(plain, "\"1e131071\"") == txt("1" + std::string(131071, '0')));
  auto digits = std::string(1'000'000, '9');
  for (auto mode : {connector_modes{}, precise})
    for (auto& column : {plain, money_column("x")}) {
      auto x = value_of(column, '"' + digits + '"', mode);
      CAF_REQUIRE(!x);
      CAF_CHECK_LESS(x.why().message.size(), 200u);
    }
}

CAF_TEST(the longest numeric comes out of base64 as it is) {
  // 2^n for an n that numeric still holds: its last digits and its length are known.
  std::string bytes(50'000, '\0');
  bytes[0] = 1;
  std::string text;
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      bits = bits << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    for (int shift = 18; shift >= 0; shift -= 6)
      text += alphabet[bits >> shift & 63U];
  }
  text.resize(text.size() - (3 - bytes.size() % 3) % 3);
  auto x = value_of(column("x", column_type::numeric_unscaled, "numeric"),
                    R"({"scale":0,"value":")" + text + "\"}", precise);
  CAF_REQUIRE(x);
  auto& digits = std::get<std::string>(*x);
  CAF_CHECK_EQUAL(digits.size(), 120'410u); // floor(8 * 49,999 * log10(2)) + 1
  CAF_CHECK_EQUAL(digits.substr(0, 3), "389");
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
  CAF_CHECK(*good(b(R"({"id":2})", create(R"({"id":2,"used":"z"})"))).after
            == (row{num(2), txt("z"), null_value{}}));
  CAF_CHECK(*good(b(R"({"id":3})", create(R"({"used":"z","id":3})"))).after
            == (row{num(3), txt("z"), null_value{}}));
}

CAF_TEST(what stands twice in a record is refused by its name) {
  bench b{plans_of(
      table_of("t", "t",
               {column("id", column_type::bigint, "bigint", true), text_column("x"), text_column("y")}),
      {"x", "y"})};
  auto key = R"({"id":1})";
  CAF_CHECK(says(b.why(key, create(R"({"id":1,"x":"a","x":"b","y":"c"})")), "column x stands twice"));
  CAF_CHECK(says(b.why(key, create(R"({"id":1,"x":"a","x":"b"})")), "column x stands twice"));
  CAF_CHECK(
      says(b.why(R"({"id":1,"id":2})", create(R"({"id":1,"x":"a","y":"b"})")), "column id stands twice"));
  std::string row = R"({"id":1,"x":"a","y":"b"})";
  CAF_CHECK(says(b.why(key, R"({"after":)" + row + R"(,"after":)" + row + "," + source + R"(,"op":"c"})"),
                 "after stands twice"));
  CAF_CHECK(
      says(b.why(key, R"({"after":)" + row + R"(,"op":"d",)" + source + R"(,"op":"c"})"), "op stands twice"));
  CAF_CHECK(says(b.why(key, R"({"after":)" + row + "," + source + "," + source + R"(,"op":"c"})"),
                 "source stands twice"));
}

CAF_TEST(a key that says another row than the record is refused) {
  bench b{one_column(text_column("x"))};
  CAF_CHECK(says(b.why(R"({"id":2})", create(R"({"id":1,"x":"a"})")),
                 "column id of the key differs from the row's"));
  CAF_CHECK(b.why(R"({"id":1})", create(R"({"id":1,"x":"a"})")).empty());
}

CAF_TEST(a message shows no more of a record than a person reads) {
  bench b{one_column(text_column("x"))};
  auto much = std::string(1'000'000, 'a');
  for (auto& payload :
       {R"({"op":")" + much + "\"," + source + "}",
        R"({"op":"c","after":{"id":1,"x":"a"},"source":{"snapshot":")" + much + "\"}}",
        R"({"op":"c","after":{"id":1,"x":"a"},"source":{"schema":"t","table":")" + much + "\"}}",
        create(R"({"id":1,"x":[")" + much + "\"]}")}) {
    auto why = b.why(R"({"id":1})", payload);
    CAF_CHECK(!why.empty());
    CAF_CHECK_LESS(why.size(), 300u);
  }
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

namespace {

const std::string own = "__debezium_unavailable_value_00112233445566778899aabbccddeeff";
const std::string own_base64 =
    "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZV8wMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZg==";
const std::string own_hex =
    "5f5f646562657a69756d5f756e617661696c61626c655f76616c75655f3030313132323333343435353636"
    "373738383939616162626363646465656666";

postgres::table long_values() {
  return table_of("t", "t",
                  {column("id", column_type::bigint, "bigint", true), text_column("note"),
                   column("by", column_type::bytea, "bytea")});
}

std::string long_row(const std::string& note, const std::string& bytes) {
  return R"({"id":1,"note":")" + note + R"(","by":")" + bytes + "\"}";
}

} // namespace

CAF_TEST(the placeholder of an unchanged value is filled from the old row or refused) {
  bench b{long_values()};
  b.placeholder = own;
  for (auto& bytes : {own_base64, own_hex}) {
    auto x = good(b(R"({"id":1})", update(long_row("old", "AA=="), long_row(own, bytes))));
    CAF_CHECK((*x.after == row{num(1), txt("old"), txt("\\x00")}));
  }
  for (auto& before :
       {std::string("null"), std::string(R"({"id":1,"note":null,"by":null})"), long_row(own, "AA==")}) {
    auto why = b.why(R"({"id":1})", update(before, long_row(own, own_base64)));
    CAF_CHECK(says(why, "column note"));
    CAF_CHECK(says(why, "ALTER TABLE t.t REPLICA IDENTITY FULL"));
  }
  CAF_CHECK(says(b.why(R"({"id":1})", create(long_row("x", own_base64))), "column by"));
}

CAF_TEST(a text that is the placeholder of another connector is a text) {
  bench b{long_values()};
  b.placeholder = own;
  auto known = std::string("__debezium_unavailable_value");
  auto known_base64 = std::string("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==");
  for (auto& text : {known, known + "_", own + "x", known_base64}) {
    auto x = good(b(R"({"id":1})", update(long_row("old", "AA=="), long_row(text, known_base64))));
    CAF_CHECK(
        (*x.after
         == row{num(1), txt(text), txt("\\x5f5f646562657a69756d5f756e617661696c61626c655f76616c7565")}));
  }
  CAF_MESSAGE("in the old row too, and in a key");
  bench keyed{table_of("t", "t", {text_column("id"), text_column("note")})};
  keyed.placeholder = own;
  auto gone = good(keyed("{\"id\":\"" + known + "\"}",
                         update(R"({"id":"a","note":"b"})", "{\"id\":\"" + known + R"(","note":"c"})")));
  CAF_CHECK((gone.key == row{txt(known)}));
  CAF_CHECK((*gone.after)[0] == txt(known));
}

CAF_TEST(a record without the header is refused where its text may be the public placeholder) {
  bench b{long_values()};
  auto known = std::string("__debezium_unavailable_value");
  for (auto& payload :
       {update(long_row("old", "AA=="), long_row(known, "AA==")),
        update(long_row(known, "AA=="), long_row(known, "AA==")), create(long_row(known, "AA==")),
        create(long_row("x", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="))}) {
    auto why = b.why(R"({"id":1})", payload);
    CAF_CHECK(says(why, "t.t: column"));
    CAF_CHECK(says(why, "header millrace.placeholder"));
  }
  CAF_MESSAGE("a snapshot leaves out nothing");
  auto read = good(b(R"({"id":1})", R"({"before":null,"after":)" + long_row(known, "AA==") + "," + source
                                        + R"(,"op":"r"})"));
  CAF_CHECK((*read.after)[1] == txt(known));
  CAF_CHECK((*good(b(R"({"id":1})", create(long_row(known + "_", "AA==")))).after)[1] == txt(known + "_"));
}

CAF_TEST(a text that reads like a number or a time stays a text) {
  for (std::string text : {"NaN", "NAN", "infinity", "-infinity", "POSITIVE_INFINITY", "", "null"})
    for (auto type : {column_type::text, column_type::varchar, column_type::enumeration})
      CAF_CHECK(*value_of(column("x", type, "its type"), "\"" + text + "\"") == txt(text));
}

CAF_TEST(a column of a domain has the form of its base type) {
  CAF_CHECK(*value_of(stamp_column("x", 3, "moment"), "1714979289123") == num(1714979289123000));
  CAF_CHECK(*value_of(stamp_column("x", 6, "timestamp(3)"), "1714979289123456") == num(1714979289123456));
  CAF_CHECK(*value_of(time_column("x", 2), "3723450") == num(3723450000));
  auto hundreds = column("x", column_type::numeric_unscaled, "hundreds", false, 5, -2);
  CAF_CHECK(*value_of(hundreds, "\"12300." + std::string(2046, '0') + "\"") == txt("12300"));
  CAF_CHECK(*value_of(hundreds, "\"0." + std::string(2046, '0') + "\"") == txt("0"));
  CAF_CHECK(!value_of(hundreds, "\"12300.5\""));
  CAF_CHECK(!value_of(hundreds, "\"MDk=\"", precise));
  auto narrow = column("x", column_type::numeric_unscaled, "narrow", false, 3, 5);
  CAF_CHECK(*value_of(narrow, "\"0.001\"") == txt("0.00100"));
  CAF_CHECK(*value_of(narrow, "\"AQ==\"", precise) == txt("0.00001"));
  auto plain = column("x", column_type::numeric_unscaled, "numeric");
  CAF_CHECK(*value_of(plain, "\"1234\"") == txt("1234"));
  CAF_CHECK(!value_of(plain, "\"1234\"", precise));
  CAF_CHECK(*value_of(plain, R"({"scale":3,"value":"MDk="})", precise) == txt("12.345"));
}

CAF_TEST(a schema that says another form than the catalog is believed or refused) {
  auto record = [](const std::string& field, const std::string& json) {
    return R"({"schema":{"fields":[{"field":"after","fields":[{"field":"id","type":"int64"},)" + field
           + R"(]}]},"payload":)" + create(R"({"id":1,"x":)" + json + "}") + "}";
  };
  auto read = [&](const postgres::column& x, const std::string& field, const std::string& json) {
    bench b{one_column(x)};
    auto change = b(R"({"id":1})", record(field, json));
    return change ? result<value>((*change)->after->at(1)) : result<value>(change.why());
  };
  auto micro = R"({"field":"x","type":"int64","name":"io.debezium.time.MicroTimestamp"})";
  auto milli = R"({"field":"x","type":"int64","name":"org.apache.kafka.connect.data.Timestamp"})";
  auto nano = R"({"field":"x","type":"int64","name":"io.debezium.time.NanoTimestamp"})";
  CAF_CHECK(*read(stamp_column("x", 3), micro, "1714979289123000") == num(1714979289123000));
  CAF_CHECK(*read(stamp_column("x", 3), milli, "1714979289123") == num(1714979289123000));
  CAF_MESSAGE("milliseconds lack digits of a timestamp(6), and nanoseconds turn far dates into null");
  CAF_CHECK(
      says(read(stamp_column("x"), milli, "1714979289123").why().message, "time.precision.mode=adaptive"));
  CAF_CHECK(*read(stamp_column("x"), nano, "1714979289123456000") == num(1714979289123456));
  CAF_CHECK(says(read(stamp_column("x"), nano, "null").why().message, "column x"));
  CAF_MESSAGE("a scale that isn't the column's");
  auto decimal = R"({"field":"x","type":"bytes","name":"org.apache.kafka.connect.data.Decimal",)"
                 R"("parameters":{"scale":"3"}})";
  CAF_CHECK(*read(money_column("x"), decimal, "\"Bdw=\"") == num(150)); // 1.500
  CAF_CHECK(!read(money_column("x"), decimal, "\"MDk=\""));             // 12.345
  CAF_MESSAGE("bytes in hex look like base64");
  CAF_CHECK(!read(column("x", column_type::bytea, "bytea"), R"({"field":"x","type":"string"})", "\"00ff\""));
}

CAF_TEST(a timestamp that Debezium writes for more than one is refused by its column) {
  auto refused = [](const postgres::column& x, const std::string& json) {
    auto got = value_of(x, json);
    CAF_CHECK(!got);
    CAF_CHECK(got || says(got.why().message, "column x"));
    CAF_CHECK(got || says(got.why().message, "294247-01-10 04:00:54.775806"));
  };
  auto zoned = column("x", column_type::timestamptz, "timestamp with time zone");
  CAF_MESSAGE("294247-01-10 04:00:54.775807 and, in what Debezium makes of them, all full seconds after it");
  refused(stamp_column("x"), "9223372036854775807");
  CAF_MESSAGE("294247-01-10 04:00:54.775808, 294247-01-10 04:01:17.151616, 294276-12-31 23:59:59.999999");
  for (auto* wrapped : {"-9223372036854775808", "-9223372036854624193", "-9223372036853775810"})
    refused(stamp_column("x"), wrapped);
  refused(stamp_column("x"), "-210866803200000001");
  refused(stamp_column("x", 3), "9223372036854776");
  refused(stamp_column("x", 3), "9224318015999999");
  refused(stamp_column("x"), "\"+294276-12-31T23:59:59.999999Z\"");
  refused(zoned, "\"+294276-12-31T23:59:59.999999Z\"");
  refused(zoned, "\"+294247-01-10T04:00:54.775807Z\"");
  CAF_MESSAGE("the last ones that come as they are, and infinity");
  CAF_CHECK(*value_of(stamp_column("x"), "9223372036854775806") == num(plus_infinity - 1));
  CAF_CHECK(*value_of(stamp_column("x", 3), "9223372036854775") == num(9223372036854775000));
  CAF_CHECK(*value_of(stamp_column("x"), "-210866803200000000") == num(-210866803200000000));
  CAF_CHECK(*value_of(zoned, "\"+294247-01-10T04:00:54.775806Z\"") == num(plus_infinity - 1));
  CAF_CHECK(*value_of(zoned, "\"+294247-01-10T04:00:25.200000Z\"") == num(9223372036825200000));
  CAF_CHECK(*value_of(zoned, "\"infinity\"") == num(plus_infinity));
  CAF_CHECK(*value_of(zoned, "\"-infinity\"") == num(minus_infinity));
  CAF_CHECK(*value_of(stamp_column("x"), "9223372036825200000") == num(plus_infinity));
  CAF_CHECK(*value_of(stamp_column("x"), "-9223372036832400000") == num(minus_infinity));
}

CAF_TEST(the stream turns one timestamp into infinity and a read keeps it) {
  auto stamp = stamp_column("x");
  CAF_CHECK(*value_of(stamp, "9223372036825200000") == num(plus_infinity)); // 294247-01-10 04:00:25.2
  CAF_CHECK(*value_of(stamp_column("x", 3), "9223372036825200") == num(plus_infinity));
  for (std::int64_t near : {9223372036825199999, 9223372036825200001})
    CAF_CHECK(*value_of(stamp, std::to_string(near)) == num(near));
  for (std::int64_t near : {9223372036825199, 9223372036825201})
    CAF_CHECK(*value_of(stamp_column("x", 3), std::to_string(near)) == num(near * 1000));
  CAF_CHECK(*value_from_text("294247-01-10 04:00:25.2", stamp) == num(9223372036825200000));
  CAF_CHECK(*value_from_text("infinity", stamp) == num(plus_infinity));
}

CAF_TEST(an old date of a snapshot is refused by its column and comes as it is from the stream) {
  auto date = column("x", column_type::date, "date");
  bench b{one_column(date)};
  auto record = [](const std::string& kind, const std::string& days) {
    return R"({"before":null,"after":{"id":1,"x":)" + days + R"(},"source":{"snapshot":")" + kind
           + R"(","lsn":7},"op":")" + (kind == "false" ? "c" : "r") + "\"}";
  };
  for (auto* kind : {"true", "incremental", "last"}) {
    for (auto* days : {"-703383", "-141422", "-141418", "\"0044-03-15Z\""}) {
      auto why = b.why(R"({"id":1})", record(kind, days));
      CAF_CHECK(says(why, "column x"));
      CAF_CHECK(says(why, "1582-10-25"));
    }
    for (auto* days : {"-141417", "0", "null", "-622191234", "-625821272"})
      CAF_CHECK_EQUAL(b.why(R"({"id":1})", record(kind, days)), "");
  }
  CAF_CHECK((*good(b(R"({"id":1})", record("false", "-735160"))).after)[1] == num(-735160));
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
