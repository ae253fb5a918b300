#include "actors/cluster/surroundings.hpp"

#include "actors/cluster/retire.hpp"
#include "actors/cluster/unknown_tables.hpp"
#include "actors/connect/signal.hpp"
#include "actors/postgres/encoding.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{10};
/// Less than status waits for an answer: where Kafka is away, that is to be told.
constexpr std::chrono::seconds look_timeout{3};
constexpr std::chrono::seconds identify_interval{10}, count_interval{10};
constexpr std::chrono::milliseconds side_wait{2000};

std::int64_t in_ms(std::chrono::steady_clock::duration x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

} // namespace

surroundings::surroundings(surroundings_settings how)
    : how_(std::move(how)), catalog_({how_.plans, how_.publication, how_.roles, how_.life}) {}

result<postgres::session*> surroundings::session() {
  if (!session_) {
    auto opened = postgres::session::open(how_.postgres);
    if (!opened)
      return opened.why();
    session_ = std::make_unique<postgres::session>(std::move(*opened));
  }
  return session_.get();
}

result<redis::store*> surroundings::store() {
  if (!store_) {
    auto opened = how_.open_store();
    if (!opened)
      return opened.why();
    store_ = std::make_unique<redis::store>(std::move(*opened));
  }
  return store_.get();
}

result<kafka::consumer*> surroundings::consumer() {
  if (!consumer_) {
    auto opened = kafka::consumer::connect(how_.kafka);
    if (!opened)
      return opened.why();
    consumer_ = std::make_unique<kafka::consumer>(std::move(*opened));
  }
  return consumer_.get();
}

fill_backend surroundings::backend() {
  fill_backend out;
  out.emit_marker = [this]() -> result<lsn> {
    auto x = session();
    return x ? (*x)->emit_marker("fill") : result<lsn>(x.why());
  };
  out.slot = [this]() -> result<postgres::slot_state> {
    auto x = session();
    return x ? (*x)->slot(how_.slot) : result<postgres::slot_state>(x.why());
  };
  out.wal = [this]() -> result<lsn> {
    auto x = session();
    return x ? (*x)->current_wal_lsn() : result<lsn>(x.why());
  };
  out.last_snapshot = [this] { return last_snapshot(); };
  out.ask_for_snapshot = [this](const std::string& id,
                                const std::vector<std::string>& tables) -> result<void> {
    auto x = session();
    if (!x)
      return x.why();
    return (*x)->insert_signal(id, "execute-snapshot", connect::snapshot_signal(*how_.plans, tables));
  };
  out.snapshot = [this](const std::string& id, const std::vector<std::string>& tables) {
    (void)last_snapshot();
    return side_ ? side_->snapshot(id, tables) : snapshot_progress::unknown;
  };
  out.ends = [this] { return ends(); };
  out.durable = [this](const offsets_by_source& ends) { return durable(ends); };
  out.saved = [this] { return saved(); };
  out.save = [this](const fill_note& note, bool live) { return save(note, live); };
  return out;
}

result<lsn> surroundings::last_snapshot() {
  if (!side_) {
    auto opened = side_topics::open(how_.kafka, how_.anchor_topic, how_.notifications);
    if (!opened)
      return opened.why();
    side_ = std::make_unique<side_topics>(std::move(*opened));
  }
  if (auto read = side_->read(side_wait); !read)
    return side_.reset(), read.why();
  return side_->last_snapshot();
}

result<offsets_by_source> surroundings::ends() {
  auto x = consumer();
  if (!x)
    return x.why();
  offsets_by_source out;
  for (auto& [source, topic] : how_.sources) {
    auto bounds = (*x)->bounds(topic, kafka_timeout);
    if (!bounds)
      return bounds.why();
    out[source] = {bounds->high.value - 1};
  }
  return out;
}

result<bool> surroundings::durable(const offsets_by_source& ends) {
  auto x = store();
  if (!x)
    return x.why();
  auto all = (*x)->positions(all_cells(*how_.plans, how_.shards));
  if (!all)
    return store_.reset(), all.why();
  std::map<cell_id, std::map<source_id, kafka_offset>> have;
  for (auto& cell : *all)
    for (auto& p : cell.positions)
      have[cell.cell][p.source] = p.last;
  for (auto& [source, end] : ends)
    for (auto& route : how_.plans->routes)
      if (route.table == source.table)
        for (std::uint16_t shard = 0; shard < how_.shards; ++shard) {
          auto& cell = have[{shard_id{shard}, route.entity}];
          auto at = cell.find(source);
          if (end != nowhere && (at == cell.end() || at->second < end))
            return false;
        }
  return true;
}

result<std::optional<saved_note>> surroundings::saved() {
  auto x = store();
  if (!x)
    return x.why();
  auto have = (*x)->note();
  if (!have)
    return store_.reset(), have.why();
  auto& [phase, note] = *have;
  if (phase.empty())
    return std::optional<saved_note>();
  return std::optional(saved_note{phase == "live", fill_note_from_json(note)});
}

result<void> surroundings::save(const fill_note& note, bool live) {
  auto x = store();
  if (!x)
    return x.why();
  auto saved = (*x)->set_note(live ? "live" : "filling", to_json(note));
  if (!saved && saved.why().code == errc::unavailable)
    store_.reset();
  return saved;
}

