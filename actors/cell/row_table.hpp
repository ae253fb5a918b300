#pragma once

/// A cell's rows, the newest per key, by route. Figures are folded from them. Tracks which rows
/// changed since the last state block.

#include "actors/cell/stored_row.hpp"
#include "actors/cell/table_reads.hpp"

#include <map>
#include <string>
#include <tsl/robin_set.h>
#include <vector>

namespace millrace {

/// A row's route and key: stays valid after the row is erased.
struct row_name {
  route_id route;
  std::string key; ///< packed primary key
  auto operator<=>(const row_name&) const = default;
};

/// A row and its route.
struct named_row {
  route_id route;
  stored_row* row = nullptr;
};

/// The rows of a state block: removed ones first.
struct block_rows {
  std::vector<row_name> removed;
  std::vector<named_row> there;
  block_reads reads; ///< of their tables
  bool empty() const { return removed.empty() && there.empty(); }
};

class row_table {
 public:
  /// Returns the row; null if there is none.
  stored_row* find(route_id route, std::string_view key) const;

  /// Adds the row, or replaces its kept columns and leaves its place marks. Earlier references to
  /// the row can be invalid.
  stored_row& put(route_id route, std::string_view key, std::string_view kept, std::size_t marks);
  void erase(const row_name& name);

  /// The row goes into the next state block.
  void touch(route_id route, stored_row& x);
  /// Returns what changed since the last call. Valid until the table changes.
  block_rows take_changes();

  /// From now on, changes of the route with an LSN before this one are ignored. Either a TRUNCATE
  /// came after them, or a read of the table contains them.
  void bar(route_id route, lsn before);
  bool barred(route_id route, lsn at) const;
  /// Returns whether there is a bar at `at` or above, that is, whether the cell knows of its cause.
  bool knows_of(route_id route, lsn at) const;
  const std::map<route_id, lsn>& bars() const { return bars_; }

  /// Calls use(route_id, stored_row&) for every row. `use` must not add or erase rows.
  template <class Use>
  void each(Use use) const {
    for (auto& [route, rows] : rows_)
      for (auto& x : rows)
        use(route, *x.row);
  }
  /// Calls use(stored_row&) for every row of a route.
  template <class Use>
  void each_of(route_id route, Use use) const {
    if (auto found = rows_.find(route); found != rows_.end())
      for (auto& x : found->second)
        use(*x.row);
  }

  /// Reads that are running.
  table_reads& reads() { return reads_; }
  const table_reads& reads() const { return reads_; }

  std::vector<row_name> names() const;
  /// Returns the names of the route's rows whose LSN is before `limit`.
  std::vector<row_name> older_than(route_id route, lsn limit) const;

  std::size_t count() const;
  /// Returns the number of rows of each route, of which there are `routes`.
  std::vector<std::uint64_t> counts(std::size_t routes) const;
  void clear();

 private:
  struct slot {
    mutable stored_row::pointer row; ///< replaced by a row with the same key
  };
  struct hash_of_key {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
    std::size_t operator()(const slot& x) const { return (*this)(x.row->key()); }
  };
  struct same_key {
    using is_transparent = void;
    bool operator()(std::string_view key, const slot& x) const { return key == x.row->key(); }
    bool operator()(const slot& x, std::string_view key) const { return key == x.row->key(); }
    bool operator()(const slot& x, const slot& y) const { return x.row->key() == y.row->key(); }
  };
  /// Stores the hash with the pointer, so that growing doesn't touch the rows.
  using rows_by_key = tsl::robin_set<slot, hash_of_key, same_key, std::allocator<slot>, true>;

  stored_row& add(rows_by_key& to, std::string_view key, std::string_view kept, std::size_t marks);

  std::map<route_id, rows_by_key> rows_;
  std::map<route_id, lsn> bars_;
  table_reads reads_;
  std::vector<named_row> touched_; ///< null: erased since
  std::vector<row_name> removed_;
};

} // namespace millrace
