#include "nodes/node/start.hpp"

#include "actors/cdc_router/topic_check.hpp"
#include "actors/cell/state_block.hpp"
#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/ledger/change_over.hpp"
#include "actors/ledger/ledger_decision.hpp"
#include "actors/ledger/retire.hpp"
#include "actors/redis/server_look.hpp"
#include "messages/token.hpp"
#include "nodes/settings/take_away.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};

void take(started& out, stored_plans x) {
  out.stored = std::make_shared<stored_plans>(std::move(x));
  out.plans = {out.stored, &out.stored->plans};
}

/// Writes the ledger's birth, in the place of one of life `before`. The log's end is noted: a snapshot that
/// begins behind it shows every row. Topics that are whole show them in any case.
result<void> give_birth(redis::store& store, postgres::session& db, bool topics_whole,
                        const wanted_ledger& want, const std::string& reason, const std::string& before,
                        started& out) {
  auto here = db.current_wal_lsn();
  if (!here)
    return here.why();
  fill_note note;
  note.reason = reason;
  note.birth = topics_whole ? lsn{} : *here;
  redis::project_format format;
  format.format = ledger_format;
  format.fingerprint = out.plans->fingerprint();
  format.shards = want.shards;
  format.plans = to_json(*out.plans);
  format.database = want.database;
  format.phase = "filling";
  format.note = to_json(note);
  format.life = fresh_token();
  if (auto written = store.begin(format, before); !written)
    return written;
  out.life = format.life;
  out.note = note;
  out.live = false;
  return {};
}

/// What the ledger has of each partition, over all cells that read it.
std::map<source_id, ledger_extent> extents(const std::vector<cell_positions>& have, const started& x) {
  std::map<source_id, ledger_extent> out;
  for (auto& cell : have)
    for (auto& p : cell.positions) {
      auto [place, added] = out.try_emplace(p.source, ledger_extent{p.last, p.last, p.seen});
      if (added)
        continue;
      place->second.lowest = std::min(place->second.lowest, p.last);
      place->second.highest = std::max(place->second.highest, p.last);
      if (p.seen.offset > place->second.newest.offset)
        place->second.newest = p.seen;
    }
  std::erase_if(out, [&](auto& entry) { return !x.sources.count(entry.first); });
  return out;
}

result<std::vector<cell_positions>> look_at_cells(redis::store& store, const settings& how, started& out) {
  auto have = store.positions(all_cells(*out.plans, how.shards));
  if (have)
    out.first_fill = std::all_of(have->begin(), have->end(), [](auto& x) { return x.positions.empty(); });
  return have;
}

/// Takes the ledger's life, and returns what its cells have.
result<std::vector<cell_positions>> look_at_ledger(redis::store& store, const settings& how, started& out) {
  auto life = store.life();
  if (!life)
    return life.why();
  out.life = *life;
  return look_at_cells(store, how, out);
}

result<topic_state> look_at_topics(const settings& how, const started& x,
                                   const std::vector<cell_positions>& have) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  return compare_topics(*reads, x.sources, extents(have, x), kafka_timeout);
}

/// Notes tables whose records don't tell everything any more: the leader reads them again.
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
    spdlog::warn("node: {}; {} is read again", why, name);
    if (auto noted = store.doubt(name, {why, "millrace resync " + name, now, *here, true}, x.life); !noted)
      return noted;
  }
  return {};
}

/// Begins again from nothing: `why` is said loudly. Something was lost or is
/// another's, so nobody's word that the topics are whole counts here.
result<void> rebuild(const settings& how, postgres::session& db, const wanted_ledger& want,
                     const std::string& why, const redis::project_format& found, started& out) {
  spdlog::warn("node: all figures are built anew: {}", why);
  if (auto gone = retire_stored(how, found); !gone)
    return gone;
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  out.first_fill = true;
  return give_birth(*store, db, false, want, why, found.life, out);
}

result<void> find_topics(const settings& how, started& out) {
  auto sources = find_sources(how, *out.plans);
  if (!sources)
    return sources.why();
  out.sources = std::move(*sources);
  return {};
}

/// Plans the figures' files.
result<void> plan_files(const settings& how, postgres::session& db, started& out) {
  auto plans = plan_project(how, db);
  if (!plans)
    return plans.why();
  stored_plans fresh;
  fresh.plans = std::move(*plans);
  take(out, std::move(fresh));
  return find_topics(how, out);
}

/// Returns what Redis has lost of the state: then nobody can go on from it.
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

/// Begins without a ledger.
result<void> begin(const settings& how, postgres::session& db, const wanted_ledger& want,
                   const redis::project_format& found, const std::string& why, started& out) {
  if (auto planned = plan_files(how, db, out); !planned)
    return planned;
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  if (auto have = look_at_cells(*store, how, out); !have)
    return have.why();
  if (!out.first_fill) { // Redis lost the ledger's format alone
    if (auto gone = store->wipe(all_cells(*out.plans, how.shards), found.life); !gone)
      return gone;
    out.first_fill = true;
  }
  return give_birth(*store, db, how.topics_whole, want, why, found.life, out);
}

/// Takes the ledger to the figures that were applied, and returns what it is then.
result<redis::project_format> take_over(const settings& how, const redis::project_format& found) {
  auto stored = plans_of(found);
  auto store = open_store(how, stored.plans);
  if (!store)
    return store.why();
  auto now = tick_of(*store);
  if (!now)
    return now.why();
  if (auto done = change_over(*store, found, how.project, *now); !done)
    return done.why();
  return store->format();
}

