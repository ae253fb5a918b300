#include "actors/generator/pace.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millrace::generator {

using namespace std::chrono_literals;

void pace::set_rate(double rate, moment now) {
  allowance(now);
  rate_ = rate;
}

double pace::allowance(moment now) {
  // A clock that was set back changes nothing.
  auto passed = std::clamp<std::chrono::duration<double>>(now - last_, 0s, 1s);
  last_ = now;
  if (rate_ > 0)
    tokens_ = std::min(tokens_ + passed.count() * rate_, rate_);
  return rate_ > 0 ? tokens_ : 0;
}

std::chrono::milliseconds pace::until(double rows, moment now) {
  auto have = allowance(now);
  if (rate_ <= 0)
    return 1s;
  // A rate below `rows` per second never saves that many, so one second's rows are enough.
  auto missing = std::min(rows, std::max(rate_, 1e-9)) - have;
  auto wait = std::chrono::duration<double>(std::max(missing, 0.0) / rate_);
  return std::min(std::chrono::ceil<std::chrono::milliseconds>(wait), 1000ms);
}

double shopping(moment now) {
  auto of_day = std::chrono::duration<double>(now.time_since_epoch() % 24h);
  auto busiest = std::chrono::duration<double>(16h);
  return 1 + 0.4 * std::cos(2 * std::numbers::pi * (of_day - busiest) / std::chrono::duration<double>(24h));
}

} // namespace millrace::generator
