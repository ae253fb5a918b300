#pragma once

/// What Redis holds at given places: read in pipelines, one command a key.

#include "actors/redis/client.hpp"
#include "actors/verify/compare.hpp"

namespace millrace::verify {

/// Returns what is at each place, in the same order. A key of another type is
/// a found_place with Redis's words. Errors: unavailable, denied.
result<std::vector<found_place>> read_places(redis::client& from, target_kind what,
                                             const std::vector<expected_place>& places);

} // namespace millrace::verify
