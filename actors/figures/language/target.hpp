#pragma once

/// Parses the target line, which names the figure's place in Redis. Uses no query, plan or catalog.
///
///   -- redis: string K | hash K | hash K field F | zset K member M score column | json K
///          [ttl T] [every T | at 'cron'] [newest K2] [events K3 [maxlen N]] [notify CHANNEL]
///          [name X]
///   -- alert: NAME [severity info|warning|critical] [for T] [keep T] [ttl T] [at first]
///
/// `every` and `at` make it a batch figure. The cron line has five fields, in UTC.
/// `{column}` in K, F and M stands for an output column. `{{` and `}}` are literal braces.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace {

/// K, F or M: its literals and placeholders.
struct target_template {
  struct piece {
    std::string text; ///< the literal, or the column's name
    bool placeholder = false;
    int at = 0; ///< byte in the line
  };
  std::vector<piece> pieces;
  int at = 0;          ///< byte in the line
  std::string written; ///< the text as written
};

/// A target line, parsed.
struct target_line {
  enum class type : std::uint8_t { string, hash, hash_field, zset, json, alert };
  type what = type::string;
  int at = 0; ///< of the type keyword: byte in the line
  target_template key;
  target_template member; ///< hash_field, zset
  std::string score;      ///< zset: the output column
  int score_at = 0;
  std::uint32_t ttl_seconds = 0; ///< 0 = none
  int ttl_at = 0;
  target_template events; ///< the stream that gets each change of a place; no pieces: none
  std::uint32_t events_maxlen = 100'000;
  std::string notify; ///< the channel that gets each change of a place; empty: none
  int notify_at = 0;
  target_template newest;           ///< the key of the newest place's copy; no pieces: none
  std::string severity = "warning"; ///< alert
  std::uint32_t for_seconds = 0, keep_seconds = 0;
  bool at_first = false;
  std::uint32_t every_seconds = 0; ///< 0: no `every`
  std::string cron;                ///< empty: no `at`
  int times_at = 0;                ///< of `every` or `at`
  std::string name;                ///< empty: the file's name. Of an alert: its NAME
  int name_at = 0;
  bool is_batch() const { return every_seconds > 0 || !cron.empty(); }
};

/// An error in a target line, and its position.
struct target_refusal {
  int at = 0; ///< byte in the line
  std::string message;
  std::string advice;
};

/// Returns whether a comment (without its dashes) is a target line rather than a remark.
bool is_target_line(std::string_view comment);

/// Parses a target line ("redis: hash K ..."), given without the comment's dashes.
std::variant<target_line, target_refusal> parse_target(std::string_view line);

} // namespace millrace
