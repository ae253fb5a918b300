#pragma once

/// The last row of every key of a cell, by route: what figures are folded from.
/// Knows which rows changed since the last state block.

#include "actors/cell/stored_row.hpp"
#include "actors/cell/table_reads.hpp"

#include <map>
#include <string>
#include <tsl/robin_set.h>
#include <vector>

namespace millrace {

/// A row's name: survives the row.
struct row_name {
  route_id route;
  std::string key; ///< packed primary key
  auto operator<=>(const row_name&) const = default;
};

/// A row and the route that it came by.
struct named_row {
  route_id route;
  stored_row* row = nullptr;
};

/// What a state block says of rows: first those that have gone.
struct block_rows {
  std::vector<row_name> removed;
  std::vector<named_row> there;
  block_reads reads; ///< of their tables
  bool empty() const { return removed.empty() && there.empty(); }
};

class row_table {
 public:
  /// Returns the row, or null.
  stored_row* find(route_id route, std::string_view key) const;

  /// Makes the row, or gives it other kept columns; its marks stay. A reference
  /// to it from before is invalid.
  stored_row& put(route_id route, std::string_view key, std::string_view kept, std::size_t marks);
  void erase(const row_name& name);

  /// The next state block holds the row.
  void touch(route_id route, stored_row& x);
  /// Returns what changed since the last call. Valid until the table changes.
  block_rows take_changes();

  /// Changes of the route with an older LSN mean nothing any more: TRUNCATE came after
  /// them, or a read of the whole table shows what they did.
  void bar(route_id route, lsn before);
  bool barred(route_id route, lsn at) const;
  /// Tells whether a bar as high as `at` was set: the cell was told of what caused it.
  bool knows_of(route_id route, lsn at) const;
  const std::map<route_id, lsn>& bars() const { return bars_; }

  /// Calls use(route_id, stored_row&) for every row; it must not make or erase one.
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

  /// Reads of whole tables that are under way.
  table_reads& reads() { return reads_; }
  const table_reads& reads() const { return reads_; }

  std::vector<row_name> names() const;
  /// Returns the names of a route's rows that were last shown before `limit`.
  std::vector<row_name> older_than(route_id route, lsn limit) const;

  std::size_t count() const;
  void clear();

 private:
  struct slot {
    mutable stored_row::pointer row; ///< another one of the same key may take its place
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
  /// With the hash beside the pointer: to grow, it doesn't visit the rows.
  using rows_by_key = tsl::robin_set<slot, hash_of_key, same_key, std::allocator<slot>, true>;

  stored_row& add(rows_by_key& to, std::string_view key, std::string_view kept, std::size_t marks);

  std::map<route_id, rows_by_key> rows_;
  std::map<route_id, lsn> bars_;
  table_reads reads_;
  std::vector<named_row> touched_; ///< null: it has gone since
  std::vector<row_name> removed_;
};

} // namespace millrace
