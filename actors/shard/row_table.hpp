#pragma once

/// The last row of every key of a cell, by route: what figures are folded from.

#include "actors/figures/fold.hpp"
#include "messages/delivery.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace millrace {

/// A row at rest.
struct stored_row {
  std::string kept;              ///< packed, the route's kept columns
  lsn at;                        ///< newest LSN that showed it
  std::vector<place_mark> marks; ///< one for each projection of the route
  bool touched = false;          ///< the next state block holds it
};

/// Rows by packed primary key.
using rows_by_key = std::unordered_map<std::string, stored_row>;

/// A place in the table: survives rehashing, unlike an iterator.
struct row_name {
  route_id route;
  std::string key;
  auto operator<=>(const row_name&) const = default;
};

class row_table {
 public:
  rows_by_key& of(route_id route) { return rows_[route]; }
  const std::map<route_id, rows_by_key>& all() const { return rows_; }

  /// Returns the row, or null.
  stored_row* find(const row_name& name);
  void erase(const row_name& name);

  /// Rows of the route with an older LSN don't exist: TRUNCATE came after them.
  void bar(route_id route, lsn before);
  bool barred(route_id route, lsn at) const;
  const std::map<route_id, lsn>& bars() const { return bars_; }

  std::vector<row_name> names() const;
  /// Returns the names of a route's rows that were last shown before `limit`.
  std::vector<row_name> older_than(route_id route, lsn limit) const;

  std::size_t count() const;
  void clear();

 private:
  std::map<route_id, rows_by_key> rows_;
  std::map<route_id, lsn> bars_;
};

} // namespace millrace
