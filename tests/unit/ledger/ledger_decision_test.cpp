#define CAF_SUITE ledger.ledger_decision
#include "actors/ledger/ledger_decision.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

using what = ledger_decision::what;

const wanted_ledger want{true, 32, "7311"};

redis::project_format ours() {
  redis::project_format out;
  out.format = ledger_format;
  out.shards = want.shards;
  out.database = want.database;
  return out;
}

bool says(const ledger_decision& x, const std::string& words) {
  return x.reason.find(words) != std::string::npos;
}

} // namespace

CAF_TEST(a ledger that is ours is resumed) { CAF_CHECK(decide(ours(), want).verdict == what::resume); }

CAF_TEST(without a ledger one begins) { CAF_CHECK(decide({}, want).verdict == what::begin); }

CAF_TEST(an older format is a rebuild that names both) {
  auto found = ours();
  found.format = "1";
  CAF_CHECK(decide(found, want).verdict == what::rebuild);
  CAF_CHECK(says(decide(found, want), "format 1, not 2"));
}

CAF_TEST(unreadable plans need a rebuild) {
  auto unread = want;
  unread.plans_readable = false;
  CAF_CHECK(decide(ours(), unread).verdict == what::rebuild);
  CAF_CHECK(says(decide(ours(), unread), "plans"));
}

CAF_TEST(applied figures are resumed) {
  auto found = ours();
  found.next = "{}";
  CAF_CHECK(decide(found, want).verdict == what::change);
}

CAF_TEST(a rebuild leaves figures that were applied to the next apply) {
  auto found = ours();
  found.next = "{}";
  found.database = "9999";
  CAF_CHECK(decide(found, want).verdict == what::rebuild);
}

CAF_TEST(another database cluster is a rebuild that names both) {
  auto found = ours();
  found.database = "9999";
  CAF_CHECK(decide(found, want).verdict == what::rebuild);
  CAF_CHECK(says(decide(found, want), "9999"));
  CAF_CHECK(says(decide(found, want), "7311"));
}

CAF_TEST(another number of shards is refused with the advice) {
  auto found = ours();
  found.shards = 16;
  CAF_CHECK(decide(found, want).verdict == what::refuse);
  CAF_CHECK(says(decide(found, want), "MILLRACE_SHARDS=16"));
}

CAF_TEST(another format is refused whatever else differs) {
  auto found = ours();
  found.format = "3";
  found.shards = 16;
  CAF_CHECK(decide(found, want).verdict == what::refuse);
  CAF_CHECK(says(decide(found, want), "format 3"));
}
