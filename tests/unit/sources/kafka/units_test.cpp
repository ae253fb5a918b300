#define CAF_SUITE kafka.units
#include "actors/sources/kafka/units.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;

CAF_TEST(a source stands for one partition of one table) {
  auto x = source_of(table_id{65535}, partition_id{2'147'483'647});
  CAF_CHECK(table_of(x) == table_id{65535});
  CAF_CHECK(partition_of(x) == partition_id{2'147'483'647});
  CAF_CHECK(feeds(x, table_id{65535}));
  CAF_CHECK(!feeds(x, table_id{0}));
  CAF_CHECK(source_of(table_id{1}, partition_id{0}) != source_of(table_id{0}, partition_id{1}));
}

CAF_TEST(an offset is a position and the one after a position is read next) {
  CAF_CHECK(offset_of(position_of({7})) == kafka_offset{7});
  CAF_CHECK(after(position_of({7})) == kafka_offset{8});
  CAF_CHECK(before({8}) == position_of({7}));
  CAF_CHECK(before({0}) == nowhere);
  CAF_CHECK(after(nowhere) == kafka_offset{0});
}
