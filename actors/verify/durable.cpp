#include "actors/verify/durable.hpp"

#include <map>
#include <set>

namespace millrace::verify {

std::vector<cell_id> readers_of(const plan_set& plans, table_id table, std::uint16_t shards) {
  std::set<entity_id> entities;
  for (auto& x : plans.routes)
    if (x.table == table)
      entities.insert(x.entity);
  std::vector<cell_id> out;
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    for (auto entity : entities)
      out.push_back({shard_id{shard}, entity});
  return out;
}

std::optional<lagging> farthest_behind(const plan_set& plans, std::uint16_t shards,
                                       const std::vector<source_end>& ends,
                                       const std::vector<cell_positions>& cells) {
  std::map<std::pair<cell_id, source_id>, kafka_offset> reached;
  for (auto& cell : cells)
    for (auto& x : cell.positions)
      reached[{cell.cell, x.source}] = x.last;
  std::optional<lagging> worst;
  for (auto& end : ends)
    for (auto cell : readers_of(plans, end.source.table, shards)) {
      auto found = reached.find({cell, end.source});
      auto last = found == reached.end() ? nowhere : found->second;
      auto missing = end.next.value - 1 - last.value;
      if (missing > 0 && (!worst || missing > worst->offsets))
        worst = lagging{cell, end.source, missing};
    }
  return worst;
}

std::string to_text(const lagging& x, const plan_set& plans) {
  auto& read = plans.tables.at(x.source.table.value).table;
  auto& entity = plans.tables.at(x.cell.entity.value).table;
  return "shard " + std::to_string(x.cell.shard.value) + ", " + entity.name + ": " + std::to_string(x.offsets)
         + " offsets behind in " + read.schema + "." + read.name + "/"
         + std::to_string(x.source.partition.value);
}

} // namespace millrace::verify
