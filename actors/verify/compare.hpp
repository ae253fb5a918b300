#pragma once

/// Compares expected places with found ones: texts as text, scores as doubles.

#include "actors/verify/expect.hpp"

namespace millrace::verify {

/// What Redis has at a place. Without a text, the place doesn't exist.
struct found_place {
  std::optional<std::string> text;
  std::string refused; ///< Redis's error if the key has another type; else empty
};

/// A place at which SQL and Redis differ.
struct difference {
  place where;
  std::optional<std::string> expected; ///< by SQL; nullopt: the place should not exist
  std::optional<std::string> found;
  std::string note; ///< Redis's error, if any
  auto operator<=>(const difference&) const = default;
};

/// Returns the difference. Returns nullopt if the two are equal.
std::optional<difference> compare(target_kind what, const expected_place& expected, const found_place& found);

/// Returns whether both texts have the same nearest double, as a zset stores it.
bool same_score(std::string_view decimal, std::string_view found);

/// Returns one line for a person, with long texts cut: "key: SQL has 5, Redis has 6".
std::string to_text(const difference& x);

/// Returns whether a place with a ttl may have expired. `last_written` is the tick of its last write in
/// the cell's state. Returns false if that is unknown.
bool may_have_expired(std::uint32_t ttl_seconds, std::optional<tick_seconds> last_written, tick_seconds now);

} // namespace millrace::verify
