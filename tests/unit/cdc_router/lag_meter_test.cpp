#define CAF_SUITE cdc_router.lag_meter
#include "actors/cdc_router/lag_meter.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{0};
const source_id items{1ULL << 32};
const cell_id here{shard_id{3}, entity_id{0}};
const cell_id idle{shard_id{4}, entity_id{0}};

} // namespace

CAF_TEST(the lag is that of a change until its cell has it) {
  lag_meter x;
  x.delivered(here, orders, {10}, 1'000, 1'200);
  x.durable(here, orders, {9}, 2'000);
  CAF_CHECK_EQUAL(x.own_ms(), 0);
  x.durable(here, orders, {10}, 2'500);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 1'500);
  CAF_CHECK_EQUAL(x.own_ms(), 1'300);
  x.delivered(here, orders, {20}, 3'000, 3'100);
  x.durable(here, orders, {25}, 3'600);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 600);
  CAF_CHECK_EQUAL(x.own_ms(), 500);
}

CAF_TEST(the change that has waited longest is the one that is measured) {
  lag_meter x;
  x.delivered(here, orders, {10}, 1'000, 1'200);
  x.delivered(here, orders, {20}, 2'000, 2'100);
  x.durable(here, orders, {20}, 2'500);
  CAF_CHECK_EQUAL(x.own_ms(), 1'300);
}

CAF_TEST(an idle cell that only progress marks move says nothing) {
  lag_meter x;
  x.delivered(here, orders, {10}, 1'000, 1'200);
  x.durable(here, orders, {10}, 1'300);
  x.durable(idle, orders, {10}, 5'000);
  CAF_CHECK_EQUAL(x.own_ms(), 100);
}

CAF_TEST(a position of one source says nothing of another) {
  lag_meter x;
  x.delivered(here, orders, {10}, 1'000, 1'200);
  x.durable(here, items, {99}, 5'000);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 0);
}

CAF_TEST(batches without a commit time are not measured) {
  lag_meter x;
  x.delivered(here, orders, {10}, 0, 1'200);
  x.durable(here, orders, {10}, 5'000);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 0);
}

CAF_TEST(a partition that is no longer read leaves no state) {
  lag_meter x;
  x.delivered(here, orders, {10}, 1'000, 1'200);
  x.delivered(here, items, {10}, 1'000, 1'200);
  x.forget(orders);
  x.delivered(here, orders, {20}, 9'000, 9'100);
  x.durable(here, orders, {20}, 9'300);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 300);
  x.durable(here, items, {10}, 9'400);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 8'400);
}
