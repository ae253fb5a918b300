#include "nodes/start.hpp"

#include "actors/cdc_router/topic_check.hpp"
#include "actors/cluster/ledger_decision.hpp"
#include "actors/cluster/retire.hpp"
#include "actors/connect/topics.hpp"
#include "actors/figures/planner.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};

/// The plans of a ledger, or an empty set where there is none that we can read.
plan_set stored_plans(const redis::project_format& format) {
  try {
    return format.plans.empty() ? plan_set{} : plans_from_json(format.plans);
  } catch (const std::exception& x) {
    spdlog::error("node: the ledger's plans can't be read: {}", x.what());
    return {};
  }
}

result<void> retire_stored(const settings& how, const redis::project_format& format) {
  auto plans = stored_plans(format);
  auto store = open_store(how, plans);
  if (!store)
    return store.why();
  return retire_figures(*store, plans, format.shards, how.project, wall_clock());
}

/// Writes the ledger's birth. The log's end is noted: a snapshot that begins
/// behind it shows every row. Topics that are whole show them in any case.
result<fill_note> give_birth(redis::store& store, postgres::session& db, bool topics_whole,
                             const wanted_ledger& want, const plan_set& plans, const std::string& reason) {
  auto here = db.current_wal_lsn();
  if (!here)
    return here.why();
  fill_note note;
  note.reason = reason;
  note.birth = topics_whole ? lsn{} : *here;
  redis::project_format format{ledger_format, want.fingerprint, want.shards,  to_json(plans),
                               want.database, "filling",        to_json(note)};
  if (auto written = store.set_format(format); !written)
    return written.why();
  return note;
}

result<void> claim_all(redis::store& store, const settings& how, started& out) {
  auto cells = all_cells(*out.plans, how.shards);
  std::vector<owner_token> tokens(cells.size());
  std::generate(tokens.begin(), tokens.end(), fresh_token);
  auto ledgers = store.claim(cells, tokens);
  if (!ledgers)
    return ledgers.why();
  out.ledgers = std::move(*ledgers);
  out.first_fill =
      std::all_of(out.ledgers.begin(), out.ledgers.end(), [](auto& x) { return x.positions.empty(); });
  return {};
}

/// What the ledger has of each partition, over all cells that read it.
std::map<source_id, ledger_extent> extents(const started& x) {
  std::map<source_id, ledger_extent> out;
  for (auto& ledger : x.ledgers)
    for (auto& p : ledger.positions) {
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

result<std::optional<std::string>> broken_topics(const settings& how, const started& x) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  return find_break(*reads, *x.plans, x.sources, extents(x), kafka_timeout);
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
  auto note = give_birth(*store, db, false, want, *out.plans, why);
  if (!note)
    return note.why();
  out.note = *note;
  out.live = false;
  return claim_all(*store, how, out);
}

result<void> take_up(const settings& how, postgres::session& db, const wanted_ledger& want, started& out) {
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  auto found = store->format();
  if (!found)
    return found.why();
  auto decision = decide(*found, want);
  switch (decision.verdict) {
  case ledger_decision::what::refuse:
    return error{errc::bad_setting, decision.reason};
  case ledger_decision::what::rebuild:
    return rebuild(how, db, want, decision.reason, *found, out);
  case ledger_decision::what::begin: {
    auto note = give_birth(*store, db, how.topics_whole, want, *out.plans, decision.reason);
    if (!note)
      return note.why();
    out.note = *note;
    return claim_all(*store, how, out);
  }
  case ledger_decision::what::resume:
    break;
  }
  out.note = fill_note_from_json(found->note);
  out.live = found->phase == "live";
  if (auto claimed = claim_all(*store, how, out); !claimed)
    return claimed;
  auto broken = broken_topics(how, out);
  if (!broken)
    return broken.why();
  return *broken ? rebuild(how, db, want, **broken, *found, out) : result<void>{};
}

/// PostgreSQL is away, but what Kafka has can be applied: with the plans that
/// the ledger is of. `why` is returned where that can't be.
result<started> start_without_postgres(const settings& how, const error& why) {
  auto bare = open_store(how, plan_set{});
  auto format = bare ? bare->format() : result<redis::project_format>(bare.why());
  if (!format || format->format != ledger_format || format->shards != how.shards || format->phase != "live")
    return why;
  started out;
  out.plans = std::make_unique<plan_set>(stored_plans(*format));
  out.database = format->database;
  out.note = fill_note_from_json(format->note);
  out.live = true;
  auto sources = find_sources(how, *out.plans);
  if (!sources)
    return sources.why();
  out.sources = std::move(*sources);
  auto store = open_store(how, *out.plans);
  if (!store)
    return store.why();
  if (auto claimed = claim_all(*store, how, out); !claimed)
    return claimed.why();
  auto broken = broken_topics(how, out);
  if (!broken || *broken)
    return broken ? why : broken.why();
  spdlog::warn("node: {}; goes on with the figures as they were", why.message);
  return out;
}

} // namespace