result<void> forget_all_former(started& out) {
  stored_plans again;
  again.plans = *out.plans;
  take(out, std::move(again));
  return {};
}

/// Tells whether tables and columns that the plans use are as they were. Where
/// nobody can say, they are.
bool is_as_in_catalog(postgres::session& db, const plan_set& plans) {
  auto catalog = db.load_catalog();
  return !catalog || as_in_catalog(plans, *catalog).fingerprint() == plans.fingerprint();
}

/// Goes on with what the ledger has. Where a table has changed since, records that
/// don't fit go to dead letters, as they do in a node that runs.
result<void> resume(const settings& how, postgres::session& db, const wanted_ledger& want,
                    const redis::project_format& found, started& out) {
  take(out, plans_of(found));
  if (auto found_them = find_topics(how, out); !found_them)
    return found_them;
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  out.note = fill_note_from_json(found.note);
  out.live = found.phase == "live";
  auto have = look_at_ledger(*store, how, out);
  if (!have)
    return have.why();
  auto unchanged = is_as_in_catalog(db, *out.plans);
  if (!unchanged)
    spdlog::warn("node: a table has changed since its figures were applied: see `millrace plan`");
  auto topics = look_at_topics(how, out, *have);
  if (!topics)
    return topics.why();
  if (!topics->broken)
    return doubt_tables(*store, db, out, topics->to_reread);
  if (auto planned = unchanged ? forget_all_former(out) : plan_files(how, db, out); !planned)
    return planned;
  return rebuild(how, db, want, *topics->broken, found, out);
}

bool readable(const std::string& plans) {
  try {
    plans_from_json(plans);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// What this node would write.
result<wanted_ledger> wanted(const settings& how, postgres::session& db, const redis::project_format& found) {
  auto database = db.system_identifier();
  if (!database)
    return database.why();
  return wanted_ledger{found.format != ledger_format || readable(found.plans), how.shards, *database};
}

result<void> take_up(const settings& how, postgres::session& db, started& out) {
  auto found = ledger_format_of(how);
  if (!found)
    return found.why();
  auto want = wanted(how, db, *found);
  if (!want)
    return want.why();
  out.database = want->database;
  auto decision = decide(*found, *want);
  if (decision.verdict == ledger_decision::what::resume
      || decision.verdict == ledger_decision::what::change) {
    auto lost = lost_state(how, *found);
    if (!lost)
      return lost.why();
    if (*lost)
      decision = {ledger_decision::what::rebuild, **lost};
  }
  switch (decision.verdict) {
  case ledger_decision::what::refuse:
    return error{errc::bad_setting, decision.reason};
  case ledger_decision::what::begin:
    return begin(how, db, *want, *found, decision.reason, out);
  case ledger_decision::what::rebuild:
    if (auto planned = plan_files(how, db, out); !planned)
      return planned;
    return rebuild(how, db, *want, decision.reason, *found, out);
  case ledger_decision::what::change:
    found = take_over(how, *found);
    return found ? resume(how, db, *want, *found, out) : found.why();
  case ledger_decision::what::resume:
    break;
  }
  return resume(how, db, *want, *found, out);
}

/// PostgreSQL is away, but what Kafka has can be applied: with the plans that
/// the ledger is of. `why` is returned where that can't be.
result<started> start_without_postgres(const settings& how, const error& why) {
  auto bare = open_store(how, plan_set{});
  auto format = bare ? bare->format() : result<redis::project_format>(bare.why());
  if (!format || format->format != ledger_format || format->shards != how.shards || format->phase != "live"
      || !format->next.empty())
    return why;
  auto lost = lost_state(how, *format);
  if (!lost || *lost)
    return lost ? why : lost.why();
  started out;
  take(out, plans_of(*format));
  out.database = format->database;
  out.note = fill_note_from_json(format->note);
  out.live = true;
  if (auto topics = find_topics(how, out); !topics)
    return topics.why();
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  auto have = look_at_ledger(*store, how, out);
  if (!have)
    return have.why();
  auto found = look_at_topics(how, out, *have);
  if (!found || found->broken || !found->to_reread.empty())
    return found ? why : found.why();
  spdlog::warn("node: {}; goes on with the figures as they were", why.message);
  return out;
}

/// A Redis that no flush can be written to. A replica may be promoted, so that is waited for.
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

} // namespace

result<started> start(const settings& how) {
  if (auto fit = look_at_redis(how); !fit)
    return fit.why();
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return db.why().code == errc::unavailable ? start_without_postgres(how, db.why()) : db.why();
  started out;
  if (auto taken = take_up(how, *db, out); !taken)
    return taken.why();
  return out;
}

result<void> forget_former(redis::store& store, stored_plans stored,
                           const std::vector<cell_ledger>& ledgers) {
  if (stored.former.empty())
    return {};
  std::set<std::uint64_t> found;
  for (auto& ledger : ledgers)
    for (auto& block : ledger.blocks)
      if (auto fingerprint = fingerprint_of(block))
        found.insert(*fingerprint);
  return stored.forget_all_but(found) ? store.set_former(stored.former_json()) : result<void>{};
}

} // namespace millrace
