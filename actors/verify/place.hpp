#pragma once

/// Places in Redis as figures name them: a key, or a field or member of a key.
/// A rendering of its own, so that verify doesn't repeat a mistake of the engine.

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

/// Where a value stands: `member` is a hash's field or a zset's member.
struct place {
  std::string key;
  std::optional<std::string> member;
  auto operator<=>(const place&) const = default;
};

/// Returns how a person finds the place: "key" or "key → member".
std::string to_text(const place& x);

/// Returns a number that tells places apart.
std::uint64_t hash_of(const place& x);

/// Returns the template filled in from a row of the query's result; none where
/// a placeholder is NULL: then there is no place. Values go in once: what
/// looks like a placeholder within them stays as it is.
std::optional<std::string> render(const name_template& by, const std::vector<output_column>& outputs,
                                  const text_row& row);

/// Returns a hash figure's fields: for each, its output's index.
std::vector<std::size_t> fields_of(const figure_plan& figure);

/// Returns true if the figure could own this field (or member) of a key that
/// its template matches; always true for string and json, which own the key.
bool could_own(const figure_plan& figure, std::string_view member);

} // namespace millrace::verify
