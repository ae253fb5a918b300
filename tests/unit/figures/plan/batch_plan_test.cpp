#define CAF_SUITE figures.batch_plan
#include "actors/figures/plan/batch_plan.hpp"
#include "actors/figures/plan/explain.hpp"
#include "actors/figures/plan/plan_change.hpp"
#include "actors/figures/plan/plan_version.hpp"
#include "tests/unit/figures/plan/catalog_of_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

namespace {

postgres::described_column described(std::string name, column_type type) {
  postgres::described_column x;
  x.name = std::move(name);
  x.type = type;
  return x;
}

/// PostgreSQL, as far as these figures need it: it finds the same columns in every query.
database_answers answers() {
  database_answers out;
  out.describe = [](const std::string&) -> result<postgres::description> {
    return postgres::description{{described("id", column_type::integer), described("name", column_type::text),
                                  described("spent", column_type::double_precision),
                                  described("tags", column_type::other)},
                                 {}};
  };
  out.volatiles = [](const std::vector<called_function>& x) -> result<std::vector<std::string>> {
    return x.empty() ? std::vector<std::string>{} : std::vector<std::string>{"random()"};
  };
  return out;
}

planning plan_batch(const std::string& text, const std::string& prefix = {}) {
  return plan_texts({{"sql/batch/x.sql", text}}, test::catalog_of_shop(), {"public"}, answers(), prefix);
}

/// Returns the only refusal's message and advice; empty: there is none.
std::string refusal_of(const std::string& target) {
  auto x = plan_batch("-- redis: " + target + "\nSELECT random();\n");
  return x.refusals.empty() ? "" : x.refusals[0].message + "; " + x.refusals[0].advice;
}

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

batch_plan every(std::uint32_t seconds) {
  batch_plan x;
  x.every_seconds = seconds;
  return x;
}

} // namespace

CAF_TEST(a batch figure has a plan and no cells) {
  auto y = plan_batch("-- redis: hash x:{id}:of every 60s name mine\nSELECT random();\n", "p:");
  CAF_REQUIRE(y.refusals.empty());
  CAF_REQUIRE_EQUAL(y.plans.batches.size(), 1u);
  CAF_CHECK(y.plans.figures.empty());
  CAF_CHECK(y.plans.tables.empty());
  auto& batch = y.plans.batches[0];
  CAF_CHECK_EQUAL(batch.name, "mine");
  CAF_CHECK_EQUAL(batch.every_seconds, 60u);
  CAF_CHECK_EQUAL(batch.place.key.pieces[0].literal, "p:x:");
  CAF_CHECK_EQUAL(batch.outputs.size(), 4u);
  CAF_CHECK(batch.version != 0);
}

CAF_TEST(places of all kinds take any columns) {
  CAF_CHECK_EQUAL(refusal_of("hash x:{name} every 60s"), "");
  CAF_CHECK_EQUAL(refusal_of("json x:{id}:{name} every 60s"), "");
  CAF_CHECK_EQUAL(refusal_of("json x every 60s"), "");
  CAF_CHECK(says(refusal_of("zset x member {name} score spent every 60s"), "shows one column"));
  CAF_CHECK(says(refusal_of("string x:{id} every 60s"), "shows one column"));
}

CAF_TEST(what a batch figure can not have is refused by name) {
  CAF_CHECK(says(refusal_of("json x:{tags} every 60s"), "isn't supported in a name"));
  CAF_CHECK(says(refusal_of("json x ttl 2h every 60s"), "ttl on a batch figure"));
  CAF_CHECK(says(refusal_of("json {name} every 60s"), "needs a literal prefix"));
  CAF_CHECK(says(refusal_of("json x:{id}{name} every 60s"), "no text separates {id}"));
  CAF_CHECK(says(refusal_of("json x:{nobody} every 60s"), "the query has no column nobody"));
  CAF_CHECK(says(refusal_of("json batch_jobs:mine every 60s"), "Millrace's own keys"));
  CAF_CHECK(says(refusal_of("json x at '0 0 31 2 *'"), "never comes"));
}

