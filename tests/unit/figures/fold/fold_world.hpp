#pragma once

/// Tables with random rows of every type, and their histories: what PostgreSQL
/// holds at the end, and the records that lead there.

#include "actors/figures/plan/plan.hpp"
#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/text.hpp"
#include "messages/rows.hpp"
#include "tests/unit/random_source.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

/// p <- c by parent_id (a foreign key), q <- d by a key of two columns.
constexpr auto world_schema = R"(
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE p (id int PRIMARY KEY, state text, tier smallint, credit numeric(8,2), joined timestamp,
  active boolean, born date);
CREATE TABLE c (id bigint PRIMARY KEY, parent_id int REFERENCES p, status text, amount numeric(10,2), qty int,
  price numeric(6,3), big bigint, day date, at timestamp, tz timestamptz, clock time, flag boolean, how mood, code char(4),
  note json, doc jsonb, raw bytea, rate real, ratio float8, loose numeric, mark uuid, kind varchar(10));
CREATE TABLE q (k1 int, k2 text, label text, weight numeric(18,4), PRIMARY KEY (k1, k2));
CREATE TABLE d (id text PRIMARY KEY, q1 int, q2 text, amount numeric(18,9), at timestamp, flag boolean,
  FOREIGN KEY (q1, q2) REFERENCES q);
ALTER TABLE p REPLICA IDENTITY FULL; ALTER TABLE c REPLICA IDENTITY FULL;
ALTER TABLE q REPLICA IDENTITY FULL; ALTER TABLE d REPLICA IDENTITY FULL;
)";

/// One change record of a table; the key is in the rows.
struct record {
  std::optional<row> before, after;
};

/// Returns the primary key's values in key order.
inline row key_of(const postgres::table& of, const row& x) {
  row out;
  for (auto column : of.primary_key)
    out.push_back(x[column]);
  return out;
}

/// A table: its rows, and its records since the beginning.
struct world_table {
  postgres::table of;
  std::map<std::string, row> rows; ///< by packed key
  std::vector<record> records;
};

class world {
 public:
  world(const std::vector<postgres::table>& catalog, random_source& random) : random_(random) {
    for (auto& x : catalog)
      tables.push_back({x, {}, {}});
  }

  /// Changes one row of some table; now and then empties one.
  void change() {
    auto& table = tables[random_.below(tables.size())];
    if (random_.one_in(400))
      return truncate(table);
    if (table.rows.empty() || random_.one_in(3))
      return put(table, fresh_row(table.of));
    auto at = std::next(table.rows.begin(), static_cast<std::ptrdiff_t>(random_.below(table.rows.size())));
    if (random_.one_in(4))
      return remove(table, at->first);
    auto next = at->second;
    for (auto changes = 1 + random_.below(3); changes-- > 0;) {
      auto column = random_.below(next.size());
      next[column] = random_value(table.of, column);
    }
    move(table, at->first, std::move(next));
  }

  /// Returns the table as COPY reads it.
  static std::string copy_text(const world_table& table) {
    std::string out;
    for (auto& [key, x] : table.rows) {
      for (std::size_t i = 0; i < x.size(); ++i)
        out +=
            (i == 0 ? "" : "\t")
            + (is_null(x[i]) ? "\\N"
                             : escaped(to_text(x[i], table.of.columns[i].type, table.of.columns[i].scale)));
      out += '\n';
    }
    return out;
  }

  std::vector<world_table> tables;

 private:
  static std::string escaped(const std::string& text) {
    std::string out;
    for (auto c : text) {
      if (c == '\\' || c == '\n' || c == '\t' || c == '\r')
        out += '\\';
      out += c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c;
    }
    return out;
  }

  row fresh_row(const postgres::table& of) {
    row out;
    for (std::size_t i = 0; i < of.columns.size(); ++i)
      out.push_back(random_value(of, i));
    return out;
  }

