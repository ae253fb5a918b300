#pragma once

/// Where dead letters are kept: records that can't be decoded, until they are resolved. A letter is safe
/// before the position passes its record.

#include "messages/error.hpp"
#include "messages/units.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A letter to be kept.
struct new_letter {
  source_id source;
  stream_position at;
  std::string table; ///< SCHEMA.TABLE
  std::optional<std::string> key, payload;
  std::string why;
  std::int64_t at_ms = 0;
};

/// An open letter, without its payload.
struct dead_letter {
  std::string origin; ///< names the record, and so the letter
  std::string error, table;
  std::int64_t at_ms = 0;
  std::optional<std::string> key;
};

/// A letter's content. A long payload is cut, and a long key is left out.
struct letter_content {
  std::optional<std::string> key, payload;
};

/// For one thread. Errors: unavailable.
class letter_box {
 public:
  virtual ~letter_box() = default;

  /// Keeps the letters. Returns once none of them can be lost. One that is there already is one letter.
  virtual result<void> put(std::vector<new_letter> letters) = 0;

  /// Returns the open letters by origin: those that nobody has resolved. If they are many, the oldest of
  /// them; count() has all.
  virtual result<std::map<std::string, dead_letter>> open() = 0;

  /// Returns the number of open letters by table. Cheap if nothing has changed since the last call.
  virtual result<std::map<std::string, std::int64_t>> count() = 0;

  /// Reads one of the letters that open() returned.
  virtual result<letter_content> read(const std::string& origin) = 0;

  /// Closes letters that open() returned. `how` says what became of their rows.
  virtual result<void> resolve(const std::vector<std::string>& origins, const std::string& how) = 0;

  /// Closes all of a table's letters that were open at the last open() or count(), also those that open()
  /// didn't return.
  virtual result<void> resolve_table(const std::string& table, const std::string& how) = 0;
};

} // namespace millrace
