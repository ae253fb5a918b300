#pragma once

/// Reads the JSON of a record's key and payload, with and without Kafka Connect's schema wrapper.
/// Returns rows and the envelope, without checking that they make sense together.

#include "actors/sources/debezium/row_decoder.hpp"
#include "actors/sources/debezium/source_block.hpp"

#include <functional>

namespace millrace {

/// The content of a payload.
struct envelope {
  char op = 0; ///< 0: a wrapped tombstone
  std::optional<decoded_row> before, after;
  std::optional<source_block> source;
  /// A read by Millrace for figures that use fewer columns. Nothing else of it is set.
  bool of_other_figures = false;
  struct {
    bool before = false, after = false, op = false, source = false;
  } seen; ///< which fields the payload has
};

/// simdjson's parser, and a buffer for input without the padding that simdjson needs.
class json_text {
 public:
  /// Parses the bytes. The document is valid until the next call, and only as long as `bytes`.
  simdjson::ondemand::document parse(std::string_view bytes);
  /// Frees the memory that a large record needed.
  void shrink();

 private:
  std::string buffer_;
  simdjson::ondemand::parser parser_;
};

/// The forms that the last record's schema describes. The next record usually has the same schema.
class form_cache {
 public:
  form_cache(const postgres::table& table, schema_part part, const connector_modes& modes)
      : table_(table), part_(part), catalog_(catalog_forms(table, modes)) {}
  const std::vector<wire_form>& by_catalog() const { return catalog_; }
  /// Returns the forms of rows that Millrace read: PostgreSQL's own texts.
  const std::vector<wire_form>& of_texts() const { return texts_; }
  /// Throws undecodable if `schema` isn't a schema.
  const std::vector<wire_form>& by_schema(std::string_view schema);

 private:
  const postgres::table& table_;
  schema_part part_;
  std::vector<wire_form> catalog_, texts_ = text_forms(table_);
  std::string last_;
  std::vector<wire_form> forms_;
};

/// Returns the placeholder in a record's header. Called only if a text can be the placeholder.
using placeholder_teller = std::function<std::optional<std::string>()>;

/// Used by one thread. Throws undecodable or simdjson_error.
class record_reader {
 public:
  /// `table` must outlive this. `wanted` are the columns to read of new rows, `wanted_of_old` those of
  /// old rows.
  record_reader(const postgres::table& table, const std::vector<std::uint16_t>& wanted,
                const std::vector<std::uint16_t>& wanted_of_old, const connector_modes& modes);

  /// Reads a payload. Every suspect of its rows is resolved: it is a value, or left out.
  envelope read_payload(std::string_view bytes, const placeholder_teller& placeholder);
  /// Reads a payload with all wanted columns of the old row.
  envelope read_payload_with_old_row(std::string_view bytes, const placeholder_teller& placeholder);
  /// Returns the row of the table's primary key columns, in key order.
  row read_key(std::string_view bytes);
  void shrink();

 private:
  envelope read(std::string_view bytes, const placeholder_teller& placeholder, row_decoder& by_old);
  void read_envelope(simdjson::ondemand::object from, bool wrapped, row_decoder& by_old, envelope& out);

  void settle(std::optional<decoded_row>& x, const envelope& of, const placeholder_teller& placeholder) const;
  bool is_left_out(const suspect_text& x, bool was_read, const std::optional<std::string>& placeholder) const;

  decoded_row read_wrapped_key(simdjson::ondemand::object from);

  const postgres::table& table_;
  json_text payload_, key_;
  row_decoder row_, old_row_, whole_old_row_, key_row_;
  form_cache row_forms_, key_forms_;
  const std::vector<wire_form>* forms_ = nullptr; ///< of the record being read
};

} // namespace millrace
