#pragma once

/// What verify found, for people and programs.

#include "actors/verify/compare.hpp"

namespace millrace::verify {

/// How a figure stands in the engine, by its own word.
enum class figure_state : std::uint8_t {
  live,       ///< must equal SQL
  filling,    ///< absent in Redis so far: not compared
  incomplete, ///< its tables have open dead letters, or are in doubt
  failed,     ///< Redis refused one of its writes
};

/// What the comparison came to.
enum class outcome : std::uint8_t {
  equal,
  differs, ///< for good: the same difference twice, with all changes durable in between
  moving,  ///< never seen equal, but never twice the same: others are writing
  skipped, ///< not compared, since it fills
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
  std::vector<difference> first; ///< of them
};

struct report {
  std::vector<figure_report> figures;
  std::size_t rounds = 0;
  std::chrono::milliseconds took{0};

  /// Returns 0 if all is equal, 1 if a live figure differs for good, 2 if a
  /// figure is incomplete, filling or failed, 3 if one is moving.
  int exit_code() const;
};

/// Returns a table with a line per figure and the first differences under it.
std::string to_text(const report& x);
/// Returns {"equal", "exit_code", "figures": [...]} in one line.
std::string to_json(const report& x);

} // namespace millrace::verify
