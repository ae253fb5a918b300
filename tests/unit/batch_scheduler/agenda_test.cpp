#define CAF_SUITE batch_scheduler.agenda
#include "actors/batch_scheduler/agenda.hpp"
#include "tests/unit/batch_scheduler/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

redis::batch_record ran_at(std::int64_t slot) {
  redis::batch_record x;
  x.version = 1;
  x.slot = slot;
  x.ended = slot + 1;
  return x;
}

redis::batch_record failed_at(std::int64_t slot, std::uint32_t failures, std::int64_t ended) {
  auto x = ran_at(slot);
  x.failures = failures;
  x.ended = ended;
  return x;
}

redis::batch_ledger with(redis::batch_record x) {
  redis::batch_ledger out;
  out.records["x"] = std::move(x);
  return out;
}

const plan_set one = plans_of({batch("x")});

std::size_t due(const redis::batch_ledger& have, std::int64_t now) { return due_now(one, have, now).size(); }

} // namespace

CAF_TEST(a figure without a record is due at once) {
  auto x = due_now(one, {}, 1030);
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK_EQUAL(x[0].slot, 1020);
  CAF_CHECK_EQUAL(x[0].missed, 0u);
}

CAF_TEST(a figure is due at its times and only once at each) {
  CAF_CHECK_EQUAL(due(with(ran_at(960)), 1019), 0u);
  CAF_CHECK_EQUAL(due(with(ran_at(960)), 1020), 1u);
  CAF_CHECK_EQUAL(due(with(ran_at(1020)), 1020), 0u);
  CAF_CHECK_EQUAL(due(with(ran_at(1020)), 1079), 0u);
}

CAF_TEST(another plan is due at once) {
  auto old = ran_at(1020);
  old.version = 2;
  CAF_CHECK_EQUAL(due(with(old), 1021), 1u);
}

CAF_TEST(times at which no node ran are missed and the last of them runs) {
  auto x = due_now(one, with(ran_at(960)), 1290);
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK_EQUAL(x[0].slot, 1260);
  CAF_CHECK_EQUAL(x[0].missed, 4u); // 1020 1080 1140 1200
  CAF_CHECK_EQUAL(x[0].missed_from, 1020);
  CAF_CHECK_EQUAL(x[0].missed_to, 1200);
}

CAF_TEST(a failed figure is tried again after a growing pause) {
  CAF_CHECK_EQUAL(due(with(failed_at(1020, 1, 1025)), 1025), 0u);
  CAF_CHECK_EQUAL(due(with(failed_at(1020, 1, 1025)), 1026), 1u);
  CAF_CHECK_EQUAL(due(with(failed_at(1020, 3, 1030)), 1033), 0u);
  auto again = due_now(one, with(failed_at(1020, 3, 1030)), 1034);
  CAF_REQUIRE_EQUAL(again.size(), 1u);
  CAF_CHECK(again[0].again);
  CAF_CHECK_EQUAL(again[0].slot, 1020);
}

CAF_TEST(after five attempts a figure waits for its next time) {
  CAF_CHECK_EQUAL(due(with(failed_at(1020, 5, 1040)), 1079), 0u);
  auto next = due_now(one, with(failed_at(1020, 5, 1040)), 1080);
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  CAF_CHECK(!next[0].again);
}

CAF_TEST(a request runs a figure before its time) {
  auto have = with(ran_at(1020));
  have.requested = {"x"};
  auto x = due_now(one, have, 1030);
  CAF_REQUIRE_EQUAL(x.size(), 1u);
  CAF_CHECK_EQUAL(x[0].slot, 1020);
  CAF_CHECK_EQUAL(x[0].missed, 0u);
  have.requested = {"another"};
  CAF_CHECK_EQUAL(due(have, 1030), 0u);
}

CAF_TEST(a clock that goes back doubles no run and one that was far ahead stops none) {
  CAF_CHECK_EQUAL(due(with(ran_at(1020)), 900), 0u);
  CAF_CHECK_EQUAL(due(with(ran_at(1'000'020)), 900), 1u);
}

CAF_TEST(a run that begins is recorded as failed until it ends) {
  redis::batch_ledger have;
  have.token = "t";
  have.number = 7;
  auto step = begin_of(one, have, {{0, 1020, false, 2, 900, 960}}, 1025);
  CAF_CHECK_EQUAL(step.next_number, 8u);
  CAF_CHECK_EQUAL(step.missed, 2u);
  CAF_CHECK_EQUAL(step.history.size(), 1u);
  auto& begun = step.records.at("x");
  CAF_CHECK_EQUAL(begun.failures, 1u);
  CAF_CHECK_EQUAL(begun.missed, 2u);
  have.records = step.records;
  have.number = 8;
  have.running = step.running;
  CAF_CHECK_EQUAL(report_of(one.batches[0], &begun, true, 1026).state, "runs");
  CAF_CHECK_EQUAL(report_of(one.batches[0], &begun, false, 1026).state, "failed");
  auto end = end_of(one, have, {8, "s", {{0, 3, 40}}}, 1030);
  CAF_CHECK_EQUAL(end.records.at("x").failures, 0u);
  CAF_CHECK_EQUAL(end.records.at("x").rows, 3u);
  CAF_CHECK_EQUAL(end.replaced, std::vector<std::string>{"x"});
  CAF_CHECK_EQUAL(end.completed, 1u);
  auto failed = end_of(one, have, {8, "s", {{0, 3, 40, "PostgreSQL: division by zero"}}}, 1030);
  CAF_CHECK(failed.replaced.empty());
  CAF_CHECK_EQUAL(failed.dropped, std::vector<std::string>{"x"});
  CAF_CHECK_EQUAL(failed.failed, 1u);
  CAF_CHECK(failed.history.at(0).find("division by zero") != std::string::npos);
  auto report = report_of(one.batches[0], &failed.records.at("x"), false, 1030);
  CAF_CHECK_EQUAL(report.state, "failed");
  CAF_CHECK_EQUAL(report.since, 1025);
}

CAF_TEST(a failed figure is failed while the next attempt runs) {
  redis::batch_ledger have;
  have.records = begin_of(one, have, {{0, 1020}}, 1025).records;
  have.records = end_of(one, have, {8, "s", {{0, 3, 40, "PostgreSQL: division by zero"}}}, 1026).records;
  have.records = begin_of(one, have, {{0, 1020, true}}, 1027).records;
  auto report = report_of(one.batches[0], &have.records.at("x"), true, 1028);
  CAF_CHECK_EQUAL(report.state, "failed");
  CAF_CHECK_EQUAL(report.why, "PostgreSQL: division by zero. An attempt is under way");
  CAF_CHECK_EQUAL(report.since, 1025);
}