CAF_TEST(the summaries are for batch figures) {
  CAF_CHECK_EQUAL(refusal_of("json batch_summary:latest every 60s"), "");
  auto live = plan_texts({{"a.sql", "-- redis: string batch_summary:x\nSELECT count(*) FROM orders;\n"}},
                         test::catalog_of_shop(), {"public"}, {});
  CAF_REQUIRE_EQUAL(live.refusals.size(), 1u);
  CAF_CHECK(says(live.refusals[0].message, "is for batch figures"));
}

CAF_TEST(a batch figure shares no key with another) {
  auto both = plan_batch("-- redis: hash x field {id} every 60s name a\nSELECT random();\n"
                         "-- redis: json x every 60s name b\nSELECT random();\n");
  CAF_REQUIRE(!both.refusals.empty());
  auto twice = plan_batch("-- redis: json x every 60s name a\nSELECT random();\n"
                          "-- redis: json y every 60s name a\nSELECT random();\n");
  CAF_REQUIRE_EQUAL(twice.refusals.size(), 1u);
  CAF_CHECK(says(twice.refusals[0].message, "is taken by"));
  auto keys = plan_batch("-- redis: json x:{id} every 60s name a\nSELECT random();\n"
                         "-- redis: json x:{name} every 60s name b\nSELECT random();\n");
  CAF_REQUIRE_EQUAL(keys.refusals.size(), 1u);
  CAF_CHECK(says(keys.refusals[0].message, "shares no key"));
}

CAF_TEST(check names the functions that are neither immutable nor stable) {
  auto x = plan_batch("-- redis: json x every 60s\nSELECT random();\n");
  CAF_REQUIRE(x.refusals.empty());
  auto text = explain(x.plans);
  CAF_CHECK(says(text, "batch: PostgreSQL runs the query every 60 s"));
  CAF_CHECK(says(text, "it calls random(), which isn't immutable or stable"));
}

CAF_TEST(plans with batch figures come back from their JSON) {
  auto x = plan_batch("-- redis: json x:{id} at '0 3 * * *'\nSELECT random();\n");
  auto again = plans_from_json(to_json(x.plans));
  CAF_REQUIRE_EQUAL(again.batches.size(), 1u);
  CAF_CHECK_EQUAL(again.batches[0].cron, "0 3 * * *");
  CAF_CHECK_EQUAL(version_of(again.batches[0]), x.plans.batches[0].version);
  CAF_CHECK(difference(x.plans, again).nothing());
}

CAF_TEST(a change of a batch figure fills no live one) {
  auto before = plan_batch("-- redis: json x every 60s name a\nSELECT random();\n"
                           "-- redis: json y every 60s name b\nSELECT random();\n");
  auto after = plan_batch("-- redis: json x every 30s name a\nSELECT random();\n"
                          "-- redis: json z every 60s name c\nSELECT random();\n");
  auto change = difference(before.plans, after.plans);
  CAF_CHECK(!change.nothing());
  CAF_CHECK(change.fills().empty());
  CAF_CHECK(change.lacks().empty());
  CAF_CHECK_EQUAL(change.removals(), 1u);
  std::string told;
  for (auto& x : change.batches)
    told += x.name + " " + to_text(x.step) + ";";
  CAF_CHECK_EQUAL(told, "a changed;c added;b removed;");
  auto gone = change.retired_batches(before.plans);
  CAF_REQUIRE_EQUAL(gone.size(), 2u);
  CAF_CHECK_EQUAL(gone[0]->name, "a");
  CAF_CHECK_EQUAL(gone[1]->name, "b");
  CAF_CHECK_EQUAL(before.plans.fingerprint(), after.plans.fingerprint());
}

CAF_TEST(a period counts from 1970) {
  CAF_CHECK_EQUAL(due_at_or_before(every(60), 119), 60);
  CAF_CHECK_EQUAL(due_after(every(60), 119), 120);
  CAF_CHECK_EQUAL(due_after(every(60), 120), 180);
  CAF_CHECK_EQUAL(due_between(every(60), 60, 120, 9), 0u);
  CAF_CHECK_EQUAL(due_between(every(60), 60, 240, 9), 2u); // 120 and 180
  batch_plan daily;
  daily.cron = "0 3 * * *";
  CAF_CHECK_EQUAL(due_between(daily, 3 * 3600, 3 * 3600 + 4 * 86'400, 9), 3u);
}
