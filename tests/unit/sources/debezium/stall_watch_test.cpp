#define CAF_SUITE debezium.stall_watch
#include "actors/sources/debezium/stall_watch.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace::connect;
using namespace std::chrono_literals;

namespace {

const stall_watch::time_point start{1000s};

/// A connector whose slot was read a moment ago.
stall_watch after_reading() {
  stall_watch w;
  w.see(true, true, start - 1s);
  return w;
}

} // namespace

CAF_TEST(a connector that runs beside an idle slot is restarted after a minute and then ever later) {
  auto w = after_reading();
  CAF_CHECK(!w.see(true, false, start));
  CAF_CHECK(!w.see(true, false, start + 59s));
  CAF_CHECK(w.see(true, false, start + 60s));
  CAF_CHECK(!w.see(true, false, start + 61s));
  CAF_CHECK(!w.see(true, false, start + 180s));
  CAF_CHECK(w.see(true, false, start + 181s));
}

CAF_TEST(a slot that nobody has read yet may be idle for as long as the first snapshot takes) {
  stall_watch w;
  CAF_CHECK(!w.see(true, false, start));
  CAF_CHECK(!w.see(true, false, start + 24h));
}

CAF_TEST(a slot that is read again starts a new count) {
  auto w = after_reading();
  w.see(true, false, start);
  CAF_CHECK(w.see(true, false, start + 60s));
  CAF_CHECK(!w.see(true, true, start + 61s));
  CAF_CHECK(!w.see(true, false, start + 62s));
  CAF_CHECK(!w.see(true, false, start + 121s));
  CAF_CHECK(w.see(true, false, start + 122s));
}

CAF_TEST(time in which the task does not run or PostgreSQL does not answer counts for nothing) {
  auto w = after_reading();
  w.see(true, false, start);
  CAF_CHECK(!w.see(false, false, start + 60s));
  CAF_CHECK(!w.see(true, false, start + 61s));
  CAF_CHECK(!w.see(true, std::nullopt, start + 100s));
  CAF_CHECK(!w.see(true, false, start + 130s));
  CAF_CHECK(w.see(true, false, start + 190s));
}
