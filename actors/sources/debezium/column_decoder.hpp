#pragma once

/// One JSON value of a record -> one column's value in the form that figures fold.

#include "actors/sources/debezium/left_out.hpp"
#include "actors/sources/debezium/wire_form.hpp"
#include "messages/values.hpp"

#include <simdjson.h>

#include <optional>
#include <stdexcept>

namespace millrace {

/// Why a record can't be decoded, in words for a person.
struct undecodable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Returns as much of a record's text as a message shows.
std::string excerpt(std::string_view text);

/// Returns the value; nullopt for a text that may stand for a value that the record
/// leaves out (actors/sources/debezium/left_out.hpp), which is in `suspect` then. Throws
/// undecodable, which names the column, or simdjson_error where it isn't JSON.
std::optional<value> decode_column(simdjson::ondemand::value json, const postgres::column& of,
                                   const wire_form& form, std::string& suspect);

/// Returns the value of a suspect that stands for itself, or throws undecodable.
value decode_suspect(std::string_view text, const postgres::column& of, const wire_form& form);

/// How a column's placeholder is written.
placeholder_form placeholder_of(const postgres::column& of);

/// Returns what a loop over an object gives, or throws simdjson_error.
inline simdjson::ondemand::field field_of(simdjson::simdjson_result<simdjson::ondemand::field> x) {
  simdjson::ondemand::field out;
  if (auto code = std::move(x).get(out))
    throw simdjson::simdjson_error(code);
  return out;
}

} // namespace millrace
