#include "actors/fill/surroundings.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/ledger/durable.hpp"
#include "actors/ledger/retire.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

surroundings::surroundings(surroundings_settings how) : how_(std::move(how)), catalog_(relied_on()) {}

catalog_watch_settings surroundings::relied_on() const {
  return {how_.plans, how_.publication, how_.roles, how_.life};
}

result<postgres::session*> surroundings::session() { return how_.session->get(); }

result<redis::store*> surroundings::store() {
  if (!store_) {
    auto opened = how_.open_store();
    if (!opened)
      return opened.why();
    store_ = std::make_unique<redis::store>(std::move(*opened));
  }
  return store_.get();
}

fill_backend surroundings::backend() {
  fill_backend out;
  out.emit_marker = [this] { return how_.log->mark("fill"); };
  out.slot = [this] { return how_.log->slot(); };
  out.captured = [this](lsn marker) { return how_.log->captured(marker); };
  out.beginning = [this] { return how_.log->beginning(); };
  out.next_transaction = [this]() -> result<std::uint64_t> {
    auto x = session();
    return x ? (*x)->next_transaction() : result<std::uint64_t>(x.why());
  };
  out.open_before = [this](std::uint64_t number) -> result<std::string> {
    auto x = session();
    return x ? (*x)->open_before(number) : result<std::string>(x.why());
  };
  out.read = [this](lsn from, const std::vector<std::string>& tables) { return read(from, tables); };
  out.progress = [this] { return how_.log->progress(); };
  out.proven = [this](lsn from, const std::vector<std::string>& tables) { return prove(from, tables); };
  out.tables = captured_tables(*how_.plans);
  out.tables_of = tables_of_figures(*how_.plans);
  out.doubt = [this](const std::string& why, const std::vector<std::string>& tables) {
    return doubt(why, tables);
  };
  out.to_read_again = [this] { return to_read_again(); };
  out.ends = [this] { return how_.log->ends(); };
  out.begins = [this] { return how_.log->begins(); };
  out.durable = [this](const position_map& ends) { return durable(ends); };
  out.saved = [this] { return saved(); };
  out.save = [this](const fill_note& note, bool live) { return save(note, live); };
  return out;
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
  how_.log->read(from, tables);
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

result<bool> surroundings::durable(const position_map& ends) {
  auto x = store();
  if (!x)
    return x.why();
  auto all = (*x)->positions(all_cells(*how_.plans, how_.shards));
  if (!all)
    return store_.reset(), all.why();
  return !behind(*how_.plans, how_.shards, how_.feeds, ends, *all);
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
