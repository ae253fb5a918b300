#pragma once

/// Compares a place's content in Redis with what the cell wrote, by 64-bit fingerprints.

#include "actors/figures/fold/places.hpp"
#include "messages/flush.hpp"

namespace millrace {

/// Returns a 64-bit hash of the content, the same in every build. It is never 0.
std::uint64_t fingerprint(const place_content& x);

/// Returns whether `have`, read from Redis, is the content that the cell wrote last. A place whose
/// texts are all NULL doesn't exist in Redis.
bool stands(const place_check& left, const place_content& have);

/// Returns whether Redis may have expired the place. `written` is the tick of its last write, 0 if unknown.
bool may_have_expired(const target& at, std::int64_t written, tick_seconds now);

} // namespace millrace
