#pragma once

/// One figure's rows against Redis, a bounded piece at a time.

#include "actors/verify/read_places.hpp"

#include <functional>

namespace millrace::verify {

/// Returns the tick of each keyed place's last write, as the cells' state has
/// it; none = unknown. Asked only about places with a ttl that are absent.
using last_written =
    std::function<std::vector<std::optional<tick_seconds>>(figure_id, const std::vector<std::string>& keys)>;

/// Takes rows of query_of(figure), reads their places and hands over each
/// place with its difference, if it has one.
class judge {
 public:
  using verdict = std::function<void(const place&, std::optional<difference>)>;
  /// Places at the border of their ttl: neither equal nor different.
  using undecided = std::function<void(const place&)>;
  /// Only rows with a place that it returns true for are read.
  using wanted = std::function<bool(const place&)>;

  judge(redis::client& from, const plan_set& plans, figure_id figure, tick_seconds now,
        const last_written& written);

  verdict on_judged = [](auto&, auto) {};
  undecided on_undecided = [](auto&) {};
  wanted wants = [](auto&) { return true; };

  /// Reads Redis every few hundred rows. After an error the rest is ignored.
  void row(const text_row& x);
  /// Judges a place that no row accounts for.
  void absent(const place& x);
  /// Judges what is left. Returns the first error, if there was one.
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
