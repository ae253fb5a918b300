#pragma once

/// Decides in which shard a key is.

#include "messages/units.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// Returns the shard of a packed entity's key: FNV-1a, then a mixer. Stable across builds.
shard_id shard_of_packed(std::string_view key, std::uint16_t shards);

/// Returns the shard of an entity's key; nullopt if a part of the key is NULL.
std::optional<shard_id> shard_of(const row& entity_key, std::uint16_t shards);

} // namespace millrace
