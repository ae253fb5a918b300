#define CAF_SUITE redis.position
#include "actors/redis/pack.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::redis;

namespace {

const source_id orders{2ULL << 32 | 3};

} // namespace

CAF_TEST(a position is written as ledgers of before have it while one word is enough) {
  CAF_CHECK_EQUAL(position_field(orders), "p:2:3");
  CAF_CHECK_EQUAL(position_text({orders, {8812}, {{8811}, 77120}}), "8812:8811:77120");
  CAF_CHECK_EQUAL(position_text({orders, nowhere, {}}), "-1:-1:0");
}

CAF_TEST(a position of two words comes back as it was) {
  position x{{0}, {0x7fff'ffff'ffff'ffff, 17}, {{5, 1'000'000}, ~0ULL}};
  auto back = read_position(position_field(x.source), position_text(x));
  CAF_REQUIRE(back);
  CAF_CHECK(back->source == x.source);
  CAF_CHECK(back->last == x.last);
  CAF_CHECK(back->seen == x.seen);
}

CAF_TEST(a damaged position is none) {
  for (auto field : {"p:", "p:1", "p:1:", "p:1:2:3", "p:-1:2", "q:1:2", "p:4294967296:0"})
    if (read_position(field, "1:1:1"))
      CAF_ERROR(field);
  for (auto text : {"", "1", "1:1", "1:1:", "1:1:1:1", "1.:1:1", "1.x:1:1", "x:1:1", "1:1:-1", "1 :1:1"})
    if (read_position("p:1:2", text))
      CAF_ERROR(text);
}
