#define CAF_SUITE debezium.watch
#include "actors/sources/debezium/watch.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace::connect;
using namespace std::chrono_literals;

namespace {

connector_status with_task(const std::string& state) { return {true, "RUNNING", "", {{0, state, ""}}}; }

const connector_status running = with_task("RUNNING");
const connector_status failed = with_task("FAILED");
const watch::time_point start{1000s};

} // namespace

CAF_TEST(a failed task is restarted at once and then ever later) {
  watch w;
  CAF_CHECK(w.see(failed, start));
  auto now = start;
  for (auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    CAF_CHECK(!w.see(failed, now + pause - 1ms));
    now += pause;
    CAF_CHECK(w.see(failed, now));
  }
  CAF_CHECK_EQUAL(w.restarts(), 9);
}

CAF_TEST(a short run between two failures does not shorten the pause) {
  watch w;
  CAF_CHECK(w.see(failed, start));
  CAF_CHECK(w.see(failed, start + 1s));
  CAF_CHECK(!w.see(running, start + 2s));
  CAF_CHECK(!w.see(failed, start + 2500ms));
  CAF_CHECK(w.see(failed, start + 3s));
}

CAF_TEST(a connector that ran for a minute starts a new count) {
  watch w;
  for (auto at : {0s, 1s, 3s, 7s})
    CAF_CHECK(w.see(failed, start + at));
  CAF_CHECK(!w.see(running, start + 10s));
  CAF_CHECK(!w.see(running, start + 70s));
  CAF_CHECK_EQUAL(w.restarts(), 0);
  CAF_CHECK(w.see(failed, start + 71s));
  CAF_CHECK(w.see(failed, start + 72s));
}

CAF_TEST(what has not failed is left alone) {
  watch w;
  for (auto* state : {"PAUSED", "UNASSIGNED", "RESTARTING", "STOPPED"})
    CAF_CHECK(!w.see(with_task(state), start));
  CAF_CHECK(!w.see({}, start));
  CAF_CHECK(w.see({true, "FAILED", "", {}}, start));
}
