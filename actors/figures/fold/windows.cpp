#include "actors/figures/fold/windows.hpp"

#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/numeric.hpp"

namespace millrace {

// column > now() - c   <=>  now() < column + c: false from ceil(column + c) on
// column >= now() - c  <=>  now() <= column + c: false from floor(column + c) + 1 on
// < and <= are their negations.
std::optional<tick_seconds> turn_of(const predicate& window, const row& of) {
  auto& x = of.at(window.column.column);
  if (is_null(x))
    return std::nullopt;
  auto moment = std::get<std::int64_t>(x);
  if (moment == plus_infinity)
    return never;
  if (moment == minus_infinity)
    return tick_seconds{std::numeric_limits<std::int64_t>::min()};
  auto at = static_cast<int128>(moment) + std::get<std::int64_t>(window.constants.at(0).content);
  auto seconds = at / microseconds_per_second - (at % microseconds_per_second < 0 ? 1 : 0);
  auto rest = at - seconds * microseconds_per_second;
  auto until_here = window.cmp == comparison::ge || window.cmp == comparison::lt;
  return tick_seconds{static_cast<std::int64_t>(seconds + (until_here || rest > 0 ? 1 : 0))};
}

bool is_left_at_turn(const predicate& window) {
  return window.cmp == comparison::gt || window.cmp == comparison::ge;
}

std::vector<predicate> windows_of(const figure_plan& figure, side from) {
  std::vector<predicate> out;
  for_each_window(figure, [&](const predicate& x) {
    if (x.column.from == from)
      out.push_back(x);
  });
  return out;
}

std::optional<tick_seconds> first_turn(const std::vector<predicate>& windows, const row& of,
                                       tick_seconds now) {
  std::optional<tick_seconds> out;
  for (auto& x : windows)
    if (auto turn = turn_of(x, of); turn && *turn > now && *turn != never && (!out || *turn < *out))
      out = turn;
  return out;
}

bool turns_between(const std::vector<predicate>& windows, const row& of, tick_seconds from, tick_seconds to) {
  auto turn = first_turn(windows, of, from);
  return turn && *turn <= to;
}

} // namespace millrace