  void put(world_table& table, row x) {
    auto key = pack(key_of(table.of, x));
    auto at = table.rows.find(key);
    table.records.push_back({at == table.rows.end() ? std::nullopt : std::optional(at->second), x});
    table.rows.insert_or_assign(key, std::move(x));
  }

  void remove(world_table& table, const std::string& key) {
    auto at = table.rows.find(key);
    table.records.push_back({std::move(at->second), std::nullopt});
    table.rows.erase(at);
  }

  /// A new primary key makes two records of an update, as in Debezium.
  void move(world_table& table, const std::string& key, row next) {
    if (pack(key_of(table.of, next)) != key)
      remove(table, key);
    put(table, std::move(next));
  }

  void truncate(world_table& table) {
    while (!table.rows.empty())
      remove(table, std::string(table.rows.begin()->first));
  }

  value random_value(const postgres::table& of, std::size_t column) {
    auto& x = of.columns[column];
    auto in_key = std::find(of.primary_key.begin(), of.primary_key.end(), column) != of.primary_key.end();
    if (!in_key && random_.one_in(6))
      return null_value{};
    auto few = x.name == "id" && of.name == "c" ? 40 : 6;
    return random_of(x, few);
  }

  value random_of(const postgres::column& x, std::int64_t few) {
    using enum postgres::column_type;
    switch (x.type) {
    case smallint:
    case integer:
      return random_.between(0, few);
    case bigint:
      return x.name == "id" ? random_.between(0, few) : extreme(4'000'000'000'000'000'000);
    case numeric:
      return random_.one_in(25) ? value{not_a_number{}} : random_numeric(x);
    case boolean:
      return random_.between(0, 1);
    case date:
      return random_.one_in(20) ? infinity() : random_.between(19'700, 19'703);
    case timestamp:
    case timestamptz:
      return random_.one_in(20) ? infinity() : value{moment()};
    case time:
      return random_.between(0, 3) * 21'600'000'001;
    default:
      return random_text(x);
    }
  }

  value infinity() { return random_.one_in(2) ? plus_infinity : minus_infinity; }

  std::int64_t moment() {
    auto second = std::int64_t{1'702'000'000} + random_.between(0, 5) * 50 + random_.between(0, 2) * 86'400;
    return second * microseconds_per_second + (random_.one_in(3) ? random_.between(0, 999'999) : 0);
  }

  std::int64_t extreme(std::int64_t most) {
    return random_.one_in(4) ? random_.between(-most, most) : random_.between(-3, 20);
  }

  value random_numeric(const postgres::column& x) {
    std::int64_t most = 1;
    for (int i = 0; i < x.precision; ++i)
      most *= 10;
    return random_.one_in(3) ? random_.between(0, 3) * 100 : extreme(most - 1);
  }

  value random_text(const postgres::column& x) {
    static const std::map<std::string, std::vector<std::string>> known{
        {"how", {"sad", "ok", "happy"}},
        {"code", {"a   ", "ab  ", "b:%c"}},
        {"note", {"{ \"a\" : 1}", "null", "[1,  2]", "\"t\\n\""}},
        {"doc", {"{\"a\": 1}", "null", "[1, 2.50]", "\"x\""}},
        {"raw", {"\\x", "\\x00ff", "\\xdeadbeef"}},
        {"rate", {"0.1", "1e+06", "-0", "NaN", "Infinity"}},
        {"ratio", {"0.1", "1e+15", "1e-05", "123456.789", "-Infinity", "NaN"}},
        {"loose", {"1.50", "0.000", "NaN", "123456789012345678901234567890.1", "-Infinity"}},
        {"mark", {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"}},
    };
    auto at = known.find(x.name);
    return random_.of(at != known.end() ? at->second : words_);
  }

  random_source& random_;
  std::vector<std::string> words_{"new", "paid", "1:x", "50%", "", "%3A", "ü\"\\", "a b\nc"};
};

} // namespace millrace::test
