#pragma once

/// Splits a figures file: one comment line, one statement, again and again.

#include "actors/figures/language/refusal.hpp"

#include <string>
#include <vector>

namespace millrace {

/// A figure as it stands in its file.
struct figure_text {
  std::string target;        ///< the target line, without the comment's dashes
  std::size_t target_at = 0; ///< byte in the file
  std::string sql;           ///< the statement, without its semicolon
  std::size_t sql_at = 0;    ///< byte in the file
};

/// Returns the file's figures. What isn't a figure is added to `refused`: a
/// statement without a target line, a target line without a statement, text
/// that PostgreSQL's scanner doesn't take.
std::vector<figure_text> split_figures(const source_file& file, std::vector<refusal>& refused);

} // namespace millrace
