#define CAF_SUITE actors.dispatcher
#include "actors/dispatcher/dispatcher_actor.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// A dispatcher of two cells, and a router that has something for them.
struct fixture : test_coordinator_fixture<message_config> {
  const cell_id one{shard_id{0}, entity_id{0}}, two{shard_id{1}, entity_id{0}};
  const source_id customers = source("customers");
  std::shared_ptr<cell_script> at_one = std::make_shared<cell_script>(),
                               at_two = std::make_shared<cell_script>();
  cdc_router_actor router = sys.spawn(fake_router, std::make_shared<router_log>());
  dispatcher_actor door = sys.spawn(dispatcher);
  cell_homes homes{{one, sys.spawn(fake_cell, at_one)}, {two, sys.spawn(fake_cell, at_two)}};

  fixture() { serve(homes); }
  ~fixture() override { // a cell's script holds its router
    at_one->router = at_two->router = nullptr;
  }
  void serve(const cell_homes& x) {
    self->send(door, atom::homes_v, x);
    run();
  }
  void send(std::vector<change_batch> x) {
    caf::send_as(router, door, std::move(x));
    run();
  }
  std::vector<std::int64_t> ends(const cell_script& x) const {
    std::vector<std::int64_t> out;
    for (auto& batch : x.batches)
      out.push_back(batch.last.high);
    return out;
  }
};

using offsets = std::vector<std::int64_t>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(dispatcher_tests, fixture)

CAF_TEST(each cell gets its batches in order as from the router) {
  send({batch(one, customers, -1, 3), batch(two, customers, -1, 4), batch(one, customers, 3, 5)});
  CAF_CHECK_EQUAL(ends(*at_one), (offsets{3, 5}));
  CAF_CHECK_EQUAL(ends(*at_two), (offsets{4}));
  CAF_CHECK(at_one->router == router);
}

CAF_TEST(a batch for a cell that has moved away is dropped and the others are not) {
  serve({homes[1]});
  send({batch(one, customers, -1, 3), batch(two, customers, -1, 4)});
  CAF_CHECK(at_one->batches.empty());
  CAF_CHECK_EQUAL(ends(*at_two), (offsets{4}));
}

CAF_TEST(a batch without a sender is delivered to no cell) {
  caf::anon_send(door, std::vector{batch(one, customers, -1, 3)});
  run();
  CAF_CHECK(at_one->batches.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
