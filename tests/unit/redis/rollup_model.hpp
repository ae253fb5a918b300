#pragma once

/// Rows of a small table, the rolled-up figures over them, and what cells would
/// tell Redis of a change: computed plainly, from all rows, to check the functions.

#include "actors/figures/plan/plan.hpp"
#include "actors/figures/values/numeric.hpp"
#include "messages/store_write.hpp"

#include <algorithm>
#include <map>

namespace millrace::test {

/// Columns: a integer, b bigint, n numeric(18,4), d date, ts timestamp, tz timestamptz, t time.
using model_row = row;
enum model_column : std::size_t { col_a, col_b, col_n, col_d, col_ts, col_tz, col_t, col_count };

struct model_aggregate {
  aggregate plan;
  std::string sql;
};

inline column_use model_use(std::size_t column) {
  using postgres::column_type;
  static const column_type types[] = {column_type::integer, column_type::bigint,    column_type::numeric,
                                      column_type::date,    column_type::timestamp, column_type::timestamptz,
                                      column_type::time};
  return {side::child, static_cast<std::uint16_t>(column), types[column], column == col_n ? 4 : 0};
}

inline model_aggregate model_of(aggregate_kind kind, std::vector<std::size_t> columns, std::string sql) {
  model_aggregate out;
  out.plan.what = kind;
  for (auto x : columns) {
    out.plan.factors.push_back(model_use(x));
    out.plan.scale += out.plan.factors.back().scale;
    out.plan.type = out.plan.factors.back().type;
  }
  out.sql = std::move(sql);
  return out;
}

inline std::vector<model_aggregate> model_aggregates() {
  using k = aggregate_kind;
  return {
      model_of(k::count_rows, {}, "count(*)"),
      model_of(k::count, {col_a}, "count(a)"),
      model_of(k::sum, {col_a}, "sum(a)"),
      model_of(k::avg, {col_a}, "avg(a)"),
      model_of(k::sum, {col_b}, "sum(b)"),
      model_of(k::avg, {col_b}, "avg(b)"),
      model_of(k::sum, {col_n}, "sum(n)"),
      model_of(k::avg, {col_n}, "avg(n)"),
      model_of(k::sum, {col_n, col_n}, "sum(n * n)"),
      model_of(k::avg, {col_n, col_n}, "avg(n * n)"),
      model_of(k::min, {col_n}, "min(n)"),
      model_of(k::max, {col_n}, "max(n)"),
      model_of(k::min, {col_a}, "min(a)"),
      model_of(k::max, {col_b}, "max(b)"),
      model_of(k::min, {col_d}, "min(d)"),
      model_of(k::max, {col_d}, "max(d)"),
      model_of(k::min, {col_ts}, "min(ts)"),
      model_of(k::max, {col_ts}, "max(ts)"),
      model_of(k::max, {col_tz}, "max(tz)"),
      model_of(k::min, {col_t}, "min(t)"),
  };
}

/// What one aggregate comes to over one cell's rows of a group.
struct model_total {
  std::int64_t count = 0, nans = 0;
  wide sum;
  std::string best;
};

inline bool better(const value& x, const value& y, aggregate_kind kind) {
  auto x_nan = std::holds_alternative<not_a_number>(x), y_nan = std::holds_alternative<not_a_number>(y);
  auto less = x_nan ? false : y_nan ? true : std::get<std::int64_t>(x) < std::get<std::int64_t>(y);
  return kind == aggregate_kind::min ? less : !less;
}

inline model_total total_of(const aggregate& plan, const std::vector<model_row>& rows) {
  model_total out;
  value best = null_value{};
  for (auto& r : rows) {
    if (plan.factors.empty()) {
      ++out.count;
      continue;
    }
    auto& x = r[plan.factors[0].column];
    if (is_null(x))
      continue;
    ++out.count;
    if (is_null(best) || better(x, best, plan.what))
      best = x;
    if (std::holds_alternative<not_a_number>(x)) {
      ++out.nans;
      continue;
    }
    auto n = std::get<std::int64_t>(x);
    out.sum += plan.factors.size() == 2 ? wide(static_cast<int128>(n) * n) : wide(n);
  }
  if (auto n = std::get_if<std::int64_t>(&best))
    out.best = std::to_string(*n);
  else if (std::holds_alternative<not_a_number>(best))
    out.best = "nan";
  return out;
}

/// Returns what the cell's group gained between two states of its rows.
inline rollup_part part_of(const figure_plan& plan, figure_id figure, cell_id cell,
                           const std::vector<model_row>& before, const std::vector<model_row>& after) {
  rollup_part out;
  out.figure = figure;
  out.cell = cell;
  out.rows = static_cast<std::int64_t>(after.size()) - static_cast<std::int64_t>(before.size());
  for (auto& a : plan.aggregates) {
    auto old = total_of(a, before), now = total_of(a, after);
    aggregate_part part;
    part.count = now.count - old.count;
    part.nans = now.nans - old.nans;
    now.sum -= old.sum;
    part.sum = now.sum.limbs();
    if (a.what == aggregate_kind::min || a.what == aggregate_kind::max) {
      part.best_changed = now.best != old.best;
      part.best = now.best;
    }
    out.parts.push_back(part);
  }
  return out;
}

/// A rolled-up figure over the given aggregates, named c0, c1, ...; `grouped` by text g.
inline figure_plan model_figure(target_kind kind, std::vector<model_aggregate> aggregates, bool grouped) {
  figure_plan out;
  out.what = figure_kind::rolled_up;
  out.place.what = kind;
  if (grouped) {
    out.keys.emplace_back();
    out.outputs.push_back({"g", output_column::kind::key, 0, postgres::column_type::text, 0});
  }
  for (auto& a : aggregates) {
    auto index = static_cast<std::uint16_t>(out.aggregates.size());
    out.outputs.push_back(
        {"c" + std::to_string(index), output_column::kind::aggregate, index, a.plan.type, a.plan.scale});
    out.aggregates.push_back(a.plan);
  }
  out.place.shown = grouped ? 1 : 0;
  if (grouped && (kind == target_kind::string || kind == target_kind::hash || kind == target_kind::json))
    out.place.key.pieces = {{"place:", std::nullopt}, {"", 0}};
  else
    out.place.key.pieces = {{"place", std::nullopt}};
  return out;
}

/// Names the group and its place as the fold would.
inline void name_group(rollup_part& x, const figure_plan& plan, const std::string& group,
                       const std::string& base) {
  x.group = plan.keys.empty() ? "" : group;
  x.key = plan.place.key.pieces.size() == 2 ? base + ":" + group : base;
  auto by_member = plan.place.what == target_kind::zset || plan.place.what == target_kind::hash_field;
  x.member = by_member ? group : "";
  if (!plan.keys.empty())
    x.shown = {plan.place.what == target_kind::json ? "\"" + group + "\"" : group};
  x.always = plan.keys.empty();
}

} // namespace millrace::test
