#pragma once

/// Prints values as PostgreSQL prints them in verify's session (TimeZone UTC, DateStyle ISO,
/// bytea_output hex, extra_float_digits 1), and as row_to_json writes them.

#include "actors/postgres/catalog.hpp"
#include "messages/values.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Returns what float8out prints: the shortest digits that read back as `x` and aren't halfway between
/// two doubles. From 1e+15 up and 1e-05 down, it prints an exponent.
std::string text_of_double(double x);

/// Returns what float4out prints. From 1e+06 up, it prints an exponent.
std::string text_of_float(float x);

/// Appends `x` as the type's output function in PostgreSQL prints it. `scale` is numeric's. Throws
/// std::bad_variant_access if `x` is NULL or isn't in the type's form (messages/values.hpp).
void append_text(std::string& out, const value& x, postgres::column_type type, int scale);
std::string to_text(const value& x, postgres::column_type type, int scale);

/// Appends `x` as row_to_json writes it. Numbers are bare, but NaN and Infinity are quoted. json and
/// jsonb are copied. NULL is null.
void append_json(std::string& out, const value& x, postgres::column_type type, int scale);
std::string to_json_text(const value& x, postgres::column_type type, int scale);

/// Appends `text` in quotes, escaped as PostgreSQL's escape_json does.
void append_json_string(std::string& out, std::string_view text);

/// Appends a text that PostgreSQL printed as row_to_json writes it for the type: numbers bare, others
/// quoted.
void append_json_of_text(std::string& out, std::string_view text, postgres::column_type type);

/// Appends `x` / 10^scale with all digits of the scale and no plus sign.
void append_scaled(std::string& out, std::int64_t x, int scale);

} // namespace millrace
