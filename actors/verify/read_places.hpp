#pragma once

/// Reads places from Redis in pipelines, with one command per key.

#include "actors/redis/client.hpp"
#include "actors/verify/compare.hpp"

namespace millrace::verify {

/// Returns the content of each place, in the same order. For a key of another type, `refused` has Redis's
/// error. Errors: unavailable, denied.
result<std::vector<found_place>> read_places(redis::client& from, target_kind what,
                                             const std::vector<expected_place>& places);

} // namespace millrace::verify
