// PostgreSQL's text of a value -> value: what a server prints comes back as it was.

#include "actors/figures/values/text_values.hpp"

#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/text.hpp"
#include "tests/unit/postgres_server.hpp"

#define CAF_SUITE figures.text_values
#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

namespace {

/// A column's type, and literals of it.
struct kind {
  std::string type;
  std::vector<std::string> literals;
};

const std::vector<kind> kinds{
    {"smallint", {"-32768", "0", "32767"}},
    {"integer", {"-2147483648", "2147483647"}},
    {"bigint", {"-9223372036854775808", "9223372036854775807"}},
    {"numeric(10,2)", {"0", "-0.05", "99999999.99", "-99999999.99", "NaN"}},
    {"numeric(18,0)", {"999999999999999999", "-1"}},
    {"numeric(18,18)", {"0.000000000000000001", "-0.5"}},
    {"numeric", {"NaN", "Infinity", "-Infinity", "0.00", "123456789012345678901234567890.5"}},
    {"numeric(30,10)", {"1", "-0.0000000001"}},
    {"numeric(5,-2)", {"12300", "-100", "0"}},
    {"boolean", {"true", "false"}},
    {"text", {"", "NaN", "infinity", "NULL", "\\x", "tab\tü日本", "__debezium_unavailable_value"}},
    {"varchar(5)", {"abc", "  x  "}},
    {"char(5)", {"", "ab", "  x"}},
    {"uuid", {"11111111-2222-3333-4444-555555555555"}},
    {"date",
     {"infinity", "-infinity", "4714-11-24 BC", "0044-03-15 BC", "0001-12-31 BC", "0001-01-01", "1582-10-10",
      "1970-01-01", "2024-02-29", "10000-01-01", "5874897-12-31"}},
    {"timestamp",
     {"infinity", "-infinity", "4714-11-24 00:00:00 BC", "0044-03-15 12:00:00 BC",
      "0001-12-31 23:59:59.999999 BC", "1582-10-10 00:00:00", "2024-02-29 10:00:00.5", "10000-01-01 00:00:00",
      "294247-01-10 04:00:54.775806"}},
    {"timestamp(3)", {"2024-05-06 07:08:09.123"}},
    {"timestamptz",
     {"infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "0044-03-15 12:00:00.000001+00 BC",
      "2024-02-29 10:00:00+00", "2024-02-29 10:00:00+02:30", "294247-01-10 04:00:54.775806+00"}},
    {"time", {"00:00:00", "23:59:59.999999", "24:00:00", "10:00:00.1"}},
    {"json", {R"({"a" : [1, null]})", "null", "\"x\""}},
    {"jsonb", {R"({"a" : [1, null]})", "1.50"}},
    {"bytea", {"", "\\x00ff", "\\x5f5f646562657a69756d"}},
    {"real", {"NaN", "Infinity", "-Infinity", "-0", "0.1", "3.4e+38", "1e-45", "1000000"}},
    {"double precision", {"NaN", "-Infinity", "0.1", "1e+15", "1e-05", "1.7976931348623157e+308", "5e-324"}},
    {"mood", {"happy", "infinity", ""}}};

postgres::column column_of(column_type type, int scale = 0) {
  postgres::column x;
  x.name = "x";
  x.type = type;
  x.type_name = "its type";
  x.scale = scale;
  return x;
}

std::string why(const result<value>& x) { return x ? std::string() : x.why().message; }

bool is_refused(std::string_view text, column_type type, int scale = 0) {
  return !value_from_text(text, column_of(type, scale));
}

std::int64_t number(std::string_view text, column_type type, int scale = 0) {
  auto x = value_from_text(text, column_of(type, scale));
  if (!x)
    CAF_FAIL(x.why().message);
  return std::get<std::int64_t>(*x);
}

} // namespace

