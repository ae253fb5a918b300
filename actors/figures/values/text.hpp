#pragma once

/// Values as PostgreSQL prints them in verify's session (TimeZone UTC, DateStyle
/// ISO, bytea_output hex, extra_float_digits 1), and as row_to_json writes them.

#include "actors/postgres/catalog.hpp"
#include "messages/values.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Returns what float8out prints: the shortest digits that read back as `x`
/// and aren't the middle between two doubles; 1e+15 and 1e-05 take an exponent.
std::string text_of_double(double x);

/// Returns what float4out prints; from 1e+06 on with an exponent.
std::string text_of_float(float x);

/// Appends `x` as PostgreSQL's output function of the type prints it. `scale`
/// is numeric's. `x` must not be NULL; throws std::bad_variant_access if it is,
/// or isn't in the type's form (messages/values.hpp).
void append_text(std::string& out, const value& x, postgres::column_type type, int scale);
std::string to_text(const value& x, postgres::column_type type, int scale);

/// Appends `x` as row_to_json writes it: numbers bare, but NaN and Infinity
/// quoted; json and jsonb as they are; null for NULL.
void append_json(std::string& out, const value& x, postgres::column_type type, int scale);
std::string to_json_text(const value& x, postgres::column_type type, int scale);

/// Appends `text` in quotes by the rules of PostgreSQL's escape_json.
void append_json_string(std::string& out, std::string_view text);

/// Appends PostgreSQL's own text of a value as row_to_json writes it for the
/// type: bare where it is a number, quoted where it isn't.
void append_json_of_text(std::string& out, std::string_view text, postgres::column_type type);

/// Appends `x` / 10^scale: all digits of the scale, no plus.
void append_scaled(std::string& out, std::int64_t x, int scale);

} // namespace millrace
