#pragma once

/// The target line: where in Redis a figure's result has its place. Knows the
/// line's grammar and nothing of queries, plans or the catalog.
///
///   -- redis: string K | hash K | hash K field F | zset K member M score column | json K   [ttl T] [name X]
///
/// `{column}` in K, F and M stands for an output column, `{{` and `}}` for the
/// braces themselves.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace {

/// K, F or M: literals and placeholders as written.
struct target_template {
  struct piece {
    std::string text; ///< the literal, or the column's name
    bool placeholder = false;
    int at = 0; ///< byte in the line
  };
  std::vector<piece> pieces;
  int at = 0;          ///< byte in the line
  std::string written; ///< as it stands there
};

/// A target line, parsed.
struct target_line {
  enum class type : std::uint8_t { string, hash, hash_field, zset, json };
  type what = type::string;
  int at = 0; ///< of the type's word: byte in the line
  target_template key;
  target_template member; ///< hash_field, zset
  std::string score;      ///< zset: the output column
  int score_at = 0;
  std::uint32_t ttl_seconds = 0; ///< 0 = none
  int ttl_at = 0;
  std::string name; ///< empty: the file's
  int name_at = 0;
};

/// What is wrong with a line, and where.
struct target_refusal {
  int at = 0; ///< byte in the line
  std::string message;
  std::string advice;
};

/// Returns whether a comment (without its dashes) is a target line, and not
/// merely a remark.
bool is_target_line(std::string_view comment);

/// Parses a target line ("redis: hash K ..."), without the comment's dashes.
std::variant<target_line, target_refusal> parse_target(std::string_view line);

} // namespace millrace
