#pragma once

/// A real PostgreSQL whose changes a test reads, and what the tests of the stream share.

#include "actors/sources/postgres/change_stream.hpp"
#include "actors/sources/postgres/slot.hpp"
#include "plans.hpp"
#include "tests/unit/postgres_server.hpp"

#include <algorithm>
#include <functional>

namespace millrace::test {

using namespace std::chrono_literals;

inline postgres_server& stream_server() {
  static auto one = postgres_server::start(19400, {"max_replication_slots=20", "max_wal_senders=20",
                                                   "max_prepared_transactions=10", "wal_sender_timeout=30s"});
  return *one;
}

/// What can't be done in a test is its failure.
template <class T>
T must(T x) {
  if (!x)
    throw std::runtime_error("it failed: " + x.why().message);
  return x;
}

/// A database of its own with a slot and a publication of all tables.
class stream_database {
 public:
  explicit stream_database(const std::string& name, const std::string& tables)
      : name_(name), db_(open("postgres")) {
    run("CREATE DATABASE " + postgres::quoted_name(name));
    db_ = open(name);
    run(tables);
    run("CREATE PUBLICATION p FOR ALL TABLES");
    make_slot();
    plan();
  }
  ~stream_database() {
    stream_.reset();
    for (int i = 0; i < 200 && !postgres::drop_slot(db_, slot()); ++i)
      std::this_thread::sleep_for(10ms); // the walsender is ending
  }
  stream_database(const stream_database&) = delete;
  stream_database& operator=(const stream_database&) = delete;

  const std::string& slot() const { return name_; }
  postgres::session& db() { return db_; }
  const plan_set& plans() const { return plans_; }
  postgres::settings settings() const { return settings_of(name_); }
  postgres::session session() const { return open(name_); }

  void run(const std::string& sql) {
    if (auto done = db_.execute(sql); !done)
      throw std::runtime_error(done.why().message + " in " + sql);
  }
  /// Returns the first row's first value.
  std::string one(const std::string& sql) {
    auto got = must(db_.query_rows(sql));
    return got->rows.empty() ? "(no row)" : got->rows[0][0].value_or("(null)");
  }

  void make_slot() {
    auto to = must(postgres::replication_connection::open(settings()));
    postgres::new_slot x;
    x.name = slot();
    must(to->create_slot(x));
  }

  /// Plans all columns of all tables as they are now. `routed` is a foreign key's column of the first table.
  void plan(const std::string& routed = {}) {
    auto all = must(db_.load_catalog());
    std::vector<postgres::table> tables;
    for (auto& each : *all)
      if (each.kind != postgres::table_kind::partition && !each.primary_key.empty())
        tables.push_back(each);
    plans_ = plans_of(std::move(tables));
    if (!routed.empty())
      plans_ = with_route_by(std::move(plans_), routed);
  }
  table_id id(const std::string& table) const { return *captured_id("public." + table); }

  postgres::stream_settings how() const {
    postgres::stream_settings out;
    out.server = settings();
    out.slot = slot();
    out.publication = "p";
    out.plans = &plans_;
    out.from = durable_;
    out.status_interval = 100ms;
    return out;
  }
  /// Opens a stream, waiting for the walsender of the one before to end.
  postgres::change_stream& stream() {
    for (auto deadline = std::chrono::steady_clock::now() + 20s; !stream_;) {
      auto opened = postgres::change_stream::open(how());
      if (opened)
        stream_ = std::make_unique<postgres::change_stream>(std::move(*opened));
      else if (opened.why().what != postgres::trouble::slot_in_use
               || std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error(opened.why().text());
      else
        std::this_thread::sleep_for(20ms);
    }
    return *stream_;
  }
  void close() { stream_.reset(); }
  /// Everything up to here is durable, for the stream that is open and those that come.
  void confirm(const postgres::wal_position& x) {
    durable_ = std::max(durable_, x);
    if (stream_)
      stream_->confirm(durable_);
  }

  using events = std::vector<postgres::stream_event>;

  /// Reads until `enough`, or throws after 30 s.
  events read_until(const std::function<bool(const events&)>& enough) {
    events out;
    for (auto deadline = std::chrono::steady_clock::now() + 30s; !enough(out);) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("the stream doesn't say it: " + std::to_string(out.size()) + " events");
      auto got = must(stream().poll(1 << 20, 100ms));
      std::move(got->events.begin(), got->events.end(), std::back_inserter(out));
    }
    return out;
  }
  /// Reads everything that was committed before this call.
  events read_all() {
    auto mark = "mark " + std::to_string(++marks_);
    run("SELECT pg_logical_emit_message(true, 'test', " + postgres::quoted_text(mark) + ")");
    auto out = read_until([&](auto& x) {
      return x.size() >= 2 && std::holds_alternative<postgres::log_message>(x[x.size() - 2])
             && std::get<postgres::log_message>(x[x.size() - 2]).content == mark;
    });
    out.resize(out.size() - 2);
    return out;
  }
  /// The same without transactions' ends and messages. Throws if a row can't be decoded.
  std::vector<postgres::row_change> changes() { return only_changes(read_all()); }

  static std::vector<postgres::row_change> only_changes(const events& x) {
    std::vector<postgres::row_change> out;
    for (auto& each : x) {
      if (auto* bad = std::get_if<postgres::bad_change>(&each))
        throw std::runtime_error(bad->why);
      if (auto* change = std::get_if<postgres::row_change>(&each))
        out.push_back(*change);
    }
    return out;
  }

 private:
  static postgres::settings settings_of(const std::string& database) {
    auto to = stream_server().settings();
    to.database = database;
    to.connect_timeout = 30s; // the machine can be busy
    return to;
  }
  static postgres::session open(const std::string& database) {
    return std::move(*must(postgres::session::open(settings_of(database))));
  }
  std::optional<table_id> captured_id(const std::string& name) const {
    for (std::uint16_t i = 0; i < plans_.tables.size(); ++i)
      if (plans_.tables[i].table.schema + "." + plans_.tables[i].table.name == name)
        return table_id{i};
    throw std::runtime_error("no table " + name);
  }

  std::string name_;
  postgres::session db_;
  plan_set plans_;
  postgres::wal_position durable_;
  std::unique_ptr<postgres::change_stream> stream_;
  int marks_ = 0;
};

/// A change's op, key and columns: "u 1: 1,a,null".
inline std::string shown(const value& x) {
  if (is_null(x))
    return "null";
  if (std::holds_alternative<not_a_number>(x))
    return "NaN";
  auto* number = std::get_if<std::int64_t>(&x);
  return number ? std::to_string(*number) : std::get<std::string>(x);
}
inline std::string shown(const row& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : ",") + shown(each);
  return out;
}
inline std::string shown(const postgres::row_change& x) {
  return std::string(1, x.op) + " " + shown(x.key) + (x.after ? ": " + shown(*x.after) : "");
}
inline std::string shown(const std::vector<postgres::row_change>& all) {
  std::string out;
  for (auto& x : all)
    out += (out.empty() ? "" : " | ") + shown(x);
  return out;
}

} // namespace millrace::test