tick_seconds wall_clock() {
  return {
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

result<redis::store> open_store(const settings& how, const plan_set& plans) {
  auto connection = redis::client::connect(how.redis);
  if (!connection)
    return connection.why();
  return redis::store::open(std::move(*connection), how.project, plans);
}

result<plan_set> plan_project(const settings& how, postgres::session& db) {
  auto planned = plan_figures(how.figures, db, how.key_prefix);
  if (planned.refusals.empty())
    return std::move(planned.plans);
  std::string text;
  for (auto& x : planned.refusals)
    text += to_text(x) + "\n";
  return error{errc::refused_figure, text + std::to_string(planned.refusals.size()) + " figures are refused"};
}

result<std::map<source_id, kafka::topic_partition>> find_sources(const settings& how, const plan_set& plans) {
  if (auto both = connect::topics_that_meet(plans, how.topic_prefix); !both.empty())
    return error{errc::bad_setting, "the tables " + both
                                        + " would share a topic: Kafka takes letters, digits, '.', '_' and "
                                          "'-' only, and Debezium writes '_' for the rest"};
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return writes.why();
  auto topics = connect::topics_of(plans, how.topic_prefix, how.project, how.shards, how.owner.own_schema);
  if (auto created = writes->create(topics, kafka_timeout); !created)
    return created.why();
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  std::map<source_id, kafka::topic_partition> out;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& table = plans.tables[i];
    if (!table.captured)
      continue;
    auto topic = connect::change_topic(how.topic_prefix, table.table);
    auto partitions = reads->partitions(topic, kafka_timeout);
    if (!partitions)
      return partitions.why();
    for (auto p : *partitions)
      out[{table_id{i}, p}] = {topic, p};
  }
  return out;
}

result<started> start(const settings& how) {
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return db.why().code == errc::unavailable ? start_without_postgres(how, db.why()) : db.why();
  auto plans = plan_project(how, *db);
  if (!plans)
    return plans.why();
  auto database = db->system_identifier();
  if (!database)
    return database.why();
  started out;
  out.plans = std::make_unique<plan_set>(std::move(*plans));
  out.database = *database;
  auto sources = find_sources(how, *out.plans);
  if (!sources)
    return sources.why();
  out.sources = std::move(*sources);
  wanted_ledger want{out.plans->fingerprint(), how.shards, *database};
  if (auto taken = take_up(how, *db, want, out); !taken)
    return taken.why();
  return out;
}

result<void> take_away(const settings& how) {
  auto store = open_store(how, plan_set{});
  if (!store)
    return store.why();
  auto found = store->format();
  if (!found)
    return found.why();
  if (found->format.empty())
    return {};
  if (auto gone = retire_stored(how, *found); !gone)
    return gone;
  return store->set_format({});
}

} // namespace millrace
