#include "actors/cdc_router/dead_letters.hpp"
#include "actors/cdc_router/debezium_decoder.hpp"
#include "actors/cluster/side_topics.hpp"
#include "actors/connect/signal.hpp"
#include "messages/token.hpp"
#include "nodes/connector_watch.hpp"
#include "nodes/start.hpp"
#include "nodes/verbs.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15}, snapshot_timeout{60};
constexpr std::chrono::milliseconds look_interval{200};

int complain(const error& why) {
  std::cerr << "millrace: " << why.message << "\n";
  return 2;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A deletion of ours, for a row that isn't in PostgreSQL as of `at`: cells
/// remove the row only if nothing newer has shown it.
std::string forged_delete(const postgres::table& of, lsn at) {
  nlohmann::json source{{"schema", of.schema}, {"table", of.name}, {"snapshot", "replay"}, {"lsn", at.value},
                        {"sequence", nullptr}, {"txId", nullptr},  {"ts_ms", now_ms()}};
  return nlohmann::json{{"before", nullptr}, {"after", nullptr}, {"op", "d"}, {"source", source}}.dump();
}

/// Replays letters: what a key's row is now is read again from PostgreSQL,
/// since later records of it may have been applied.
class replay {
 public:
  replay(const settings& how, kafka::consumer& reads, kafka::producer& writes, postgres::session& db,
         const plan_set& plans)
      : how_(how), reads_(reads), writes_(writes), db_(db), plans_(plans) {}

  result<std::string> one(const dead_letter& letter) {
    auto table = table_of(letter.table);
    if (!table)
      return error{errc::bad_record, "no figure reads " + letter.table + " any more"};
    auto record = read_letter(reads_, letter, kafka_timeout);
    if (!record)
      return record.why();
    auto& of = plans_.tables[table->value].table;
    auto before = db_.current_wal_lsn();
    if (!before)
      return before.why();
    auto forged = forged_delete(of, *before);
    auto key = debezium_decoder(plans_, *table).decode(record->key, forged);
    if (!key || !*key)
      return error{
          errc::bad_record,
          "its key can't be read, so the row can't be told: `millrace rebuild --yes` reads all rows again, "
          "then `millrace dead-letters resolve "
              + letter.origin() + "` closes this letter"};
    auto data = connect::row_signal(of, (**key).key);
    auto there = is_there(of, data);
    if (!there)
      return there.why();
    auto brought = *there ? snapshot(data) : forget(letter, *record, forged);
    if (!brought)
      return brought.why();
    std::string how = *there ? "its row was read again" : "its row isn't in PostgreSQL any more";
    if (auto resolved =
            writes_.send({make_resolution(how_.dead_letters(), letter, how, now_ms())}, kafka_timeout);
        !resolved)
      return resolved.why();
    return how;
  }

 private:
  std::optional<table_id> table_of(const std::string& name) const {
    for (std::uint16_t i = 0; i < plans_.tables.size(); ++i)
      if (plans_.tables[i].captured
          && plans_.tables[i].table.schema + "." + plans_.tables[i].table.name == name)
        return table_id{i};
    return std::nullopt;
  }

  result<bool> is_there(const postgres::table& of, const std::string& signal) {
    auto condition = nlohmann::json::parse(signal)["additional-conditions"][0]["filter"].get<std::string>();
    auto rows = db_.query_rows("SELECT 1 FROM " + postgres::quoted_name(of.schema) + "."
                               + postgres::quoted_name(of.name) + " WHERE " + condition);
    return rows ? result<bool>(!rows->rows.empty()) : rows.why();
  }

  result<void> snapshot(const std::string& data) {
    auto side = side_topics::open(how_.kafka, how_.anchor_topic(), how_.notifications());
    if (!side)
      return side.why();
    auto id = "millrace-replay-" + fresh_token().substr(0, 12);
    if (auto asked = db_.insert_signal(id, "execute-snapshot", data); !asked)
      return asked;
    auto until = std::chrono::steady_clock::now() + snapshot_timeout;
    while (std::chrono::steady_clock::now() < until) {
      if (auto read = side->read(kafka_timeout); !read)
        return read;
      if (side->snapshot(id) == snapshot_progress::completed)
        return {};
      if (side->snapshot(id) == snapshot_progress::failed)
        return error{errc::unavailable, "Debezium couldn't read the row"};
      std::this_thread::sleep_for(look_interval);
    }
    return error{errc::unavailable,
                 "Debezium hasn't read the row within a minute: does the connector run? (millrace status)"};
  }

  result<void> forget(const dead_letter& letter, const kafka::record& record, const std::string& forged) {
    kafka::outgoing out;
    out.topic = letter.from.topic;
    out.partition = letter.from.partition;
    out.key = std::string(*record.key);
    out.payload = forged;
    return writes_.send({out}, kafka_timeout);
  }

  const settings& how_;
  kafka::consumer& reads_;
  kafka::producer& writes_;
  postgres::session& db_;
  const plan_set& plans_;
};

int list(const letter_book& book) {
  for (auto& [origin, x] : book.open())
    std::cout << origin << "  " << x.table << "  " << x.error << "\n";
  std::cout << book.open().size() << " dead letters are open\n";
  return 0;
}

int show(kafka::consumer& reads, const letter_book& book, const std::string& which) {
  auto found = book.open().find(which);
  if (found == book.open().end())
    return complain({errc::bad_setting,
                     "no dead letter \"" + which + "\" is open: `dead-letters list` shows those that are"});
  auto record = read_letter(reads, found->second, kafka_timeout);
  if (!record)
    return complain(record.why());
  auto& x = found->second;
  std::cout << "from     " << x.origin() << "\ntable    " << x.table << "\nerror    " << x.error
            << "\nkey      " << record->key.value_or("(none)") << "\npayload  "
            << record->payload.value_or("(none)") << "\n";
  return 0;
}

/// Closes letters without a look at their rows: somebody says that it is dealt with.
int resolve_letters(const settings& how, const letter_book& book, const std::string& which) {
  if (which != "all" && !book.open().count(which))
    return complain(
        {errc::bad_setting, "resolve wants `all`, or the name of one that `dead-letters list` shows"});
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return complain(writes.why());
  for (auto& [origin, x] : book.open()) {
    if (which != "all" && which != origin)
      continue;
    auto note = make_resolution(how.dead_letters(), x, "said to be dealt with", now_ms());
    if (auto resolved = writes->send({note}, kafka_timeout); !resolved)
      return complain(resolved.why());
    std::cout << origin << "  resolved\n";
  }
  return 0;
}

int replay_letters(const settings& how, kafka::consumer& reads, const letter_book& book,
                   const std::string& which) {
  if (which != "all" && !book.open().count(which))
    return complain(
        {errc::bad_setting, "replay wants `all`, or the name of one that `dead-letters list` shows"});
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return complain(db.why());
  auto plans = plan_project(how, *db);
  if (!plans)
    return complain(plans.why());
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return complain(writes.why());
  replay again(how, reads, *writes, *db, *plans);
  int failed = 0;
  for (auto& [origin, x] : book.open()) {
    if (which != "all" && which != origin)
      continue;
    auto done = again.one(x);
    std::cout << origin << "  " << (done ? *done : "NOT replayed: " + done.why().message) << "\n";
    failed += done ? 0 : 1;
  }
  return failed ? 1 : 0;
}

} // namespace

