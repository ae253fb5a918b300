#define CAF_SUITE ledger.refill
#include "actors/ledger/change_over.hpp"
#include "actors/ledger/retire.hpp"
#include "tests/unit/redis/fixture.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const std::string project = "shop";
const tick_seconds now{1'700'000'000};

bool feeds(source_id source, table_id table) { return source.value >> 32 == table.value; }

/// The small shop with one shard, live in a private Redis.
struct fixture : store_fixture {
  fixture() : store_fixture(small_shop()) {
    must(store.set_format(
        {"2", small_shop().fingerprint(), 1, to_json(small_shop()), "", "live", "", 0, "", "", "a life"}));
    serve();
    orders->offer(batch(orders->id(), source("orders"), -1, 2, {shows(1, "new", 1), shows(2, "paid", 2)}),
                  now);
    flush();
  }

  static change shows(std::int64_t id, const std::string& status, std::int64_t offset) {
    return upsert(route_of("orders", "orders"), order(id, 7, 100, status), offset,
                  static_cast<std::uint64_t>(offset));
  }

  /// Begins a node's life with what the ledger has: the cell of the orders.
  void serve() {
    stored = stored_plans::read(must(store.format()));
    for (auto& x : must(claim_cells(store, all_cells(stored.plans, 1))))
      if (x.cell.entity == entity_of("orders")) {
        orders.emplace(cells_of(stored, project), x.cell);
        must(orders->load(x));
      }
    orders->publish(now);
    flush();
  }
  redis::flush_outcome flush() {
    auto out = must(store.flush({orders->collect(now)}, now));
    orders->flushed();
    return out;
  }

  stored_plans stored;
  std::optional<millrace::cell> orders;
};

} // namespace

CAF_TEST(a figure that lost its partials leaves no place and is filled from memory) {
  fixture f;
  CAF_CHECK_EQUAL(f.text({"HGET", "orders:by_status", "paid"}), "1");
  f.ask({"DEL", "millrace:shop:rollup:by_status"});
  CAF_REQUIRE(must(f.store.mend(must(f.store.inspect({})).refill)) == redis::proposal::taken);
  auto found = must(f.store.format());
  must(change_over(f.store, found, project, now, feeds));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "orders:by_status"}), "0"); // though no part told of it
  CAF_CHECK(must(f.store.failed_figures()).empty());
  CAF_CHECK(fill_note_from_json(must(f.store.format()).note).figures
            == std::vector<std::string>{"by_status"});
  f.serve();
  CAF_CHECK_EQUAL(f.text({"HGET", "orders:by_status", "new"}), "1");
  CAF_CHECK_EQUAL(f.text({"HGET", "orders:by_status", "paid"}), "1");
  CAF_CHECK(must(f.store.inspect({})).refill.empty());
}

CAF_TEST(a figure that is filled again is not another one for the next apply) {
  fixture f;
  must(f.store.refill({"by_status"}));
  must(change_over(f.store, must(f.store.format()), project, now, feeds));
  auto stored = stored_plans::read(must(f.store.format()));
  CAF_CHECK_EQUAL(stored.epoch, 1u);
  CAF_CHECK(stored.plans.fingerprint() == small_shop().fingerprint());
  CAF_CHECK_EQUAL(f.text({"EXISTS", "orders:by_status"}), "0");
}
