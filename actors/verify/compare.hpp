#pragma once

/// Expected against found: text for text, scores as doubles.

#include "actors/verify/expect.hpp"

namespace millrace::verify {

/// What Redis holds at a place. No text: nothing.
struct found_place {
  std::optional<std::string> text;
  std::string refused; ///< Redis's words where the key is of another type; else empty
};

/// A place where SQL and Redis don't say the same.
struct difference {
  place where;
  std::optional<std::string> expected; ///< by SQL; none: nothing should be there
  std::optional<std::string> found;
  std::string note; ///< Redis's refusal, if any
  auto operator<=>(const difference&) const = default;
};

/// Returns how the two differ, or nothing if they are equal.
std::optional<difference> compare(target_kind what, const expected_place& expected, const found_place& found);

/// Returns true if both texts stand for the same nearest double, as a zset keeps it.
bool same_score(std::string_view decimal, std::string_view found);

/// Returns one line for a person, long texts cut: "key: SQL has 5, Redis has 6".
std::string to_text(const difference& x);

/// Returns true if a place with a ttl may have expired. `last_written` is the
/// tick of the last write as the cell's state has it; none = unknown: then it may not.
bool may_have_expired(std::uint32_t ttl_seconds, std::optional<tick_seconds> last_written, tick_seconds now);

} // namespace millrace::verify
