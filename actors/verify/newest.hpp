#pragma once

/// Compares the copy of a figure's newest place with the place itself.

#include "actors/redis/client.hpp"
#include "actors/verify/compare.hpp"

namespace millrace::verify {

/// Returns the difference between the copy and what the greatest key of the figure's template holds; nullopt
/// if they are equal. Reads Redis alone: the greatest key's own content is judged against SQL.
result<std::optional<difference>> compare_newest(redis::client& from, const figure_plan& figure);

} // namespace millrace::verify