CAF_TEST(a value of every type is read as PostgreSQL prints it) {
  auto server = test::postgres_server::start(15630);
  auto db = postgres::session::open(server->settings());
  CAF_REQUIRE(static_cast<bool>(db));
  std::string columns;
  for (std::size_t i = 0; i < kinds.size(); ++i)
    columns += ", c" + std::to_string(i) + " " + kinds[i].type;
  CAF_REQUIRE(db->execute("CREATE TYPE mood AS ENUM ('happy', 'infinity', '')"));
  CAF_REQUIRE(db->execute("CREATE TABLE every(id serial PRIMARY KEY" + columns + ")"));
  auto catalog = db->load_catalog();
  CAF_REQUIRE(catalog);
  auto& table = catalog->front();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    auto name = "c" + std::to_string(i);
    auto& of = table.columns[*table.find(name)];
    CAF_CHECK(of.type != column_type::other);
    for (auto& literal : kinds[i].literals) {
      auto printed = db->query_rows("INSERT INTO every(" + name + ") VALUES ("
                                    + postgres::quoted_text(literal) + ") RETURNING " + name);
      CAF_REQUIRE(printed);
      auto text = printed->rows[0][0].value();
      auto read = value_from_text(text, of);
      if (!read)
        CAF_FAIL(kinds[i].type << " " << literal << ": " << read.why().message);
      if (to_text(*read, of.type, of.scale) != text)
        CAF_ERROR(kinds[i].type << ": " << text << " came back as " << to_text(*read, of.type, of.scale));
    }
  }
}

CAF_TEST(a value is in the form that figures fold) {
  CAF_CHECK_EQUAL(number("t", column_type::boolean), 1);
  CAF_CHECK_EQUAL(number("f", column_type::boolean), 0);
  CAF_CHECK_EQUAL(number("-12.50", column_type::numeric, 2), -1250);
  CAF_CHECK(*value_from_text("NaN", column_of(column_type::numeric, 2)) == value(not_a_number{}));
  CAF_CHECK(*value_from_text("NaN", column_of(column_type::text)) == value("NaN"));
  CAF_CHECK(*value_from_text("infinity", column_of(column_type::text)) == value("infinity"));
  CAF_CHECK_EQUAL(number("1970-01-02", column_type::date), 1);
  CAF_CHECK_EQUAL(number("0044-03-15 BC", column_type::date), -735160);
  CAF_CHECK_EQUAL(number("infinity", column_type::date), plus_infinity);
  CAF_CHECK_EQUAL(number("0044-03-15 12:00:00 BC", column_type::timestamp),
                  -735160 * microseconds_per_day + microseconds_per_day / 2);
  CAF_CHECK_EQUAL(number("2026-01-01 00:00:01.5+00", column_type::timestamptz), 1767225601500000);
  CAF_CHECK_EQUAL(number("-infinity", column_type::timestamptz), minus_infinity);
  CAF_CHECK_EQUAL(number("24:00:00", column_type::time), microseconds_per_day);
}

CAF_TEST(a timestamp that sixty four bits cannot hold is refused by its column) {
  for (auto type : {column_type::timestamp, column_type::timestamptz})
    for (std::string text : {"294247-01-10 04:00:54.775807", "294276-12-31 23:59:59.999999"}) {
      auto zoned = text + (type == column_type::timestamptz ? "+00" : "");
      CAF_CHECK_EQUAL(why(value_from_text(zoned, column_of(type))),
                      "column x (its type): expected a timestamp up to 294247-01-10 04:00:54.775806,"
                      " as far as figures go, found "
                          + zoned);
    }
  CAF_CHECK_EQUAL(number("294247-01-10 04:00:54.775806", column_type::timestamp), plus_infinity - 1);
}

CAF_TEST(a text that is not of the type is refused) {
  for (auto* text : {"", "1 ", "+1", "1.0", "9223372036854775808", "x"})
    CAF_CHECK(is_refused(text, column_type::bigint));
  for (auto* text : {"", "true", "1"})
    CAF_CHECK(is_refused(text, column_type::boolean));
  for (auto* text : {"", "1.005", "Infinity", "x", "12345678901234567.89"})
    CAF_CHECK(is_refused(text, column_type::numeric, 2));
  for (auto* text :
       {"", "2024-02-29 ", "24-02-29", "2024-13-01", "-0044-03-15", "Infinity", "2024-02-29 BC "})
    CAF_CHECK(is_refused(text, column_type::date));
  for (auto* text :
       {"", "2024-02-29", "2024-02-29T10:00:00", "2024-02-29 10:00:00+02", "2024-02-29 10:00:00Z"})
    CAF_CHECK(is_refused(text, column_type::timestamp));
  for (auto* text : {"", "10:00:00+00", "infinity", "25:00:00"})
    CAF_CHECK(is_refused(text, column_type::time));
  CAF_CHECK(is_refused("(1,2)", column_type::other));
}
