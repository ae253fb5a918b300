#pragma once

/// Batch figures by hand, and a scheduler's steps on a private Redis.

#include "actors/batch_scheduler/steps.hpp"
#include "tests/unit/redis/fixture.hpp"

namespace millrace::test {

inline output_column output(std::string name, postgres::column_type type = postgres::column_type::text) {
  output_column x;
  x.name = std::move(name);
  x.type = type;
  return x;
}

/// A figure of the columns id and name, every minute: `hash NAME field {id}`.
inline batch_plan batch(std::string name, std::string sql = "SELECT 1 AS id, 'x' AS name") {
  batch_plan x;
  x.name = name;
  x.sql = std::move(sql);
  x.every_seconds = 60;
  x.outputs = {output("id", postgres::column_type::integer), output("name")};
  x.place.what = target_kind::hash_field;
  x.place.key.pieces = {{std::move(name), std::nullopt}};
  x.place.key.encode = true;
  x.place.member.pieces = {{{}, std::uint16_t{0}}};
  x.place.shown = 1;
  x.version = 1;
  return x;
}

/// The same with a key for each row: `KIND NAME:{id}`.
inline batch_plan batch_of_keys(target_kind what, std::string name, std::string sql = {}) {
  auto x = batch(name, std::move(sql));
  x.place.what = what;
  x.place.key.pieces = {{name + ":", std::nullopt}, {{}, std::uint16_t{0}}};
  x.place.member = {};
  return x;
}

inline plan_set plans_of(std::vector<batch_plan> batches) {
  plan_set out;
  out.batches = std::move(batches);
  return out;
}

/// A scheduler's hand: it claims, begins runs of all figures, stages, and ends them.
struct batch_fixture : store_fixture {
  explicit batch_fixture(std::vector<batch_plan> batches) : store_fixture(plans_of(std::move(batches))) {
    claim_all();
  }

  void claim_all() {
    token = fresh_token();
    must(store.claim_batches(token, ""));
  }
  redis::batch_ledger look() { return must(store.batches()); }

  batch_order begin(std::int64_t now = 1000) {
    std::vector<batch_due> due;
    for (std::uint16_t i = 0; i < plans_.batches.size(); ++i)
      due.push_back({i, now - now % 60});
    auto step = begin_of(plans_, look(), due, now);
    if (must(store.step_batches(step)))
      throw std::runtime_error("Redis rejects a run that begins");
    batch_order out{token, step.next_number, {}};
    for (auto& x : due)
      out.figures.push_back(x.figure);
    return out;
  }

  redis::staged_rows rows(const batch_order& of, redis::batch_form form, std::vector<redis::batch_row> rows,
                          std::uint16_t figure = 0) {
    return {of.token, of.number, plans_.batches.at(figure).name, form, std::move(rows)};
  }

  /// Ends the run: all figures succeeded.
  result<std::optional<redis::batch_refusal>> end(const batch_order& of, std::int64_t now = 1001) {
    batch_outcome x{of.number, "2026-01-01T00:00:00.000000Z", {}};
    for (auto figure : of.figures)
      x.results.push_back({figure, 2, 5});
    auto have = look();
    have.token = of.token;
    have.number = of.number;
    return store.step_batches(end_of(plans_, have, x, now));
  }

  std::string token;
};

} // namespace millrace::test
