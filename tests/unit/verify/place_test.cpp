#define CAF_SUITE verify.place
#include "actors/verify/expect.hpp"
#include "tests/unit/verify/shop_plans.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;
using namespace millrace::verify;

namespace {

constexpr auto number = column_type::integer;
constexpr auto text = column_type::text;

key_expression by(key_expression::kind what, std::string argument) {
  key_expression out;
  out.what = what;
  out.argument = std::move(argument);
  return out;
}

std::int64_t begin_of(key_expression::kind what, std::string argument, std::string_view x) {
  auto found = bucket_begin(by(what, std::move(argument)), x);
  return found ? found->value : -1;
}

} // namespace

CAF_TEST(a name is filled in once and a text in a key is encoded) {
  std::vector<output_column> outputs{key("id", text), key("n", number)};
  CAF_CHECK_EQUAL(render(named("a:{0}:{1}"), outputs, {"1:st%ats{1}", "7"}).value_or(""),
                  "a:1%3Ast%25ats{1}:7");
  CAF_CHECK_EQUAL(render(named("{0}", false), outputs, {"a:b", "7"}).value_or(""), "a:b");
  CAF_CHECK(!render(named("a:{0}:{1}"), outputs, {"x", std::nullopt}));
}

CAF_TEST(times and numbers in a key stay as PostgreSQL prints them) {
  std::vector<output_column> outputs{key("day", column_type::timestamp)};
  CAF_CHECK_EQUAL(render(named("d:{0}"), outputs, {"2026-01-02 00:00:00"}).value_or(""),
                  "d:2026-01-02 00:00:00");
}

CAF_TEST(a name that another template gives is told apart) {
  std::vector<output_column> numbers{key("id", number)}, texts{key("id", text)};
  CAF_CHECK(could_be(named("customer:{0}"), numbers, "customer:12"));
  CAF_CHECK(could_be(named("customer:{0}"), numbers, "customer:-12"));
  CAF_CHECK(!could_be(named("customer:{0}"), numbers, "customer:12:stats"));
  CAF_CHECK(!could_be(named("customer:{0}"), numbers, "customer:"));
  CAF_CHECK(could_be(named("customer:{0}"), texts, "customer:"));
  CAF_CHECK(!could_be(named("customer:{0}"), texts, "customer:12:stats"));
  CAF_CHECK(could_be(named("customer:{0}"), texts, "customer:12%3Astats"));
  CAF_CHECK(could_be(named("a"), texts, "a"));
  CAF_CHECK(!could_be(named("a"), texts, "ab"));
}

CAF_TEST(two placeholders beside each other match whatever the border) {
  std::vector<output_column> outputs{key("a", text), key("b", number)};
  CAF_CHECK(could_be(named("x:{0}{1}:y"), outputs, "x:abc12:y"));
  CAF_CHECK(!could_be(named("x:{0}{1}:y"), outputs, "x:abc:y"));
}

CAF_TEST(a hash shows every column but those of its key) {
  auto plan = figure("stats", target_kind::hash, "customer:{0}:stats", "",
                     {key("customer_id", number), shown("orders"), shown("spent")});
  auto places = expected_of(plan, {"5", "2", std::nullopt});
  CAF_REQUIRE_EQUAL(places.size(), 2u);
  CAF_CHECK_EQUAL(verify::to_text(places[0].where), "customer:5:stats → orders");
  CAF_CHECK_EQUAL(places[0].text.value_or(""), "2");
  CAF_CHECK(!places[1].text); // NULL is an absent field
  CAF_CHECK(expected_of(plan, {std::nullopt, "2", "3"}).empty());
}

CAF_TEST(a score that is absent or not a number is no member) {
  auto plan =
      with_member(figure("top", target_kind::zset, "top", "", {key("id", number), shown("spent")}), "{0}", 1);
  CAF_CHECK_EQUAL(expected_of(plan, {"5", "1.50"}).at(0).text.value_or(""), "1.50");
  CAF_CHECK(!expected_of(plan, {"5", "NaN"}).at(0).text);
  CAF_CHECK(!expected_of(plan, {"5", std::nullopt}).at(0).text);
  CAF_CHECK(expected_of(plan, {std::nullopt, "3"}).empty());
}

CAF_TEST(the query of a json figure asks PostgreSQL for the JSON) {
  auto plan =
      figure("c", target_kind::json, "c:{0}", "SELECT * FROM customers -- all;\n ; ", {key("id", number)});
  CAF_CHECK_EQUAL(query_of(plan),
                  "SELECT millrace_verified_row.*, row_to_json(millrace_verified_row)::text FROM (\n"
                  "SELECT * FROM customers -- all\n) AS millrace_verified_row");
}

CAF_TEST(the begin of a bucket is read from its text) {
  using enum key_expression::kind;
  CAF_CHECK_EQUAL(begin_of(date_trunc, "minute", "1970-01-02 00:01:00"), 86460);
  CAF_CHECK_EQUAL(begin_of(date_trunc, "milliseconds", "1970-01-02 00:01:00.123"), 86460);
  CAF_CHECK_EQUAL(begin_of(to_char, "YYYYMMDD_HH24MI", "19700102_0001"), 86460);
  CAF_CHECK_EQUAL(begin_of(to_char, "yyyy\"Y\"mm", "1970Y02"), 31 * 86400);
  CAF_CHECK_EQUAL(begin_of(to_char, "YYYY", "1971"), 365 * 86400);
  // What doesn't say when it was never closes.
  CAF_CHECK_EQUAL(begin_of(to_char, "HH24:MI", "10:20"), -1);
  CAF_CHECK_EQUAL(begin_of(date_trunc, "day", "infinity"), -1);
}

CAF_TEST(a bucket closes when its time and its ttl have passed) {
  auto plan = figure("m", target_kind::hash, "m:{0}", "", {key("minute", text), shown("orders")});
  plan.keys = {by(key_expression::kind::to_char, "YYYYMMDD_HH24MI")};
  plan.time_key = 0;
  plan.place.ttl_seconds = 3600;
  text_row row{"19700102_0000", "5"};
  auto closes = 86400 + 3600;
  CAF_CHECK(bucket_of(plan, row, tick_seconds{closes - 60}) == bucket::open);
  CAF_CHECK(bucket_of(plan, row, tick_seconds{closes - 5}) == bucket::border);
  CAF_CHECK(bucket_of(plan, row, tick_seconds{closes + 5}) == bucket::border);
  CAF_CHECK(bucket_of(plan, row, tick_seconds{closes + 60}) == bucket::closed);
  plan.place.ttl_seconds = 0;
  CAF_CHECK(bucket_of(plan, row, tick_seconds{closes + 60}) == bucket::open);
}
