#include "nodes/node/start.hpp"

#include "actors/cell/state_block.hpp"
#include "actors/ledger/change_over.hpp"
#include "actors/ledger/ledger_decision.hpp"
#include "actors/ledger/retire.hpp"
#include "messages/token.hpp"
#include "nodes/node/found_state.hpp"
#include "nodes/settings/take_away.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

void take(started& out, stored_plans x) {
  out.stored = std::make_shared<stored_plans>(std::move(x));
  out.plans = {out.stored, &out.stored->plans};
}

/// Creates the ledger, and replaces the incarnation `before`. Stores the WAL's end: a snapshot that begins
/// after it contains every row. Complete topics contain every row in any case.
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

/// Starts over with an empty ledger, and logs `why`. Data was lost or belongs to another database, so the
/// setting that topics are complete doesn't count.
result<void> rebuild(const settings& how, postgres::session& db, const wanted_ledger& want,
                     const std::string& why, const redis::project_format& found, started& out) {
  spdlog::warn("node: rebuilding all figures: {}", why);
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

/// Plans the figure files.
result<void> plan_files(const settings& how, postgres::session& db, started& out) {
  auto plans = plan_project(how, db);
  if (!plans)
    return plans.why();
  stored_plans fresh;
  fresh.plans = std::move(*plans);
  take(out, std::move(fresh));
  return find_topics(how, out);
}

/// Starts without a ledger.
result<void> begin(const settings& how, postgres::session& db, const wanted_ledger& want,
                   const redis::project_format& found, const std::string& why, started& out) {
  if (auto planned = plan_files(how, db, out); !planned)
    return planned;
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  if (auto have = look_at_cells(*store, how, out); !have)
    return have.why();
  if (!out.first_fill) { // Redis lost only the ledger's format
    if (auto gone = store->wipe(all_cells(*out.plans, how.shards), found.life); !gone)
      return gone;
    out.first_fill = true;
  }
  return give_birth(*store, db, how.topics_whole, want, why, found.life, out);
}

/// Moves the ledger to the figures last applied. Returns its new format.
result<redis::project_format> take_over(const settings& how, const redis::project_format& found) {
  auto stored = plans_of(found);
  auto store = open_store(how, stored.plans);
  if (!store)
    return store.why();
  auto now = tick_of(*store);
  if (!now)
    return now.why();
  if (auto done = change_over(*store, found, how.project, *now, feeds_of(how)); !done)
    return done.why();
  return store->format();
}

result<void> forget_all_former(started& out) {
  stored_plans again;
  again.plans = *out.plans;
  take(out, std::move(again));
  return {};
}

/// Continues from the ledger. If a table has changed since, records that don't fit become dead letters, as in
/// a running node.
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
  auto topics = look_at_logs(how, out, *have);
  if (!topics)
    return topics.why();
  if (!topics->broken)
    return doubt_tables(*store, db, out, topics->to_reread);
  if (auto planned = unchanged ? forget_all_former(out) : plan_files(how, db, out); !planned)
    return planned;
  return rebuild(how, db, want, *topics->broken, found, out);
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

/// Starts without PostgreSQL, with the ledger's plans, to apply what Kafka has. Returns `why` if that isn't
/// possible.
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
  auto found = look_at_logs(how, out, *have);
  if (!found || found->broken || !found->to_reread.empty())
    return found ? why : found.why();
  spdlog::warn("node: {}; keeping the figures last applied", why.message);
  return out;
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
