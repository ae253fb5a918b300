#define CAF_SUITE figures.target
#include "actors/figures/language/target.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

target_line good(std::string_view line) {
  auto x = parse_target(line);
  if (auto* refused = std::get_if<target_refusal>(&x))
    CAF_FAIL(line << ": " << refused->message);
  return std::get<target_line>(x);
}

target_refusal bad(std::string_view line) {
  auto x = parse_target(line);
  if (std::holds_alternative<target_line>(x))
    CAF_FAIL("taken: " << line);
  return std::get<target_refusal>(x);
}

std::string pieces(const target_template& x) {
  std::string out;
  for (auto& piece : x.pieces)
    out += piece.placeholder ? "<" + piece.text + ">" : piece.text;
  return out;
}

} // namespace

CAF_TEST(every type of place is read) {
  CAF_CHECK(good(" redis: string metrics:total").what == target_line::type::string);
  CAF_CHECK(good(" redis: json customer:{id} ttl 2h").what == target_line::type::json);
  CAF_CHECK(good(" redis: hash customer:{id}:stats").what == target_line::type::hash);
  auto field = good(" redis: hash geo field {state}:{city}  name geo_of_city ");
  CAF_CHECK(field.what == target_line::type::hash_field);
  CAF_CHECK_EQUAL(pieces(field.member), "<state>:<city>");
  CAF_CHECK_EQUAL(field.name, "geo_of_city");
  auto zset = good("redis: zset top member c{id} score spent ttl 90s");
  CAF_CHECK(zset.what == target_line::type::zset);
  CAF_CHECK_EQUAL(pieces(zset.member), "c<id>");
  CAF_CHECK_EQUAL(zset.score, "spent");
}

CAF_TEST(a ttl is a number with a unit) {
  CAF_CHECK_EQUAL(good("redis: json x:{id} ttl 90s").ttl_seconds, 90u);
  CAF_CHECK_EQUAL(good("redis: json x:{id} ttl 15m").ttl_seconds, 900u);
  CAF_CHECK_EQUAL(good("redis: json x:{id} ttl 2h").ttl_seconds, 7200u);
  CAF_CHECK_EQUAL(good("redis: json x:{id} ttl 7d").ttl_seconds, 604800u);
  for (auto line : {"redis: json x ttl 90", "redis: json x ttl 0s", "redis: json x ttl h",
                    "redis: json x ttl -1s", "redis: json x ttl 1.5h", "redis: json x ttl 99999999999d",
                    "redis: json x ttl 99999d", "redis: json x ttl 1w", "redis: json x ttl"})
    CAF_CHECK(!bad(line).message.empty());
}

CAF_TEST(doubled braces are braces and a placeholder may hold spaces) {
  CAF_CHECK_EQUAL(pieces(good("redis: string {{a}}:{b}{{").key), "{a}:<b>{");
  CAF_CHECK_EQUAL(pieces(good("redis: json x:{Full Name}:y ttl 1s").key), "x:<Full Name>:y");
  CAF_CHECK_EQUAL(good("redis: zset t member {id} score {my score} name x").score, "my score");
  CAF_CHECK_EQUAL(bad("redis: json x:{id").at, 14);
  CAF_CHECK_EQUAL(bad("redis: json x:id}").at, 16);
  CAF_CHECK(!bad("redis: json x:{}").message.empty());
}

CAF_TEST(what comes later is refused by its name) {
  CAF_CHECK(bad("redis: hash m:{k} newest latest").message.find("'newest' comes with a later version") == 0);
  CAF_CHECK(bad("redis: hash x field {id} every 60s").message.find("'every' comes with a later version")
            == 0);
  CAF_CHECK(bad("alert: high_value severity warning").message.find("alerts come with a later version") == 0);
}

CAF_TEST(an error says where it is) {
  CAF_CHECK_EQUAL(bad(" redis: list x").at, 8);
  CAF_CHECK_EQUAL(bad(" redis: hash x feild {y}").at, 15);
  CAF_CHECK_EQUAL(bad(" redis:").at, 7);
  CAF_CHECK_EQUAL(bad("redis: zset x").at, 13);
  CAF_CHECK(!bad("redis: zset x member {id}").message.empty());
  CAF_CHECK(!bad("redis: zset x score y").message.empty());
  CAF_CHECK(!bad("redis: json x name").message.empty());
  CAF_CHECK(!bad("redis: json x name a name b").message.empty());
  CAF_CHECK(!bad("redis: json x ttl 1s ttl 2s").message.empty());
}

CAF_TEST(a remark is not a target line) {
  CAF_CHECK(is_target_line(" redis: string x"));
  CAF_CHECK(is_target_line("alert: x"));
  CAF_CHECK(!is_target_line(" written to redis: see below"));
  CAF_CHECK(!is_target_line(""));
}
