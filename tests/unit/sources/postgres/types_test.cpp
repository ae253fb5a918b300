#define CAF_SUITE postgres_stream.types
#include "actors/figures/values/text_values.hpp"
#include "actors/sources/postgres/change_stream.hpp"

#include "stream_database.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto kinds =
    "CREATE TYPE mood AS ENUM ('sad', 'quite happy'); CREATE DOMAIN money2 AS numeric(10,2); CREATE DOMAIN "
    "label AS text;"
    "CREATE TABLE kinds (id int PRIMARY KEY, i2 smallint, i8 bigint, bo boolean, r real, d double precision, "
    "n10 "
    "numeric(10,2), n30 numeric(30,10), num numeric, mo money2, t text, la label, v varchar(20), ch char(5), "
    "u uuid, da "
    "date, ts timestamp, ts0 timestamp(0), tz timestamptz, ti time, j json, jb jsonb, by bytea, e mood)";

/// The same table's types that figures don't know.
constexpr auto others = "CREATE TABLE others (id int PRIMARY KEY, a int[], b text[], iv interval, ip inet, "
                        "bits bit(3), ttz timetz)";

const std::vector<std::string> rows{
    "1, 1, 2, true, 1.5, 0.1, 1.5, 1.5, 1.500, 2, 'a', 'b', 'c', 'd', "
    "'00000000-0000-0000-0000-00000000000a', "
    "'2024-02-29', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00', '2024-02-29 12:00:00.5+02', '23:59:59.5', "
    "'{\"a\":  1}', '{\"b\":  1}', '\\x00ff', 'quite happy'",
    "2, -32768, -9223372036854775808, false, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', '', "
    "E'tab\\tline\\n\\\\', E'\\r', "
    "'', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'infinity', 'infinity', '-infinity', 'infinity', "
    "'24:00:00', 'null', "
    "'null', '', 'sad'",
    "3, 32767, 9223372036854775807, NULL, 'infinity', '-infinity', -99999999.99, "
    "99999999999999999999.9999999999, "
    "1e-20, 0, U&'\\00e9\\20ac', NULL, NULL, 'abc', NULL, '0044-03-15 BC', '0044-03-15 12:00:00 BC', "
    "'4713-01-01 00:00:00 BC', '0001-01-01 00:00:00+00 BC', '00:00:00', '[]', '[]', '\\x5c', NULL",
    "4, 0, 0, NULL, 1e-45, 5e-324, 0, 0, 'infinity', NULL, '\\N', '\\.', 'null', '     ', NULL, "
    "'5874897-12-31', "
    "'294247-01-10 04:00:25.2', '2024-01-01 23:59:59.9', '1900-01-01 00:00:00+00', NULL, '\"\\u00e9\"', "
    "'{\"a\": 1, \"a\": 2}', NULL, NULL",
};

/// Returns a row as the pinned session prints it, in figures' form.
row by_session(stream_database& x, int id) {
  auto& table = x.plans().tables[0].table;
  auto got = must(x.db().query_rows("SELECT * FROM kinds WHERE id = " + std::to_string(id)));
  row out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    auto& text = got->rows.at(0)[i];
    out.push_back(text ? *must(value_from_text(*text, table.columns[i])) : value());
  }
  return out;
}

value in(const stream_database& x, const row& of, const std::string& column) {
  return of[*x.plans().tables[0].table.find(column)];
}

} // namespace

CAF_TEST(every value is what a pinned session prints) {
  stream_database x("kinds", kinds);
  for (auto& each : rows)
    x.run("INSERT INTO kinds VALUES (" + each + ")");
  x.run("ALTER DATABASE kinds SET DateStyle = 'German'; ALTER DATABASE kinds SET bytea_output = 'escape';"
        "ALTER DATABASE kinds SET extra_float_digits = -3; ALTER DATABASE kinds SET TimeZone = 'Asia/Tokyo'");
  auto got = x.changes();
  CAF_REQUIRE_EQUAL(got.size(), rows.size());
  for (int i = 0; i < static_cast<int>(got.size()); ++i)
    CAF_CHECK_EQUAL(shown(*got[static_cast<std::size_t>(i)].after), shown(by_session(x, i + 1)));
  auto &first = *got[0].after, &second = *got[1].after, &third = *got[2].after, &fourth = *got[3].after;
  CAF_CHECK(in(x, first, "n10") == value(std::int64_t{150}));
  CAF_CHECK(in(x, first, "num") == value(std::string("1.500")));
  CAF_CHECK(in(x, first, "ch") == value(std::string("d    ")));
  CAF_CHECK(in(x, first, "by") == value(std::string("\\x00ff")));
  CAF_CHECK(in(x, first, "j") == value(std::string("{\"a\":  1}")));
  CAF_CHECK(in(x, second, "n10") == value(not_a_number{}));
  CAF_CHECK(in(x, second, "ts") == value(plus_infinity));
  CAF_CHECK(in(x, second, "ts0") == value(minus_infinity));
  CAF_CHECK(in(x, second, "la") == value(std::string("tab\tline\n\\")));
  CAF_CHECK(in(x, third, "d") == value(std::string("-Infinity")));
  CAF_CHECK(in(x, third, "e") == value(null_value{}));
  CAF_CHECK(in(x, fourth, "ts") == value(std::int64_t{9'223'372'036'825'200'000}));
  CAF_CHECK(in(x, fourth, "t") == value(std::string("\\N")));
}

CAF_TEST(a timestamp that the form can not hold is a bad change) {
  stream_database x("late", "CREATE TABLE late (id int PRIMARY KEY, ts timestamp)");
  x.run("INSERT INTO late VALUES (1, '294276-12-31 23:59:59')");
  auto got = x.read_all();
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[0]));
  CAF_CHECK(std::get<bad_change>(got[0]).why.find("public.late: column ts") == 0);
}

CAF_TEST(columns whose types figures do not know are no trouble to others) {
  stream_database x("other_types", others);
  auto plans = plans_of(x.plans().tables[0].table);
  plans.routes[0].columns = {0};
  x.run("INSERT INTO others VALUES (1, '{1,NULL}', '{a,\"b c\"}', '1 day', '::1', '101', '12:00+02')");
  auto how = x.how();
  how.plans = &plans;
  auto stream = must(change_stream::open(how));
  auto deadline = std::chrono::steady_clock::now() + 20s;
  std::vector<stream_event> events;
  while (events.size() < 2 && std::chrono::steady_clock::now() < deadline) {
    auto got = must(stream->poll(1 << 20, 100ms));
    events.insert(events.end(), got->events.begin(), got->events.end());
  }
  CAF_REQUIRE_EQUAL(events.size(), 2u);
  CAF_CHECK(std::get<row_change>(events[0]).key == row{std::int64_t{1}});
}
