#pragma once

/// Decodes one JSON value of a record into a column's value in the form that figures fold.

#include "actors/sources/debezium/left_out.hpp"
#include "actors/sources/debezium/wire_form.hpp"
#include "messages/values.hpp"

#include <simdjson.h>

#include <optional>
#include <stdexcept>

namespace millrace {

/// Why a record can't be decoded, as text for a person.
struct undecodable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A wanted column that the record doesn't have.
struct missing_column : undecodable {
  using undecodable::undecodable;
};

/// Returns the beginning of a record's text, short enough for a message.
std::string excerpt(std::string_view text);

/// Returns the value. If the text can be the placeholder of a value that the record leaves out
/// (actors/sources/debezium/left_out.hpp), returns nullopt and stores the text in `suspect`. Throws
/// undecodable, which names the column, or simdjson_error for invalid JSON.
std::optional<value> decode_column(simdjson::ondemand::value json, const postgres::column& of,
                                   const wire_form& form, std::string& suspect);

/// Returns the value of a suspect that isn't the placeholder. Throws undecodable.
value decode_suspect(std::string_view text, const postgres::column& of, const wire_form& form);

/// Returns how a column's placeholder is written.
placeholder_form placeholder_of(const postgres::column& of);

/// Returns the field of an iteration over an object. Throws simdjson_error.
inline simdjson::ondemand::field field_of(simdjson::simdjson_result<simdjson::ondemand::field> x) {
  simdjson::ondemand::field out;
  if (auto code = std::move(x).get(out))
    throw simdjson::simdjson_error(code);
  return out;
}

} // namespace millrace
