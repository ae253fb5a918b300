#define CAF_SUITE redis.change
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

redis::project_format live_format() {
  redis::project_format out{"1", 7, 32, "{}", "db", "live", "{}"};
  out.epoch = 3;
  out.life = "first";
  return out;
}

} // namespace

CAF_TEST(plans to come are noted once and only in the ledger that was read) {
  store_fixture f;
  auto format = live_format();
  CAF_CHECK(must(f.store.propose(format, "new")) == redis::proposal::none);
  must(f.store.set_format(format));
  CAF_CHECK(!must(f.store.replaced("first")));
  auto other = format;
  other.epoch = 2;
  CAF_CHECK(must(f.store.propose(other, "new")) == redis::proposal::other);
  CAF_CHECK(must(f.store.propose(format, "new")) == redis::proposal::taken);
  CAF_CHECK(must(f.store.propose(format, "new")) == redis::proposal::taken);
  CAF_CHECK(must(f.store.propose(format, "newer")) == redis::proposal::under_way);
  CAF_CHECK_EQUAL(must(f.store.replaced("first")).value_or(""),
                  "figures were applied, or are to be filled again");
  CAF_CHECK_EQUAL(must(f.store.format()).next, "new");
}

CAF_TEST(while figures fill others may replace them) {
  store_fixture f;
  auto format = live_format();
  format.phase = "filling";
  must(f.store.set_format(format));
  CAF_CHECK(must(f.store.propose(format, "new")) == redis::proposal::taken);
  CAF_CHECK(must(f.store.replaced("first")));
}

CAF_TEST(a ledger is begun once and whoever comes second is told) {
  store_fixture f;
  auto first = live_format(), second = live_format();
  second.life = "second";
  must(f.store.begin(first, ""));
  auto late = f.store.begin(second, "");
  CAF_REQUIRE(!late);
  CAF_CHECK(late.why().code == errc::fenced);
  CAF_CHECK_EQUAL(must(f.store.format()).life, "first");
  CAF_CHECK(!must(f.store.replaced("first")));
  must(f.store.begin(second, "first"));
  CAF_CHECK_EQUAL(must(f.store.format()).life, "second");
  CAF_CHECK_EQUAL(must(f.store.replaced("first")).value_or(""), "the ledger was created again");
}

CAF_TEST(what another life has is not wiped) {
  store_fixture f;
  must(f.store.set_format(live_format()));
  auto owner = f.claim(cell(0)).owner;
  auto refused = f.store.wipe({cell(0)}, "before");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::fenced);
  CAF_CHECK(f.store.claim({cell(0)}, {"next"}, {owner}));
  must(f.store.wipe({cell(0)}, "first"));
  CAF_CHECK(!f.store.claim({cell(0)}, {"next"}, {owner}));
}

CAF_TEST(plans are adopted with their positions in one step) {
  store_fixture f;
  must(f.store.set_format(live_format()));
  auto ledger = f.claim(cell(0));
  auto flush = f.next(ledger);
  source_id kept{0}, gone{1ULL << 32}, fresh{2ULL << 32 | 5};
  flush.positions = {{kept, {4}, {}}, {gone, {5}, {}}};
  must(f.store.flush({flush}, tick_seconds{0}));
  f.ask({"HSET", "millrace:shop:failed", "geo", "WRONGTYPE", "stats", "WRONGTYPE"});
  auto after = live_format();
  after.epoch = 4;
  after.former = "[]";
  must(f.store.adopt({{cell(0), ledger.owner, {gone}, {{fresh, {9}, {{9}, 1}}}}}, {"geo"}, after));
  CAF_CHECK_EQUAL(must(f.store.format()).epoch, 4u);
  CAF_CHECK_EQUAL(must(f.store.format()).former, "[]");
  auto all = must(f.store.positions({cell(0)}));
  CAF_REQUIRE_EQUAL(all[0].positions.size(), 2u);
  CAF_CHECK(all[0].positions[0].source == kept);
  CAF_CHECK(all[0].positions[1].source == fresh);
  CAF_CHECK_EQUAL(all[0].positions[1].last.high, 9);
  CAF_CHECK_EQUAL(must(f.store.failed_figures()).size(), 1u);
}

CAF_TEST(plans are not adopted by one who lost a cell) {
  store_fixture f;
  must(f.store.set_format(live_format()));
  auto mine = f.claim(cell(0));
  f.claim(cell(0));
  auto after = live_format();
  after.epoch = 4;
  auto done = f.store.adopt({{cell(0), mine.owner, {}, {}}}, {}, after);
  CAF_REQUIRE(!done);
  CAF_CHECK(done.why().code == errc::fenced);
  CAF_CHECK_EQUAL(must(f.store.format()).epoch, 3u);
}
