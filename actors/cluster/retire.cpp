#include "actors/cluster/retire.hpp"

#include "actors/shard/cell.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

result<void> retire_cell(redis::store& store, const cell_settings& how, const cell_ledger& ledger,
                         tick_seconds now) {
  cell it(how, ledger.cell);
  if (auto loaded = it.load(ledger); !loaded) {
    // Its places can't be told any more; the state goes all the same.
    spdlog::error("cluster: shard {}: {}", ledger.cell.shard.value, loaded.why().message);
    return {};
  }
  cell_flush flush;
  flush.cell = ledger.cell;
  flush.owner = ledger.owner;
  flush.number = ledger.number + 1;
  flush.generation = ledger.generation;
  flush.output.writes = it.retire(now);
  if (flush.output.writes.empty())
    return {};
  auto done = store.flush({flush}, now);
  if (!done)
    return done.why();
  if (done->verdict != flush_verdict::done)
    return error{errc::fenced, "another node took the ledger while its figures were retired"};
  return {};
}

} // namespace

std::vector<cell_id> all_cells(const plan_set& plans, std::uint16_t shards) {
  std::vector<cell_id> out;
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    for (std::uint16_t entity = 0; entity < plans.tables.size(); ++entity)
      out.push_back({shard_id{shard}, entity_id{entity}});
  return out;
}

std::string staging_prefix(const std::string& project) { return "millrace:" + project + ":staged:"; }

result<void> retire_figures(redis::store& store, const plan_set& plans, std::uint16_t shards,
                            const std::string& project, tick_seconds now) {
  cell_settings how{&plans, plans.fingerprint(), staging_prefix(project)};
  auto cells = all_cells(plans, shards);
  std::vector<owner_token> tokens;
  for (std::size_t i = 0; i < cells.size(); ++i)
    tokens.push_back(fresh_token());
  auto ledgers = store.claim(cells, tokens);
  if (!ledgers)
    return ledgers.why();
  for (auto& ledger : *ledgers)
    if (auto gone = retire_cell(store, how, ledger, now); !gone)
      return gone;
  for (auto& figure : plans.figures)
    if (figure.what == figure_kind::rolled_up)
      if (auto gone = store.retire(figure); !gone)
        return gone;
  return store.wipe(cells);
}

} // namespace millrace
