#include "actors/figures/plan/batch_plan.hpp"

#include "actors/figures/language/cron.hpp"

#include <stdexcept>

namespace millrace {

namespace {

cron_times cron_of(const batch_plan& x) {
  auto parsed = cron_times::parse(x.cron);
  if (auto* wrong = std::get_if<cron_times::mistake>(&parsed))
    throw std::runtime_error(x.name + ": " + wrong->message); // the planner refuses it
  return std::get<cron_times>(parsed);
}

} // namespace

std::int64_t due_at_or_before(const batch_plan& x, std::int64_t now) {
  return x.every_seconds > 0 ? now - now % x.every_seconds : cron_of(x).at_or_before(now);
}

std::int64_t due_after(const batch_plan& x, std::int64_t now) {
  return x.every_seconds > 0 ? now - now % x.every_seconds + x.every_seconds : cron_of(x).after(now);
}

std::uint64_t due_between(const batch_plan& x, std::int64_t from, std::int64_t to, std::uint64_t most) {
  if (x.every_seconds > 0) {
    auto first = due_after(x, from);
    return first >= to ? 0 : static_cast<std::uint64_t>((to - 1 - first) / x.every_seconds + 1);
  }
  auto cron = cron_of(x);
  std::uint64_t out = 0;
  for (auto at = cron.after(from); at < to && out < most; at = cron.after(at))
    ++out;
  return out;
}

plan_set as_figures(const plan_set& plans) {
  plan_set out;
  out.key_prefix = plans.key_prefix;
  for (auto& x : plans.batches) {
    figure_plan y;
    y.name = x.name;
    y.file = x.file;
    y.line = x.line;
    y.sql = x.sql;
    y.target_line = x.target_line;
    y.what = figure_kind::projection;
    y.outputs = x.outputs;
    y.place = x.place;
    out.figures.push_back(std::move(y));
  }
  return out;
}

} // namespace millrace
