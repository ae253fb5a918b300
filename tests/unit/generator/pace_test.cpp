#define CAF_SUITE generator.pace
#include "actors/generator/pace.hpp"

#include <cmath>

#include "caf/test/unit_test.hpp"

using namespace millrace::generator;
using namespace std::chrono_literals;

namespace {

const moment start{1'700'000'000s};

} // namespace

CAF_TEST(rows are let through at the rate) {
  pace p(200, start);
  std::size_t written = 0;
  for (auto now = start; now < start + 60s; now += 7ms)
    if (p.allowance(now) >= 10) {
      p.spent(13); // more than it had: it has to make up for it
      written += 13;
    }
  CAF_CHECK(std::abs(static_cast<double>(written) - 12'000) < 30);
}

CAF_TEST(after a pause it catches up a second at most) {
  pace p(1000, start);
  CAF_CHECK_EQUAL(p.allowance(start + 1h), 1000.0);
}

CAF_TEST(a clock that goes back neither gives nor takes) {
  pace p(100, start);
  CAF_CHECK_EQUAL(p.allowance(start + 500ms), 50.0);
  CAF_CHECK_EQUAL(p.allowance(start - 1h), 50.0);
  CAF_CHECK_EQUAL(p.allowance(start - 1h + 100ms), 60.0);
}

CAF_TEST(it says how long to wait) {
  pace p(100, start);
  CAF_CHECK_EQUAL(p.until(20, start).count(), 200);
  CAF_CHECK_EQUAL(p.until(20, start + 150ms).count(), 50);
  CAF_CHECK_EQUAL(p.until(20, start + 300ms).count(), 0);
  p.spent(1000);
  CAF_CHECK_EQUAL(p.until(20, start + 300ms).count(), 1000);
}

CAF_TEST(a rate of nothing lets nothing through until it is changed) {
  pace p(0, start);
  CAF_CHECK_EQUAL(p.allowance(start + 10s), 0.0);
  CAF_CHECK_EQUAL(p.until(1, start + 10s).count(), 1000);
  p.set_rate(10, start + 10s);
  CAF_CHECK_EQUAL(p.allowance(start + 11s), 10.0);
}

CAF_TEST(shopping follows the day and is one on its average) {
  double all = 0;
  for (auto i = 0; i < 24; ++i)
    all += shopping(moment{} + i * 1h);
  CAF_CHECK(std::abs(all / 24 - 1) < 1e-9);
  CAF_CHECK(shopping(moment{16h}) > shopping(moment{10h}));
  CAF_CHECK(shopping(moment{10h}) > shopping(moment{4h}));
}
