#pragma once

/// Compares one figure's rows with Redis, in chunks of bounded size.

#include "actors/verify/read_places.hpp"

#include <functional>

namespace millrace::verify {

/// Returns the tick of each keyed place's last write in the cells' state; nullopt if unknown. Called only
/// for absent places with a ttl.
using last_written =
    std::function<std::vector<std::optional<tick_seconds>>(figure_id, const std::vector<std::string>& keys)>;

/// Takes rows of query_of(figure), reads their places, and reports each place with its difference, if
/// any.
class judge {
 public:
  using verdict = std::function<void(const place&, std::optional<difference>)>;
  /// Reports a place at the border of its ttl, which is neither equal nor different.
  using undecided = std::function<void(const place&)>;
  /// Selects places. Rows without a selected place aren't read from Redis.
  using wanted = std::function<bool(const place&)>;

  judge(redis::client& from, const plan_set& plans, figure_id figure, tick_seconds now,
        const last_written& written);

  verdict on_judged = [](auto&, auto) {};
  undecided on_undecided = [](auto&) {};
  wanted wants = [](auto&) { return true; };

  /// Adds a row. Reads Redis every few hundred rows. After an error, it ignores the remaining rows.
  void row(const text_row& x);
  /// Judges a place that no row explains.
  void absent(const place& x);
  /// Judges the remaining rows. Returns the first error, if there was one.
  result<void> finish();

  std::size_t rows() const { return rows_; }

 private:
  void take(expected_place x);
  void read();
  void forgive_expired(std::vector<std::optional<difference>>& differences) const;

  redis::client& from_;
  figure_id id_;
  const figure_plan& figure_;
  tick_seconds now_;
  const last_written& written_;
  std::vector<expected_place> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t rows_ = 0;
  result<void> state_;
};

} // namespace millrace::verify
