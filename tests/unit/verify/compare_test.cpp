#define CAF_SUITE verify.compare
#include "actors/verify/report.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::verify;

namespace {

expected_place sql(std::optional<std::string> text) { return {{"k", std::nullopt}, std::move(text)}; }

bool equal(target_kind what, std::optional<std::string> expected, std::optional<std::string> found) {
  return !compare(what, sql(std::move(expected)), {std::move(found), ""});
}

report with(std::vector<std::pair<figure_state, outcome>> figures) {
  report out;
  for (auto [state, result] : figures) {
    out.figures.emplace_back();
    out.figures.back().state = state;
    out.figures.back().result = result;
  }
  return out;
}

} // namespace

CAF_TEST(texts are compared as texts) {
  CAF_CHECK(equal(target_kind::string, "1.50", "1.50"));
  CAF_CHECK(!equal(target_kind::string, "1.50", "1.5"));
  CAF_CHECK(!equal(target_kind::hash, "1", std::nullopt));
  CAF_CHECK(!equal(target_kind::hash, std::nullopt, ""));
  CAF_CHECK(equal(target_kind::hash, std::nullopt, std::nullopt));
}

CAF_TEST(scores are compared as the doubles that they are nearest to) {
  CAF_CHECK(equal(target_kind::zset, "1.50", "1.5"));
  CAF_CHECK(equal(target_kind::zset, "0.1", "0.10000000000000001"));
  CAF_CHECK(equal(target_kind::zset, "12345678901234567890123", "1.2345678901234568e+22"));
  CAF_CHECK(!equal(target_kind::zset, "0.1", "0.10000000000000002"));
  CAF_CHECK(!equal(target_kind::zset, "1", std::nullopt));
}

CAF_TEST(a difference says what stands where) {
  auto found = compare(target_kind::hash, {{"customer:5:stats", "orders"}, "2"}, {"3", ""});
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(verify::to_text(*found), "customer:5:stats → orders: SQL has '2', Redis has '3'");
  auto refused = compare(target_kind::string, sql("2"), {std::nullopt, "WRONGTYPE it is a list"});
  CAF_REQUIRE(refused);
  CAF_CHECK_EQUAL(verify::to_text(*refused), "k: SQL has '2', Redis refuses: WRONGTYPE it is a list");
}

CAF_TEST(a long text is cut and the place named where two part) {
  std::string a(1000, 'x'), b = a;
  b[700] = 'y';
  auto found = compare(target_kind::json, sql(a), {b, ""});
  CAF_REQUIRE(found);
  auto text = verify::to_text(*found);
  CAF_CHECK(text.size() < 400);
  CAF_CHECK(text.find("they part at byte 700") != text.npos);
}

CAF_TEST(a place may be absent only if it is known that its last write is older than its ttl) {
  tick_seconds now{100'000};
  CAF_CHECK(may_have_expired(3600, tick_seconds{100'000 - 3600}, now));
  CAF_CHECK(!may_have_expired(3600, tick_seconds{100'000 - 3000}, now));
  CAF_CHECK(!may_have_expired(3600, std::nullopt, now));
  CAF_CHECK(!may_have_expired(0, tick_seconds{0}, now));
}

CAF_TEST(the exit code says the worst that is true) {
  using enum figure_state;
  using enum outcome;
  CAF_CHECK_EQUAL(with({{live, equal}, {live, equal}}).exit_code(), 0);
  CAF_CHECK_EQUAL(with({{live, equal}, {live, moving}}).exit_code(), 3);
  CAF_CHECK_EQUAL(with({{filling, skipped}, {live, moving}}).exit_code(), 2);
  CAF_CHECK_EQUAL(with({{incomplete, differs}}).exit_code(), 2);
  CAF_CHECK_EQUAL(with({{failed, differs}, {live, differs}, {live, moving}}).exit_code(), 1);
  CAF_CHECK_EQUAL(with({}).exit_code(), 0);
}

CAF_TEST(a report is JSON whatever Redis holds) {
  auto x = with({{figure_state::live, outcome::differs}});
  x.figures[0].name = "f";
  x.figures[0].first.push_back({{"k", "m"}, std::nullopt, "\xff\xfe", ""});
  auto json = nlohmann::json::parse(verify::to_json(x));
  CAF_CHECK_EQUAL(json["exit_code"].get<int>(), 1);
  CAF_CHECK(json["figures"][0]["differences"][0]["sql"].is_null());
  CAF_CHECK(json["figures"][0]["differences"][0]["member"] == "m");
}
