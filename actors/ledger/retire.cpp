#include "actors/ledger/retire.hpp"

#include "actors/cell/cell.hpp"
#include "messages/rows.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace millrace {

namespace {

/// Returns writes that delete places of rolled-up figures, found by this cell's rows. For figures
/// whose partials Redis lost.
std::vector<store_write> told_by_rows(const cell& of, const std::vector<bool>& which) {
  if (std::find(which.begin(), which.end(), true) == which.end())
    return {};
  auto& plans = of.plans();
  figure_fold all(plans, of.id());
  all.set_live(std::vector<bool>(plans.figures.size(), false));
  all.set_tick(of.figures().tick());
  row kept;
  of.rows().each([&](route_id route, const stored_row& x) {
    unpack(x.kept(), kept);
    all.admit(route, kept);
  });
  return all.retire(which);
}

/// Deletes the cell's places. Returns false if its rows can't be loaded, so that its places are
/// unknown.
result<bool> retire_cell(redis::store& store, const cell_settings& how, const cell_ledger& ledger,
                         const std::vector<bool>& which, const std::vector<bool>& doubted, tick_seconds now) {
  cell it(how, ledger.cell);
  if (auto loaded = it.load(ledger); !loaded) {
    spdlog::error("ledger: shard {}: {}", ledger.cell.shard.value, loaded.why().message);
    return false;
  }
  cell_flush flush;
  flush.cell = ledger.cell;
  flush.owner = ledger.owner;
  flush.number = ledger.number + 1;
  flush.generation = ledger.generation;
  flush.output.writes = told_by_rows(it, doubted);
  auto known = it.retire(now, which);
  flush.output.writes.insert(flush.output.writes.end(), std::make_move_iterator(known.begin()),
                             std::make_move_iterator(known.end()));
  if (flush.output.writes.empty())
    return true;
  auto done = store.flush({flush}, now);
  if (!done)
    return done.why();
  if (done->verdict != flush_verdict::done)
    return error{errc::fenced, "another node took the ledger while its figures were retired"};
  return true;
}

/// Deletes every key that looks like a place of the entities' figures.
result<void> remove_untold(redis::store& store, const plan_set& plans, const std::set<entity_id>& untold,
                           const std::string& life) {
  for (auto& figure : plans.figures)
    if (figure.what != figure_kind::rolled_up && untold.count(figure.entity))
      if (auto gone = store.remove_places(figure, life); !gone)
        return gone;
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

result<std::vector<cell_ledger>> claim_cells(redis::store& store, const std::vector<cell_id>& cells,
                                             const std::string& life) {
  std::vector<owner_token> tokens(cells.size());
  std::generate(tokens.begin(), tokens.end(), fresh_token);
  return store.claim(cells, tokens, {}, life);
}

result<std::set<entity_id>> retire_some(redis::store& store, const stored_plans& stored,
                                        const std::vector<bool>& which,
                                        const std::vector<cell_ledger>& claimed, const std::string& project,
                                        tick_seconds now) {
  auto how = cells_of(stored, project);
  auto looked = store.inspect({});
  if (!looked)
    return looked.why();
  std::vector<bool> doubted(which.size(), false); // rolled-up figures whose partials don't have all places
  std::set<entity_id> entities;                   // those whose cells know places
  for (std::size_t i = 0; i < which.size(); ++i) {
    auto& figure = stored.plans.figures[i];
    auto& names = looked->refill;
    doubted[i] = which[i] && figure.what == figure_kind::rolled_up
                 && std::find(names.begin(), names.end(), figure.name) != names.end();
    if (doubted[i] || (which[i] && figure.what != figure_kind::rolled_up))
      entities.insert(figure.entity);
  }
  std::set<entity_id> untold;
  for (auto& ledger : claimed) {
    if (!entities.count(ledger.cell.entity))
      continue;
    auto told = retire_cell(store, how, ledger, which, doubted, now);
    if (!told)
      return told.why();
    if (!*told)
      untold.insert(ledger.cell.entity);
  }
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i] && stored.plans.figures[i].what == figure_kind::rolled_up)
      if (auto gone = store.retire(stored.plans.figures[i], claimed.empty() ? nullptr : &claimed.front());
          !gone)
        return gone.why();
  return untold;
}

result<void> retire_figures(redis::store& store, const stored_plans& stored, std::uint16_t shards,
                            const std::string& life, const std::string& project, tick_seconds now) {
  auto cells = all_cells(stored.plans, shards);
  auto ledgers = claim_cells(store, cells, life);
  if (!ledgers)
    return ledgers.why();
  std::vector<bool> all(stored.plans.figures.size(), true);
  auto untold = retire_some(store, stored, all, *ledgers, project, now);
  if (!untold)
    return untold.why();
  if (auto gone = remove_untold(store, stored.plans, *untold, life); !gone)
    return gone;
  for (auto& figure : stored.plans.figures)
    if (figure.place.alert)
      if (auto gone = store.remove_subjects(figure, life); !gone)
        return gone;
  std::vector<const batch_plan*> batches;
  for (auto& x : stored.plans.batches)
    batches.push_back(&x);
  if (auto gone = store.retire_batches(batches, life); !gone)
    return gone;
  return store.wipe(cells, life);
}

} // namespace millrace
