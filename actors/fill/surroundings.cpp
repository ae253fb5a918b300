#include "actors/fill/surroundings.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/ledger/retire.hpp"
#include "actors/sources/debezium/captured_tables.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{10};
constexpr std::chrono::milliseconds side_wait{2000};

} // namespace

surroundings::surroundings(surroundings_settings how)
    : how_(std::move(how)), reader_({how_.postgres, how_.kafka, how_.topic_prefix, how_.plans}),
      catalog_(relied_on()) {}

catalog_watch_settings surroundings::relied_on() const {
  return {how_.plans, how_.publication, how_.roles, how_.life};
}

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
  out.captured = [this](lsn marker) { return captured(marker); };
  out.last_anchor = [this]() -> result<lsn> {
    auto x = side();
    return x ? (*x)->last_anchor() : result<lsn>(x.why());
  };
  out.next_transaction = [this]() -> result<std::uint64_t> {
    auto x = session();
    return x ? (*x)->next_transaction() : result<std::uint64_t>(x.why());
  };
  out.open_before = [this](std::uint64_t number) -> result<std::string> {
    auto x = session();
    return x ? (*x)->open_before(number) : result<std::string>(x.why());
  };
  out.read = [this](lsn from, const std::vector<std::string>& tables) { return read(from, tables); };
  out.progress = [this] { return reader_.look(); };
  out.proven = [this](lsn from, const std::vector<std::string>& tables) { return prove(from, tables); };
  out.tables = captured_tables(*how_.plans);
  out.tables_of = tables_of_figures(*how_.plans);
  out.doubt = [this](const std::string& why, const std::vector<std::string>& tables) {
    return doubt(why, tables);
  };
  out.to_read_again = [this] { return to_read_again(); };
  out.ends = [this] { return bounds(false); };
  out.begins = [this] { return bounds(true); };
  out.durable = [this](const offsets_by_source& ends) { return durable(ends); };
  out.saved = [this] { return saved(); };
  out.save = [this](const fill_note& note, bool live) { return save(note, live); };
  return out;
}

result<void> surroundings::kafka_answers() const {
  return kafka_away_ ? result<void>(error{errc::unavailable, kafka_trouble_}) : result<void>();
}

/// Returns the side topics, read up to their ends. After an error they are opened again, but only once Kafka
/// answers: without Kafka, librdkafka can take a minute to end a client.
result<side_topics*> surroundings::side() {
  if (auto answers = kafka_answers(); !answers)
    return answers.why();
  if (std::exchange(side_failed_, false))
    side_.reset();
  if (!side_) {
    auto opened = side_topics::open(how_.kafka, how_.side);
    if (!opened)
      return opened.why();
    side_ = std::make_unique<side_topics>(std::move(*opened));
  }
  if (auto read = side_->read(side_wait); !read) {
    side_failed_ = true;
    note_kafka(read.why().message);
    return read.why();
  }
  return side_.get();
}

result<bool> surroundings::captured(lsn marker) {
  auto x = side();
  if (!x)
    return x.why();
  if (!(*x)->has_messages()) // Debezium creates it with its first heartbeat
    return side_failed_ = true, false;
  auto& heard = (*x)->last_heartbeat();
  return heard.at > marker && connect::captures_all(heard.mark, *how_.plans);
}

/// Reads the catalog before the tables, so that the next check finds every change made since.
result<void> surroundings::read(lsn from, const std::vector<std::string>& tables) {
  auto db = session();
  if (!db)
    return db.why();
  auto seen = facts_now(**db, relied_on(), tables);
  if (!seen)
    return seen.why();
  read_as_ = std::move(*seen);
  reader_.begin(from, tables);
  return {};
}

/// Clears the doubts of the tables read, except where a condition prevented exact figures.
result<void> surroundings::prove(lsn from, const std::vector<std::string>& tables) {
  auto ledger = store();
  if (!ledger)
    return ledger.why();
  auto proven = read_as_;
  std::erase_if(proven.tables, [&](auto& x) {
    return !tables.empty() && std::find(tables.begin(), tables.end(), x.first) == tables.end();
  });
  auto done = (*ledger)->rely_on(to_be_relied_on(proven), how_.life);
  auto in_the_way = standing(proven, relied_on());
  for (auto& [table, _] : proven.tables)
    if (done && in_the_way.count(table) == 0)
      done = (*ledger)->clear_doubt(table, from, how_.life);
  if (!done)
    store_.reset();
  return done;
}

result<void> surroundings::doubt(const std::string& why, const std::vector<std::string>& tables) {
  auto db = session();
  auto here = db ? (*db)->current_wal_lsn() : result<lsn>(db.why());
  if (!here)
    return here.why();
  auto ledger = store();
  if (!ledger)
    return ledger.why();
  redis::table_doubt x{
      why, "millrace status",
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count(),
      *here, true};
  for (auto& table : tables.empty() ? captured_tables(*how_.plans) : tables)
    if (auto noted = (*ledger)->doubt(table, x, how_.life); !noted)
      return store_.reset(), noted;
  return {};
}

/// Returns the tables in doubt for which reading again is enough, with the reason.
result<std::map<std::string, std::string>> surroundings::to_read_again() {
  auto ledger = store();
  auto doubts =
      ledger ? (*ledger)->doubts() : result<std::map<std::string, redis::table_doubt>>(ledger.why());
  if (!doubts)
    return store_.reset(), doubts.why();
  std::map<std::string, std::string> out;
  std::vector<std::string> names;
  for (auto& [table, x] : *doubts)
    if ((x.rewritten_only || x.asked) && captured_table(*how_.plans, table)) {
      out[table] = x.reason;
      names.push_back(table);
    }
  if (out.empty())
    return out;
  auto db = session();
  auto seen = db ? facts_now(**db, relied_on(), names) : result<postgres::catalog_picture>(db.why());
  if (!seen)
    return seen.why();
  for (auto& [table, _] : standing(*seen, relied_on()))
    out.erase(table);
  return out;
}

result<offsets_by_source> surroundings::bounds(bool first) {
  if (auto answers = kafka_answers(); !answers)
    return answers.why();
  auto x = consumer();
  if (!x)
    return x.why();
  offsets_by_source out;
  for (auto& [source, topic] : how_.sources) {
    auto bounds = (*x)->bounds(topic, kafka_timeout);
    if (!bounds)
      return bounds.why();
    out[source] = first ? bounds->low : kafka_offset{bounds->high.value - 1};
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
  auto saved = (*x)->set_note(live ? "live" : "filling", to_json(note), how_.life);
  if (!saved && saved.why().code == errc::unavailable)
    store_.reset();
  return saved;
}

} // namespace millrace
