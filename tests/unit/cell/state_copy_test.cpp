#define CAF_SUITE cell.state_copy
#include "tests/unit/cell/flushing_cell.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr std::int64_t people_there = 12'000; // three chunks

/// A cell whose log is due to be copied with the next flush: customers in a
/// state with a long name.
struct fixture {
  const route_id people = route_of("customers", "customers");
  const source_id customers = source("customers");
  memory_store store;
  flushing_cell here{store, {shard_id{0}, entity_of("customers")}};
  std::int64_t offset = 0;

  static std::string state(char letter) { return std::string(200, letter); }
  change shows(std::int64_t id, char letter) {
    ++offset;
    return upsert(people, customer(id, "n", state(letter)), offset, static_cast<std::uint64_t>(offset));
  }
  change removes(std::int64_t id) {
    ++offset;
    return gone(change_kind::remove, people, id, offset, static_cast<std::uint64_t>(offset));
  }
  void fill_up() {
    here.publish();
    std::vector<change> all;
    for (std::int64_t id = 0; id < people_there; ++id)
      all.push_back(shows(id, 'a'));
    here.take(customers, std::move(all));
  }
  /// Flushes until the copy has become the log; returns how many flushes that took.
  std::size_t flush_until_switched() {
    std::size_t n = 0;
    for (auto before = store.generation(here.it.id()); store.generation(here.it.id()) == before && n < 100;
         ++n)
      here.flush();
    return n;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(state_copy_tests, fixture)

CAF_TEST(a log that outgrew its rows is replaced by a copy that loads the same) {
  fill_up();
  CAF_CHECK_EQUAL(flush_until_switched(), 3u);
  auto rows = rows_of(here.it);
  CAF_CHECK_EQUAL(rows.size(), static_cast<std::size_t>(people_there));
  here.load();
  CAF_CHECK(rows_of(here.it) == rows);
  CAF_CHECK(here.it.live());
}

CAF_TEST(a cell that copies asks for flushes until the copy is done) {
  fill_up();
  here.flush();
  CAF_CHECK(here.it.urgent());
  flush_until_switched();
  CAF_CHECK(!here.it.urgent());
}

CAF_TEST(changes made while the copy is written are in it) {
  fill_up();
  here.flush();
  for (std::int64_t id = 0; id < people_there; id += 7)
    here.take(customers, {id % 2 ? removes(id) : shows(id, 'b')});
  here.flush();
  here.take(customers, {shows(people_there + 1, 'c'), removes(1), shows(7, 'd')});
  here.flush();
  CAF_REQUIRE_EQUAL(store.generation(here.it.id()), 1u);
  auto rows = rows_of(here.it);
  here.load();
  CAF_CHECK(rows_of(here.it) == rows);
}

CAF_TEST(a bar set while the copy is written holds afterwards) {
  fill_up();
  here.flush();
  ++offset;
  here.take(customers, {gone(change_kind::truncate, people, 0, offset, 100'000)});
  flush_until_switched();
  here.load();
  CAF_CHECK(rows_of(here.it).empty());
  here.take(customers, {shows(1, 'x')});
  CAF_CHECK(rows_of(here.it).empty());
}

CAF_TEST(a copy that a crash cut short leaves the log as it was) {
  fill_up();
  here.flush();
  here.take(customers, {shows(1, 'b')});
  here.flush();
  auto rows = rows_of(here.it);
  here.load();
  CAF_CHECK_EQUAL(store.generation(here.it.id()), 0u);
  CAF_CHECK(rows_of(here.it) == rows);
  here.take(customers, {shows(2, 'b')});
  flush_until_switched();
  rows = rows_of(here.it);
  here.load();
  CAF_CHECK(rows_of(here.it) == rows);
}

CAF_TEST(a state log that lost blocks is refused and a rewritten one is complete) {
  here.publish();
  here.take(customers, {shows(1, 'a'), shows(2, 'b')});
  here.flush();
  here.it.copy_state();
  CAF_CHECK(here.it.urgent());
  CAF_CHECK_EQUAL(flush_until_switched(), 1u);
  auto rows = rows_of(here.it);
  here.load();
  CAF_CHECK(rows_of(here.it) == rows);
  auto ledger = store.claim(here.it.id());
  ledger.lost = true;
  CAF_CHECK(here.it.load(ledger).why().code == errc::corrupt);
}

CAF_TEST(a log that was just copied is not copied again) {
  fill_up();
  flush_until_switched();
  here.take(customers, {shows(1, 'b')});
  here.flush();
  here.flush();
  CAF_CHECK(!here.it.urgent());
  CAF_CHECK_EQUAL(store.generation(here.it.id()), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
