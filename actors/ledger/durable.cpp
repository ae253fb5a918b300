#include "actors/ledger/durable.hpp"

#include <set>

namespace millrace {

std::vector<cell_id> readers_of(const plan_set& plans, source_id source, feeds_table feeds,
                                std::uint16_t shards) {
  std::set<entity_id> entities;
  for (auto& x : plans.routes)
    if (feeds(source, x.table))
      entities.insert(x.entity);
  std::vector<cell_id> out;
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    for (auto entity : entities)
      out.push_back({shard_id{shard}, entity});
  return out;
}

std::optional<lagging> behind(const plan_set& plans, std::uint16_t shards, feeds_table feeds,
                              const std::map<source_id, stream_position>& ends,
                              const std::vector<cell_positions>& cells) {
  std::map<std::pair<cell_id, source_id>, stream_position> reached;
  for (auto& cell : cells)
    for (auto& x : cell.positions)
      reached[{cell.cell, x.source}] = x.last;
  for (auto& [source, end] : ends) {
    std::optional<lagging> slowest;
    for (auto cell : readers_of(plans, source, feeds, shards)) {
      auto found = reached.find({cell, source});
      auto at = found == reached.end() ? nowhere : found->second;
      if (at < end && (!slowest || at < slowest->at))
        slowest = lagging{cell, source, at, end};
    }
    if (slowest)
      return slowest;
  }
  return std::nullopt;
}

std::string name_of(cell_id x, const plan_set& plans) {
  return "shard " + std::to_string(x.shard.value) + ", " + plans.tables.at(x.entity.value).table.name;
}

} // namespace millrace
