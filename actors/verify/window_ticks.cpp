#include "actors/verify/window_ticks.hpp"

#include <algorithm>

namespace millrace::verify {

namespace {

tick_seconds newest(const std::vector<tick_span>& cells) {
  tick_seconds out;
  for (auto& x : cells)
    out = std::max(out, x.tick);
  return out;
}

} // namespace

std::optional<shown_ticks> common_ticks(const std::vector<tick_span>& cells) {
  shown_ticks out{newest(cells), {}};
  for (auto& x : cells)
    if (x.next.value != 0 && (out.until.value == 0 || x.next < out.until))
      out.until = x.next;
  auto any = out.until.value == 0 || out.from < out.until;
  return any ? std::optional(out) : std::nullopt;
}

bool still_shows(const shown_ticks& before, const std::vector<tick_span>& cells) {
  return before.until.value == 0 || newest(cells) < before.until;
}

} // namespace millrace::verify
