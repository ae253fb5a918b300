#include "actors/sources/debezium/table_reader.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/sources/debezium/read_record.hpp"
#include "actors/sources/debezium/topics.hpp"
#include "actors/sources/kafka/producer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{60}, first_pause{1}, longest_pause{60};
/// Number and bytes of rows that wait together for Kafka's acknowledgement.
constexpr std::size_t batch_rows = 10'000, batch_bytes = 8 << 20;
/// Attempts after which a table counts as unreadable.
constexpr std::size_t attempts = 3;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

/// One read of some tables.
struct table_reader::work {
  work(const table_reader_settings& how, lsn from, std::deque<table_id> tables)
      : how(how), from(from), waiting(std::move(tables)), total(waiting.size()),
        thread([this](std::stop_token stop) { run(stop); }) {}

  void run(std::stop_token stop) {
    auto pause = first_pause;
    while (!stop.stop_requested() && !waiting.empty()) {
      auto read = read_table(waiting.front(), stop);
      if (stop.stop_requested())
        return;
      say(read);
      if (read) {
        waiting.pop_front();
        pause = first_pause;
        tell_of_the_rest();
        continue;
      }
      // Reads the next table meanwhile.
      waiting.push_back(waiting.front());
      waiting.pop_front();
      tell_of_the_rest();
      if (++failed % waiting.size() == 0) {
        wait(stop, pause);
        pause = std::min(pause * 2, longest_pause);
      }
    }
    std::lock_guard lock(guard);
    progress.done = waiting.empty();
    progress.only_unreadable = false;
  }

  void wait(std::stop_token stop, std::chrono::seconds time) {
    std::unique_lock lock(guard);
    woken.wait_for(lock, stop, time, [] { return false; });
  }

  void say(const result<void>& read) {
    auto name = name_of(waiting.front());
    std::lock_guard lock(guard);
    if (read) {
      spdlog::info("fill: read {} ({} rows)", name, rows);
      progress.unreadable.erase(name);
      return;
    }
    ++failures[name];
    if (auto& said = progress.unreadable[name]; said != read.why().message) {
      said = read.why().message;
      spdlog::warn("fill: {} can't be read: {}; trying again", name, said);
    }
  }

  void tell_of_the_rest() {
    auto only = !waiting.empty() && std::all_of(waiting.begin(), waiting.end(), [&](auto id) {
      return failures[name_of(id)] >= attempts;
    });
    std::lock_guard lock(guard);
    progress.only_unreadable = only;
  }

  /// Begins a read-only transaction, and locks the table, so that nobody can put a view in its place: a
  /// view's functions would run as the node's role. Waits only a while for the lock, because other tables'
  /// figures wait until this one has failed repeatedly.
  static result<void> hold(postgres::session& db, const postgres::table& table) {
    auto name = postgres::quoted_name(table.schema) + "." + postgres::quoted_name(table.name);
    auto begun = db.begin_snapshot();
    if (!begun)
      return begun;
    auto locked =
        db.execute("SET LOCAL lock_timeout = '5s'; LOCK TABLE ONLY " + name + " IN ACCESS SHARE MODE");
    if (!locked)
      return locked.why();
    auto kind = db.query_rows("SELECT relkind FROM pg_catalog.pg_class WHERE oid = "
                              + postgres::quoted_text(name) + "::pg_catalog.regclass");
    if (!kind)
      return kind.why();
    if (kind->rows.empty() || kind->rows[0][0] != "r")
      return error{errc::refused_figure, name + " isn't a table any more"};
    return {};
  }

  result<void> read_table(table_id id, std::stop_token stop) {
    rows = 0;
    tell();
    auto db = postgres::session::open(how.postgres);
    if (!db)
      return db.why();
    auto& table = how.plans->tables[id.value].table;
    if (auto held = hold(*db, table); !held)
      return held;
    auto to = kafka::producer::connect(how.kafka);
    if (!to)
      return to.why();
    connect::read_records records(table, used_columns(*how.plans, id),
                                  connect::change_topic(how.topic_prefix, table), from);
    std::vector<kafka::outgoing> batch;
    std::size_t bytes = 0;
    result<void> sent;
    auto flush = [&] {
      sent = to->send(std::exchange(batch, {}), kafka_timeout);
      bytes = 0;
      tell();
      return sent && !stop.stop_requested();
    };
    auto read = db->for_each_row(records.query(), [&](const postgres::text_row& row) {
      batch.push_back(records.record(row, now_ms()));
      bytes += batch.back().payload->size();
      ++rows;
      return (batch.size() < batch_rows && bytes < batch_bytes) || flush();
    });
    if (read && sent)
      flush();
    return sent ? read : sent;
  }

  void tell() {
    std::lock_guard lock(guard);
    progress.words = name_of(waiting.front()) + ", " + std::to_string(rows) + " rows ("
                     + std::to_string(total - waiting.size() + 1) + " of " + std::to_string(total)
                     + " tables)";
  }

  std::string name_of(table_id id) const {
    auto& x = how.plans->tables[id.value].table;
    return x.schema + "." + x.name;
  }

  const table_reader_settings& how;
  lsn from;
  std::deque<table_id> waiting; ///< the first is being read
  std::size_t total, failed = 0;
  std::uint64_t rows = 0;                      ///< of the table being read
  std::map<std::string, std::size_t> failures; ///< attempts that failed, by table
  mutable std::mutex guard;                    ///< protects `progress`
  read_progress progress;
  std::condition_variable_any woken;
  std::jthread thread; ///< last, because it uses all fields above
};

table_reader::table_reader(table_reader_settings how) : how_(std::move(how)) {}
table_reader::~table_reader() = default;
table_reader::table_reader(table_reader&&) noexcept = default;
table_reader& table_reader::operator=(table_reader&&) noexcept = default;

void table_reader::begin(lsn from, const std::vector<std::string>& tables) {
  work_.reset();
  std::deque<table_id> all;
  for (auto& name : tables.empty() ? captured_tables(*how_.plans) : tables)
    if (auto id = captured_table(*how_.plans, name))
      all.push_back(*id);
  work_ = std::make_unique<work>(how_, from, std::move(all));
}

read_progress table_reader::look() const {
  if (!work_)
    return {};
  std::lock_guard lock(work_->guard);
  return work_->progress;
}

} // namespace millrace
