#pragma once

/// A connection that reads tables as a snapshot shows them. Private to actors/sources/postgres.

#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/problem.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::postgres {

/// Not thread-safe.
class copy_out {
 public:
  /// Connects and takes the exported snapshot, which must still exist. After that it isn't needed.
  static outcome<copy_out> open(const settings& to, const std::string& snapshot);
  ~copy_out();
  copy_out(copy_out&&) noexcept;
  copy_out& operator=(copy_out&&) noexcept;

  /// Begins to read columns of a table. It is `rewritten` if the table was rewritten or truncated since: the
  /// snapshot would show it empty. The table is locked (ACCESS SHARE) until the connection ends.
  outcome<void> begin(const table& of, const std::vector<std::uint16_t>& columns);

  enum class state { row, waiting, end };
  /// Stores the next row in `line`, valid until the next call. Waits for it at most so long.
  outcome<state> next(std::string_view& line, std::chrono::milliseconds wait);

 private:
  struct impl;
  explicit copy_out(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::postgres