std::string surroundings::look(bool leads) {
  nlohmann::json out = nlohmann::json::object();
  out["doubts"] = nlohmann::json::parse(look_at_catalog(leads));
  auto slot = nlohmann::json::parse(look_at_slot(), nullptr, false);
  std::optional<bool> read;
  if (slot.value("exists", false))
    read = slot.value("read", false);
  if (leads && how_.look_at_connector)
    out["connector"] = nlohmann::json::parse(how_.look_at_connector(read), nullptr, false);
  out["slot"] = std::move(slot);
  out["encoding"] = encoding_trouble_.value_or("");
  if (how_.open_letters)
    if (auto letters = how_.open_letters())
      out["open_dead_letters"] = *letters;
  look_at_topics();
  look_for_change();
  out["unknown_tables"] = unknown_;
  if (kafka_away_)
    out["kafka"] = {{"trouble", kafka_trouble_},
                    {"trouble_ms", in_ms(std::chrono::steady_clock::now() - *kafka_away_)}};
  return out.dump();
}

/// A topic that was deleted is no error to a reader, which waits for it to come
/// back. Where Kafka doesn't answer the last count stays.
void surroundings::look_at_topics() {
  auto now = std::chrono::steady_clock::now();
  if (now - counted_ < count_interval)
    return;
  counted_ = now;
  auto x = consumer();
  if (!x)
    return;
  auto topics = (*x)->topics(how_.topic_prefix + ".", look_timeout);
  note_kafka(topics ? "" : topics.why().message);
  if (!topics)
    return;
  for (auto& [_, source] : how_.sources)
    if (topics->count(source.topic) == 0)
      return how_.lost("Kafka has no topic " + source.topic + " any more: somebody deleted it");
  auto unknown = unknown_tables(*topics, how_.topic_prefix, how_.anchor_topic, *how_.plans);
  auto found = count_records(**x, *topics, unknown, kafka_timeout);
  if (!found)
    return;
  for (auto& [table, records] : *found)
    if (unknown_.count(table) == 0)
      spdlog::warn("cluster: no figure reads {}: its topic's records are skipped (up to {})", table, records);
  unknown_ = *found;
}

void surroundings::note_kafka(const std::string& trouble) {
  kafka_trouble_ = trouble;
  if (trouble.empty())
    kafka_away_.reset();
  else if (!kafka_away_)
    kafka_away_ = std::chrono::steady_clock::now();
}

/// Figures that somebody applied begin with a new life; so does a ledger that
/// another node began anew.
void surroundings::look_for_change() {
  auto x = store();
  auto replaced = x ? (*x)->replaced(how_.life) : result<std::optional<std::string>>(x.why());
  if (!replaced)
    store_.reset();
  else if (*replaced)
    how_.lost(**replaced);
}

/// Returns the tables in doubt as JSON. Where a server doesn't answer, the last ones stay.
std::string surroundings::look_at_catalog(bool leads) {
  auto ledger = store();
  if (!ledger)
    return doubts_;
  if (auto db = leads ? session() : result<postgres::session*>(nullptr); db && *db) {
    auto looked = catalog_.look(**db, **ledger);
    if (!looked && looked.why().message != catalog_trouble_)
      spdlog::warn("cluster: can't compare the tables with PostgreSQL's catalog: {}; trying again",
                   looked.why().message);
    catalog_trouble_ = looked ? "" : looked.why().message;
  }
  auto found = (*ledger)->doubts();
  if (!found)
    return store_.reset(), doubts_;
  auto out = nlohmann::json::object();
  for (auto& [table, x] : *found)
    out[table] = {{"reason", x.reason}, {"remedy", x.remedy}, {"since", x.since}};
  return doubts_ = out.dump();
}

std::string surroundings::look_at_slot() {
  auto x = session();
  auto slot = x ? (*x)->slot(how_.slot) : result<postgres::slot_state>(x.why());
  std::string complaint;
  if (!slot) {
    complaint = "PostgreSQL: " + slot.why().message;
  } else {
    identify(**x);
    if (!slot->exists)
      complaint = "the replication slot " + how_.slot
                  + " isn't there: changes made until Debezium makes a new one "
                    "are found by its next snapshot";
    else if (slot->wal_status == "lost")
      complaint = "PostgreSQL has thrown away log that the slot " + how_.slot
                  + " still needs: drop the slot, and "
                    "Debezium takes a new snapshot";
  }
  if (complaint != said_ && !complaint.empty())
    spdlog::warn("cluster: {}", complaint);
  said_ = complaint;
  nlohmann::json out{{"trouble", complaint}};
  auto now = std::chrono::steady_clock::now();
  if (slot) {
    look_at_encoding(**x);
    out["exists"] = slot->exists;
    auto seen = reading_.see(slot->active, slot->confirmed_flush, now);
    if (seen.ask)
      (void)(*x)->emit_marker("look");
    out["read"] = seen.read;
    out["active"] = slot->active;
    out["retained_wal_bytes"] = slot->retained_wal_bytes;
    out["confirmed_flush"] = postgres::to_text(slot->confirmed_flush);
  }
  out["still_ms"] = in_ms(reading_.still(now));
  return out.dump();
}

/// A database keeps the encoding that it was made with.
void surroundings::look_at_encoding(postgres::session& x) {
  if (encoding_trouble_)
    return;
  auto found = postgres::encoding_trouble(x);
  if (!found)
    return;
  encoding_trouble_ = *found;
  if (!found->empty())
    spdlog::warn("cluster: {}", *found);
}

/// LSNs mean something only within one database cluster.
void surroundings::identify(postgres::session& x) {
  auto now = std::chrono::steady_clock::now();
  if (how_.system_identifier.empty() || now - identified_ < identify_interval)
    return;
  identified_ = now;
  auto id = x.system_identifier();
  if (id && *id != how_.system_identifier)
    how_.lost("PostgreSQL is another database cluster now (" + *id + ", not " + how_.system_identifier + ")");
}

} // namespace millrace
