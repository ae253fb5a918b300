#pragma once

/// The result of verify, for people and programs.

#include "actors/verify/compare.hpp"

namespace millrace::verify {

/// The state of a figure, as the engine reports it.
enum class figure_state : std::uint8_t {
  live,       ///< must equal SQL
  filling,    ///< not in Redis yet, so not compared
  incomplete, ///< its tables have open dead letters, or are in doubt
  failed,     ///< Redis rejected one of its writes
};

/// The result of a figure's comparison.
enum class outcome : std::uint8_t {
  equal,
  differs, ///< permanently: the same difference twice, with all changes durable in between
  moving,  ///< never equal, but never the same difference twice: other clients are writing
  skipped, ///< not compared, because it fills
};

std::string_view name_of(figure_state x);
std::string_view name_of(outcome x);

struct figure_report {
  std::string name;
  std::string target; ///< its target line
  std::string file;
  int line = 0;
  figure_state state = figure_state::live;
  outcome result = outcome::skipped;
  std::size_t rows = 0;          ///< of the query's result
  std::size_t differing = 0;     ///< places that differ or move
  std::vector<difference> first; ///< the first of these
};

struct report {
  std::vector<figure_report> figures;
  std::size_t rounds = 0;
  std::chrono::milliseconds took{0};

  /// Returns 0 if all figures are equal, 1 if a live figure differs permanently, 2 if a figure is
  /// incomplete, filling or failed, 3 if one is moving.
  int exit_code() const;
};

/// Returns a table with one line per figure, followed by its first differences.
std::string to_text(const report& x);
/// Returns {"equal", "exit_code", "figures": [...]} on one line.
std::string to_json(const report& x);

} // namespace millrace::verify
