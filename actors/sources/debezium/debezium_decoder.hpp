#pragma once

/// Bytes of a Debezium record -> change of a table: only the columns that some
/// route uses. JSON with and without the schema wrapper.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/debezium/wire_form.hpp"
#include "messages/delivery.hpp"
#include "messages/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// How a row came into the stream.
enum class snapshot_kind : std::uint8_t {
  none,        ///< a change from the log
  initial,     ///< Debezium's own snapshot
  incremental, ///< one that was asked for by signal: in the stream's order
  ours,        ///< a read of Millrace's own (connect/read_record): beside the stream
};

/// What a record says, in the columns of `table_plan::table` (unused columns
/// stay NULL).
struct table_change {
  char op = 'u'; ///< c u d r t
  lsn at;        ///< source.lsn, else the newest of source.sequence
  snapshot_kind snapshot = snapshot_kind::none;
  bool replayed = false;      ///< one of ours: the row wasn't in PostgreSQL as of `at`
  std::uint64_t stamp = 0;    ///< hash of source.sequence, lsn, txId
  std::int64_t commit_ms = 0; ///< source.ts_ms
  std::optional<row> before;  ///< the columns that routes go by; nullopt where the record has none
  std::optional<row> after;
  row key; ///< primary key in key order, from the message's key, or the row of a read of ours; empty for t
};

/// Which of the table's columns are wanted: those that some route sends.
class debezium_decoder {
 public:
  debezium_decoder(const plan_set& plans, table_id of, const connector_modes& modes = {});
  ~debezium_decoder();
  debezium_decoder(debezium_decoder&&) noexcept;

  /// Decodes one record. Returns nullopt for a tombstone. An error (bad_record)
  /// says what is wrong, without the topic and offset, which the caller adds:
  /// not JSON, a column missing or of a wrong type, an old row needed for
  /// routing but absent (with the ALTER TABLE to run), a placeholder of an
  /// unchanged TOAST value that nothing can fill, a number that Debezium writes for
  /// more than one value.
  /// `placeholder` returns what the record's header says; asked where a text may be it.
  result<std::optional<table_change>>
  decode(std::optional<std::string_view> key, std::optional<std::string_view> payload,
         const std::function<std::optional<std::string>()>& placeholder = {});

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The stamp of a record, whatever its table's columns are by now. Returns
/// nullopt where it has no source.
std::optional<std::uint64_t> stamp_of(std::string_view payload);

} // namespace millrace
