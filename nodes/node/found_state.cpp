#include "nodes/node/found_state.hpp"

#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/ledger/retire.hpp"
#include "actors/redis/server_look.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

/// Returns the ledger's positions in each source, over all cells that read it.
std::map<source_id, ledger_extent> extents(const std::vector<cell_positions>& have) {
  std::map<source_id, ledger_extent> out;
  for (auto& cell : have)
    for (auto& p : cell.positions) {
      auto [place, added] = out.try_emplace(p.source, ledger_extent{p.last, p.last, p.seen});
      if (added)
        continue;
      place->second.lowest = std::min(place->second.lowest, p.last);
      place->second.highest = std::max(place->second.highest, p.last);
      if (p.seen.where > place->second.newest.where)
        place->second.newest = p.seen;
    }
  return out;
}

bool readable(const std::string& plans) {
  try {
    plans_from_json(plans);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

} // namespace

result<void> look_at_redis(const settings& how) {
  auto connection = redis::client::connect(how.redis);
  if (!connection)
    return connection.why();
  auto facts = redis::look_at_server(*connection);
  if (!facts)
    return facts.why();
  auto found = redis::judge(*facts);
  if (found.empty() || found.front().weight != redis::finding::severity::refuse)
    return {};
  return error{facts->cluster ? errc::bad_setting : errc::unavailable, found.front().what};
}

result<wanted_ledger> wanted(const settings& how, postgres::session& db, const redis::project_format& found) {
  auto database = db.system_identifier();
  if (!database)
    return database.why();
  return wanted_ledger{found.format != ledger_format || readable(found.plans), how.shards, *database};
}

result<std::optional<std::string>> lost_state(const settings& how, const redis::project_format& found) {
  auto plans = plans_of(found).plans;
  auto store = open_store(how, plans);
  if (!store)
    return store.why();
  auto looked = store->inspect(all_cells(plans, found.shards));
  if (!looked)
    return looked.why();
  if (looked->broken.empty())
    return std::optional<std::string>();
  return std::optional("Redis has lost state of " + std::to_string(looked->broken.size()) + " cells");
}

result<std::vector<cell_positions>> look_at_cells(redis::store& store, const settings& how, started& out) {
  auto have = store.positions(all_cells(*out.plans, how.shards));
  if (have)
    out.first_fill = std::all_of(have->begin(), have->end(), [](auto& x) { return x.positions.empty(); });
  return have;
}

result<std::vector<cell_positions>> look_at_ledger(redis::store& store, const settings& how, started& out) {
  auto life = store.life();
  if (!life)
    return life.why();
  out.life = *life;
  return look_at_cells(store, how, out);
}

result<log_state> look_at_logs(const settings& how, const started& x,
                               const std::vector<cell_positions>& have) {
  auto reads = open_source(how, *x.plans, x.sources);
  if (!reads)
    return reads.why();
  return (*reads)->compare(extents(have));
}

result<void> doubt_tables(redis::store& store, postgres::session& db, const started& x,
                          const std::map<table_id, std::string>& tables) {
  if (tables.empty())
    return {};
  auto here = db.current_wal_lsn();
  if (!here)
    return here.why();
  auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  for (auto& [id, why] : tables) {
    auto& table = x.plans->tables.at(id.value).table;
    auto name = table.schema + "." + table.name;
    spdlog::warn("node: {}; reading {} again", why, name);
    if (auto noted = store.doubt(name, {why, "millrace resync " + name, now, *here, true}, x.life); !noted)
      return noted;
  }
  return {};
}

bool is_as_in_catalog(postgres::session& db, const plan_set& plans) {
  auto catalog = db.load_catalog();
  return !catalog || as_in_catalog(plans, *catalog).fingerprint() == plans.fingerprint();
}

} // namespace millrace
