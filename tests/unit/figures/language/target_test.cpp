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

CAF_TEST(an alert has a name and what it waits for) {
  auto x = good(" alert: low_stock severity critical for 1m keep 90s ttl 2d at first");
  CAF_CHECK(x.what == target_line::type::alert);
  CAF_CHECK_EQUAL(x.name, "low_stock");
  CAF_CHECK_EQUAL(x.severity, "critical");
  CAF_CHECK_EQUAL(x.for_seconds, 60u);
  CAF_CHECK_EQUAL(x.keep_seconds, 90u);
  CAF_CHECK_EQUAL(x.ttl_seconds, 172'800u);
  CAF_CHECK(x.at_first);
  CAF_CHECK_EQUAL(good("alert: x").severity, "warning");
  CAF_CHECK(!good("alert: x").at_first);
  CAF_CHECK(bad("alert: stream").message.find("the name stream") == 0);
  CAF_CHECK_EQUAL(bad("alert: a:b").at, 8);
  CAF_CHECK_EQUAL(bad("alert: x severity bad").at, 18);
  CAF_CHECK(bad("alert: x at last").message.find("'at first'") != std::string::npos);
  CAF_CHECK_EQUAL(bad("alert: x for 1m for 2m").message, "a second for");
  CAF_CHECK(bad("alert: x every 60s").message.find("'every' isn't part of an alert") == 0);
  CAF_CHECK(bad("alert:").message.find("ends where the alert's name") != std::string::npos);
}

CAF_TEST(a place can be followed by a stream and a channel) {
  auto x = good("redis: hash m field {k} events feed:m maxlen 500 notify pages name m");
  CAF_CHECK_EQUAL(pieces(x.events), "feed:m");
  CAF_CHECK_EQUAL(x.events_maxlen, 500u);
  CAF_CHECK_EQUAL(x.notify, "pages");
  CAF_CHECK_EQUAL(good("redis: string m events feed").events_maxlen, 100'000u);
  CAF_CHECK(bad("redis: string m events feed:{k}").message.find("a placeholder in the key of the stream")
            == 0);
  CAF_CHECK(bad("redis: string m events feed maxlen none").message.find("'none' is no number") == 0);
  CAF_CHECK_EQUAL(bad("redis: string m maxlen 5").message, "'maxlen' isn't part of a target line");
}

CAF_TEST(newest has a key without placeholders) {
  CAF_CHECK_EQUAL(pieces(good("redis: hash m:{k} newest m:latest").newest), "m:latest");
  CAF_CHECK(bad("redis: hash m:{k} newest").message.find("ends where the key of the newest")
            != std::string::npos);
  CAF_CHECK(bad("redis: hash m:{k} newest m:{k}").message.find("a placeholder in the key") == 0);
  CAF_CHECK_EQUAL(bad("redis: hash m:{k} newest a newest b").message, "a second newest");
}

CAF_TEST(every and at make a batch figure) {
  auto x = good("redis: hash x field {id} every 60s name y");
  CAF_CHECK(x.is_batch());
  CAF_CHECK_EQUAL(x.every_seconds, 60u);
  CAF_CHECK_EQUAL(x.name, "y");
  auto y = good("redis: json x at '0 3  * * mon' name z");
  CAF_CHECK(y.is_batch());
  CAF_CHECK_EQUAL(y.cron, "0 3  * * mon");
  CAF_CHECK_EQUAL(y.name, "z");
  CAF_CHECK(!good("redis: json x").is_batch());
}

CAF_TEST(a batch figure has one time that comes) {
  CAF_CHECK_EQUAL(bad("redis: json x every 60s every 5s").at, 24);
  CAF_CHECK_EQUAL(bad("redis: json x every 60s at '0 3 * * *'").at, 24);
  CAF_CHECK(bad("redis: json x every soon").message.find("isn't a duration") != std::string::npos);
  CAF_CHECK(bad("redis: json x every 0s").message.find("isn't a duration") != std::string::npos);
  CAF_CHECK(bad("redis: json x at 0 3 * * *").message.find("isn't in quotes") != std::string::npos);
  CAF_CHECK(bad("redis: json x at '0 3 * * *").message.find("isn't closed") != std::string::npos);
  auto never = bad("redis: json x at '0 0 30 2 *'");
  CAF_CHECK(never.message.find("never comes") != std::string::npos);
  CAF_CHECK_EQUAL(never.at, 22);
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
