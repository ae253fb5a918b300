#pragma once

/// A place's content in 64 bits, and what Redis has held against it.

#include "actors/figures/fold/places.hpp"
#include "messages/flush.hpp"

namespace millrace {

/// Returns 64 bits of a hash that every build computes alike; never 0.
std::uint64_t fingerprint(const place_content& x);

/// Returns whether `have`, as Redis holds it, is the content that the cell left. A place whose
/// texts are all NULL is absent in Redis.
bool stands(const place_check& left, const place_content& have);

/// Returns whether Redis may have expired the place. `written`: tick of its last write; 0: unknown.
bool may_have_expired(const target& at, std::int64_t written, tick_seconds now);

} // namespace millrace
