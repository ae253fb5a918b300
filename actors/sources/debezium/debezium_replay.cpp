#include "actors/sources/debezium/debezium_replay.hpp"

#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/debezium/signal.hpp"
#include "actors/sources/kafka/dead_letters.hpp"
#include "messages/rows.hpp"
#include "messages/token.hpp"

#include <nlohmann/json.hpp>

#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::seconds snapshot_timeout{60}, kafka_timeout{15};
constexpr std::chrono::milliseconds look_interval{200};
constexpr std::size_t rows_at_once = 500; // in the condition of one signal

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Returns a DELETE record written by Millrace, for a row that isn't in PostgreSQL as of `at`. Cells remove
/// the row only if no newer record has shown it.
std::string forged_delete(const postgres::table& of, lsn at) {
  nlohmann::json source{{"schema", of.schema}, {"table", of.name}, {"snapshot", "replay"}, {"lsn", at.value},
                        {"sequence", nullptr}, {"txId", nullptr},  {"ts_ms", now_ms()}};
  return nlohmann::json{{"before", nullptr}, {"after", nullptr}, {"op", "d"}, {"source", source}}.dump();
}

error unreadable(const dead_letter& letter) {
  return {errc::bad_record,
          "its key can't be read, so the row can't be told: `millrace rebuild --yes` reads all rows again, "
          "then `millrace dead-letters resolve "
              + letter.origin + "` closes this letter"};
}

} // namespace

int debezium_replay::all(const std::vector<dead_letter>& letters, const teller& told) {
  int failed = 0;
  teller tell = [&](const dead_letter& of, const result<std::string>& how) {
    told(of, how);
    failed += how ? 0 : 1;
  };
  for (auto& [table, rows] : by_row(letters, tell)) {
    std::vector<subject> slice;
    for (auto& [_, x] : rows) {
      slice.push_back(x);
      if (slice.size() == rows_at_once)
        replay_rows(table, std::exchange(slice, {}), tell);
    }
    replay_rows(table, std::move(slice), tell);
  }
  return failed;
}

std::map<table_id, std::map<std::string, debezium_replay::subject>>
debezium_replay::by_row(const std::vector<dead_letter>& letters, const teller& told) const {
  std::map<table_id, std::map<std::string, subject>> out;
  for (auto& x : letters) {
    auto table = table_of(x.table);
    if (!table) {
      told(x, error{errc::bad_record, "no figure reads " + x.table + " any more"});
      continue;
    }
    auto forged = forged_delete(plans_.tables[table->value].table, lsn{});
    auto read = debezium_decoder(plans_, *table).decode(x.key, forged);
    if (!read || !*read) {
      told(x, unreadable(x));
      continue;
    }
    auto& about = out[*table][pack((**read).key)];
    about.key = (**read).key;
    about.letters.push_back(x);
  }
  return out;
}

void debezium_replay::replay_rows(table_id table, std::vector<subject> rows, const teller& told) {
  if (rows.empty())
    return;
  auto& of = plans_.tables[table.value].table;
  auto before =
      db_.current_wal_lsn(); // a row that is missing after this stays missing, or returns with a later LSN
  std::vector<subject> there, gone;
  for (auto& x : rows) {
    auto found = before ? is_there(of, x.key) : result<bool>(before.why());
    if (!found) {
      for (auto& letter : x.letters)
        told(letter, found.why());
      continue;
    }
    (*found ? there : gone).push_back(std::move(x));
  }
  if (!there.empty())
    resolve(there, read_again(of, there), "its row was read again", told);
  if (!gone.empty())
    resolve(gone, forget(of, gone, *before), "its row isn't in PostgreSQL any more", told);
}

std::optional<table_id> debezium_replay::table_of(const std::string& name) const {
  for (std::uint16_t i = 0; i < plans_.tables.size(); ++i)
    if (plans_.tables[i].captured
        && plans_.tables[i].table.schema + "." + plans_.tables[i].table.name == name)
      return table_id{i};
  return std::nullopt;
}

result<bool> debezium_replay::is_there(const postgres::table& of, const row& key) {
  auto rows = db_.query_rows("SELECT 1 FROM " + postgres::quoted_name(of.schema) + "."
                             + postgres::quoted_name(of.name) + " WHERE " + connect::row_condition(of, key));
  return rows ? result<bool>(!rows->rows.empty()) : rows.why();
}

result<void> debezium_replay::read_again(const postgres::table& of, const std::vector<subject>& rows) {
  std::vector<row> keys;
  for (auto& x : rows)
    keys.push_back(x.key);
  auto side = side_topics::open(kafka_, side_);
  if (!side)
    return side.why();
  auto id = "millrace-replay-" + fresh_token().substr(0, 12);
  if (auto asked = db_.insert_signal(id, "execute-snapshot", connect::rows_signal(of, keys)); !asked)
    return asked;
  auto until = std::chrono::steady_clock::now() + snapshot_timeout;
  while (std::chrono::steady_clock::now() < until) {
    if (auto read = side->read(kafka_timeout); !read)
      return read;
    if (side->snapshot(id) == snapshot_progress::completed)
      return {};
    if (side->snapshot(id) == snapshot_progress::failed)
      return error{errc::unavailable, "Debezium couldn't read the row: `millrace resync " + of.schema + "."
                                          + of.name + "` reads the whole table and closes its letters"};
    std::this_thread::sleep_for(look_interval);
  }
  return error{errc::unavailable,
               "Debezium hasn't read the row within a minute: does the connector run? (millrace status)"};
}

/// Writes DELETE records to the partition that contains the row's records.
result<void> debezium_replay::forget(const postgres::table& of, const std::vector<subject>& rows,
                                     lsn before) {
  auto writes = kafka::producer::connect(kafka_);
  if (!writes)
    return writes.why();
  std::vector<kafka::outgoing> out;
  for (auto& x : rows) {
    auto& letter = x.letters.back();
    auto to = kafka::partition_in(letter.origin);
    if (!to)
      return error{errc::bad_record, letter.origin + " names no partition"};
    out.push_back({to->topic, to->partition, letter.key, forged_delete(of, before), {}});
  }
  return writes->send(out, kafka_timeout);
}

void debezium_replay::resolve(const std::vector<subject>& rows, result<void> brought, const std::string& how,
                              const teller& told) {
  std::vector<std::string> origins;
  for (auto& x : rows)
    for (auto& letter : x.letters)
      origins.push_back(letter.origin);
  if (brought)
    brought = letters_.resolve(origins, how);
  for (auto& x : rows)
    for (auto& letter : x.letters)
      told(letter, brought ? result<std::string>(how) : brought.why());
}

} // namespace millrace
