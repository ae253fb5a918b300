#pragma once

/// What Redis should hold for a row of a figure's own query.

#include "actors/verify/place.hpp"

#include <chrono>

namespace millrace::verify {

/// A value as SQL has it, at its place; no text: the place must be absent.
struct expected_place {
  place where;
  std::optional<std::string> text;
};

/// How a bucket stands to its ttl. Within a few seconds of its end, nobody can say.
enum class bucket : std::uint8_t { open, border, closed };

/// How far the node's clock, Redis's and ours may be apart, and how long a
/// node may take to write or to delete.
constexpr std::chrono::seconds clock_slack{10};

/// Returns the SQL to run for a figure: its own text; for json with PostgreSQL's
/// own row_to_json as one more column, the last.
std::string query_of(const figure_plan& figure);

/// Returns what a row comes to: nothing if a placeholder of the key is NULL.
/// `row` is one of query_of()'s.
std::vector<expected_place> expected_of(const figure_plan& figure, const text_row& row);

/// Returns how the row's bucket stands; open for figures whose buckets don't close.
bucket bucket_of(const figure_plan& figure, const text_row& row, tick_seconds now);

/// Returns the second at which a bucket begins, from the text of its date_trunc
/// or to_char; none if the text doesn't say (no year, infinity, before Christ).
std::optional<tick_seconds> bucket_begin(const key_expression& key, std::string_view text);

} // namespace millrace::verify
