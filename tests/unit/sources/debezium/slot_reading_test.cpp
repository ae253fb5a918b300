#define CAF_SUITE debezium.slot_reading
#include "actors/sources/debezium/slot_reading.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::connect;
using namespace std::chrono_literals;

namespace {

const slot_reading::time_point start{1000s};

} // namespace

CAF_TEST(a slot that is confirmed further is read) {
  slot_reading x;
  for (int i = 0; i < 100; ++i) {
    auto seen = x.see(true, lsn{100U + static_cast<unsigned>(i)}, start + i * 10s);
    CAF_CHECK(seen.read);
    CAF_CHECK(!seen.ask);
  }
}

CAF_TEST(a slot that stands still is asked once and then not read) {
  slot_reading x;
  CAF_CHECK(x.see(true, lsn{100}, start).read);
  CAF_CHECK(!x.see(true, lsn{100}, start + 14s).ask);
  CAF_CHECK(x.see(true, lsn{100}, start + 15s).ask);
  CAF_CHECK(!x.see(true, lsn{100}, start + 17s).ask);
  CAF_CHECK(x.see(true, lsn{100}, start + 29s).read);
  CAF_CHECK(!x.see(true, lsn{100}, start + 30s).read);
  CAF_CHECK(x.see(true, lsn{101}, start + 31s).read);
  CAF_CHECK(x.see(true, lsn{101}, start + 46s).ask); // it answered, and may be asked again
}

CAF_TEST(a slot stands still from its last confirmation on) {
  slot_reading x;
  CAF_CHECK(x.still(start) == 0s); // nobody has seen it yet
  CAF_CHECK(x.still(start + 5s) == 5s);
  x.see(true, lsn{100}, start + 6s);
  x.see(false, lsn{100}, start + 10s);
  CAF_CHECK(x.still(start + 11s) == 5s);
  x.see(true, lsn{101}, start + 12s);
  CAF_CHECK(x.still(start + 12s) == 0s);
}

CAF_TEST(a slot without a connection is not read and not asked) {
  slot_reading x;
  CAF_CHECK(!x.see(false, lsn{100}, start).read);
  CAF_CHECK(!x.see(false, lsn{100}, start + 20s).ask);
  CAF_CHECK(x.see(true, lsn{101}, start + 40s).read);
}
