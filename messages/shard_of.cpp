#include "messages/shard_of.hpp"

#include "messages/fnv.hpp"
#include "messages/rows.hpp"

namespace millrace {

shard_id shard_of_packed(std::string_view key, std::uint16_t shards) {
  auto hash = fnv1a(key);
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93;
  hash ^= hash >> 32;
  return shard_id{static_cast<std::uint16_t>(hash % shards)};
}

std::optional<shard_id> shard_of(const row& entity_key, std::uint16_t shards) {
  for (auto& x : entity_key)
    if (is_null(x))
      return std::nullopt;
  return shard_of_packed(pack(entity_key), shards);
}

} // namespace millrace
