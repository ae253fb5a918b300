#pragma once

/// What Redis should contain for a row of a figure's own query.

#include "actors/verify/place.hpp"

#include <chrono>

namespace millrace::verify {

/// A value from SQL, at its place. Without a text, the place must not exist.
struct expected_place {
  place where;
  std::optional<std::string> text;
};

/// The state of a time bucket relative to its ttl. `border`: within clock_slack of its end, so undecidable.
enum class bucket : std::uint8_t { open, border, closed };

/// The most by which the clocks of the node, Redis and verify can differ, plus the time that a node
/// needs to write or delete.
constexpr std::chrono::seconds clock_slack{10};

/// Returns the SQL to run for a figure: its own text, with a window's now() at this tick. For json,
/// row_to_json is added as the last column.
std::string query_of(const figure_plan& figure, tick_seconds now = {});

/// Returns the places that a row of query_of() produces. Returns none if a placeholder of the key is NULL.
std::vector<expected_place> expected_of(const figure_plan& figure, const text_row& row);

/// Returns the state of the row's bucket. `open` for figures whose buckets don't close.
bucket bucket_of(const figure_plan& figure, const text_row& row, tick_seconds now);

/// Returns the second at which a bucket begins, from the text of its date_trunc or to_char. Returns
/// nullopt if the text doesn't determine it (no year, infinity, before Christ).
std::optional<tick_seconds> bucket_begin(const key_expression& key, std::string_view text);

} // namespace millrace::verify
