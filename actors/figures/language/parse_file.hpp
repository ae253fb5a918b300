#pragma once

/// Splits a figure file, a sequence of target lines, each followed by one statement.

#include "actors/figures/language/refusal.hpp"

#include <string>
#include <vector>

namespace millrace {

/// A figure as written in its file.
struct figure_text {
  std::string target;        ///< the target line, without the comment's dashes
  std::size_t target_at = 0; ///< byte in the file
  std::string sql;           ///< the statement, without its semicolon
  std::size_t sql_at = 0;    ///< byte in the file
};

/// Returns the file's figures. Adds a refusal for a statement without a target line, a target line
/// without a statement, and text that PostgreSQL's scanner rejects.
std::vector<figure_text> split_figures(const source_file& file, std::vector<refusal>& refused);

} // namespace millrace
