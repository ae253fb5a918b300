#pragma once

/// Decodes pgoutput's rows of one table into changes, with only the columns that routes use.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/postgres/pgoutput.hpp"
#include "actors/sources/postgres/relation_layout.hpp"
#include "actors/sources/postgres/stream_events.hpp"

#include <memory>

namespace millrace::postgres {

/// What the rows of one message say. `at` and `commit_ms` are the caller's to set.
struct decoded_changes {
  row_change first;
  std::optional<row_change> second; ///< of an UPDATE of the primary key, which is `d` and `c`
};

/// For one thread. Errors (bad_record) name the table. They are:
/// - a column that the stream doesn't send, or a value that isn't of its type;
/// - an old row that routing needs and the WAL doesn't have (with the ALTER TABLE to run);
/// - an unchanged long value (TOAST) that no old row has;
/// - a replica identity without the primary key, by which an old row can't be found.
class table_decoder {
 public:
  /// `plans` must outlive this.
  table_decoder(const plan_set& plans, table_id of);

  /// Says how rows of a relation look. Returns the layout for the calls below.
  relation_layout layout_of(const pgoutput::relation& x) const;

  result<decoded_changes> insert(const relation_layout& by, pgoutput::tuple fresh) const;
  result<decoded_changes> update(const relation_layout& by, const std::optional<pgoutput::old_tuple>& old,
                                 pgoutput::tuple fresh) const;
  result<decoded_changes> remove(const relation_layout& by, const pgoutput::old_tuple& old) const;
  row_change truncate() const;

  table_id id() const { return id_; }

 private:
  template <class F>
  result<decoded_changes> guarded(const relation_layout& by, F&& decode) const;
  row_change change(char op) const;
  value value_of(const relation_layout& by, pgoutput::tuple fields, std::uint16_t column) const;
  row new_row(const relation_layout& by, pgoutput::tuple fresh,
              const std::optional<pgoutput::old_tuple>& old) const;
  row old_row(const relation_layout& by, const pgoutput::old_tuple& old) const;
  row key_of(const row& of) const;
  void want_old_row(const relation_layout& by, const std::optional<pgoutput::old_tuple>& old) const;
  bool is_key_alone(const relation_layout& by, const pgoutput::old_tuple& old) const;
  std::string full_identity() const;

  const table_plan& plan_;
  table_id id_;
  std::vector<std::uint16_t> wanted_;   ///< columns of new rows
  std::vector<std::uint16_t> routed_;   ///< columns outside the primary key by which the old row is routed
  std::vector<std::uint16_t> not_null_; ///< wanted columns outside the primary key that can't be NULL
};

} // namespace millrace::postgres