namespace {

/// Counts open letters; reads the topic again only when it has grown.
struct letter_counter {
  settings how;
  std::unique_ptr<kafka::consumer> reads;
  kafka_offset seen = nowhere;
  std::map<std::string, std::int64_t> count;

  result<std::map<std::string, std::int64_t>> look() {
    if (!reads) {
      auto opened = kafka::consumer::connect(how.kafka);
      if (!opened)
        return opened.why();
      reads = std::make_unique<kafka::consumer>(std::move(*opened));
    }
    auto bounds = reads->bounds({how.dead_letters(), {0}}, kafka_timeout);
    if (!bounds)
      return bounds.why();
    if (bounds->high == seen)
      return count;
    auto book = read_letters(*reads, how.dead_letters(), kafka_timeout);
    if (!book)
      return book.why();
    seen = bounds->high;
    return count = book->by_table();
  }
};

} // namespace

std::function<result<std::map<std::string, std::int64_t>>()> count_open_letters(const settings& how) {
  auto it = std::make_shared<letter_counter>();
  it->how = how;
  return [it] { return it->look(); };
}

int run_dead_letters(const settings& how, const std::string& action, const std::string& which) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return complain(reads.why());
  auto book = read_letters(*reads, how.dead_letters(), kafka_timeout);
  if (!book)
    return complain(book.why());
  if (action == "list")
    return list(*book);
  if (action == "show")
    return show(*reads, *book, which);
  if (action == "resolve")
    return resolve_letters(how, *book, which);
  return replay_letters(how, *reads, *book, which);
}

} // namespace millrace
