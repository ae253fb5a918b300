#pragma once

/// Places in Redis as figures name them: a key, or a field or member of a key. verify renders names
/// with its own code, so that it doesn't repeat a bug of the engine.

#include "actors/figures/plan/name_match.hpp"
#include "actors/postgres/session.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::verify {

using postgres::text_row;

/// Where a value is stored: `member` is a hash field or a zset member.
struct place {
  std::string key;
  std::optional<std::string> member;
  auto operator<=>(const place&) const = default;
};

/// Returns the place as text for a person: "key" or "key → member".
std::string to_text(const place& x);

/// Returns a 64-bit hash that identifies the place.
std::uint64_t hash_of(const place& x);

/// Returns the template filled from a row of the query's result. Returns nullopt if a placeholder is NULL:
/// then there is no place. A value that looks like a placeholder isn't replaced again.
std::optional<std::string> render(const name_template& by, const std::vector<output_column>& outputs,
                                  const text_row& row);

/// Returns the output index of each field of a hash figure.
std::vector<std::size_t> fields_of(const figure_plan& figure);

/// Returns whether the figure can own this field or member of a key that matches its template. Always
/// true for string and json, which own the key.
bool could_own(const figure_plan& figure, std::string_view member);

} // namespace millrace::verify
