#define CAF_SUITE cdc_router.lag_meter
#include "actors/cdc_router/lag_meter.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{table_id{0}, partition_id{0}};
const source_id items{table_id{1}, partition_id{0}};

} // namespace

CAF_TEST(the lag is that of the newest batch that is durable) {
  lag_meter x;
  x.delivered(orders, {10}, 1'000, 1'200);
  x.delivered(orders, {20}, 2'000, 2'100);
  x.durable(orders, {19}, 2'500);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 1'500);
  CAF_CHECK_EQUAL(x.own_ms(), 1'300);
  x.durable(orders, {20}, 2'600);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 600);
  CAF_CHECK_EQUAL(x.own_ms(), 500);
}

CAF_TEST(a position of one source says nothing of another) {
  lag_meter x;
  x.delivered(orders, {10}, 1'000, 1'200);
  x.durable(items, {99}, 5'000);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 0);
}

CAF_TEST(batches without a commit time are not measured) {
  lag_meter x;
  x.delivered(orders, {10}, 0, 1'200);
  x.durable(orders, {10}, 5'000);
  CAF_CHECK_EQUAL(x.end_to_end_ms(), 0);
}
