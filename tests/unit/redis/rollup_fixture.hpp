#pragma once

/// One rolled-up figure on a private Redis: rows come and go in its groups.

#include "tests/unit/redis/fixture.hpp"
#include "tests/unit/redis/rollup_model.hpp"

namespace millrace::test {

using rows = std::vector<model_row>;

inline model_row number_row(value n) {
  model_row out(col_count, null_value{});
  out[col_n] = std::move(n);
  return out;
}

inline model_row integer_row(std::int64_t a) {
  model_row out(col_count, null_value{});
  out[col_a] = a;
  return out;
}

inline model_aggregate one(aggregate_kind kind, std::vector<std::size_t> columns) {
  return model_of(kind, std::move(columns), "");
}

/// One figure whose place is `place` (or `place:GROUP`).
struct rollup_fixture : store_fixture {
  explicit rollup_fixture(target_kind kind, std::vector<model_aggregate> aggregates, bool grouped = true,
                          std::uint32_t ttl = 0)
      : store_fixture(one_table({make(kind, std::move(aggregates), grouped, ttl)})) {}

  static figure_plan make(target_kind kind, std::vector<model_aggregate> aggregates, bool grouped,
                          std::uint32_t ttl) {
    auto out = model_figure(kind, std::move(aggregates), grouped);
    out.place.ttl_seconds = ttl;
    return out;
  }

  const figure_plan& plan() const { return plans_.figures[0]; }

  redis::flush_outcome change(const std::string& group, const rows& before, const rows& after,
                              cell_id where = cell(0), std::int64_t tick = 0, std::int64_t closes_at = 0) {
    auto part = part_of(plan(), figure_id{0}, where, before, after);
    name_group(part, plan(), group, "place");
    part.closes_at = closes_at;
    return apply(cell_output{{}, {part}, {}}, tick, where);
  }

  /// A part that holds nothing but one sum and its count.
  void add(wide sum, std::int64_t count) {
    auto part = part_of(plan(), figure_id{0}, cell(0), {}, {});
    name_group(part, plan(), "g", "place");
    part.rows = count;
    for (auto& x : part.parts) {
      x.count = count;
      x.sum = sum.limbs();
    }
    apply(cell_output{{}, {part}, {}});
  }
};

} // namespace millrace::test
