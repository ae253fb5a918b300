#pragma once

/// Decodes the bytes of a Debezium record into a change of a table, with only the columns that routes
/// use. Accepts JSON with and without the schema wrapper.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/debezium/wire_form.hpp"
#include "actors/sources/table_change.hpp"
#include "messages/delivery.hpp"
#include "messages/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Decodes records of one table. Reads only the columns that a route sends.
class debezium_decoder {
 public:
  debezium_decoder(const plan_set& plans, table_id of, const connector_modes& modes = {});
  ~debezium_decoder();
  debezium_decoder(debezium_decoder&&) noexcept;

  /// Decodes one record. Returns nullopt for a tombstone, and for a read by Millrace that lacks a column:
  /// it was made for other figures, and those of now have a read of their own. `placeholder` returns the
  /// record header's placeholder; it is called only when a text can be the placeholder.
  ///
  /// An error (bad_record) says what is wrong. The caller adds topic and offset. The errors are:
  /// - invalid JSON;
  /// - a column that is missing or of a wrong type;
  /// - a missing old row that routing needs (with the ALTER TABLE to run);
  /// - the placeholder of an unchanged TOAST value that the old row can't replace;
  /// - a number that Debezium writes for more than one value.
  result<std::optional<table_change>>
  decode(std::optional<std::string_view> key, std::optional<std::string_view> payload,
         const std::function<std::optional<std::string>()>& placeholder = {});

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Returns a record's hash, independent of its table's columns. Returns nullopt if it has no source.
std::optional<std::uint64_t> stamp_of(std::string_view payload);

/// Returns a record's LSN, independent of its table's columns. Returns nullopt if it has no source.
std::optional<lsn> lsn_of(std::string_view payload);

} // namespace millrace
