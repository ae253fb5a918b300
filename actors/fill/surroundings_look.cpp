/// The checks that a node makes every 2 s: what captures, catalog, dead letters, ledger.

#include "actors/fill/surroundings.hpp"

#include "actors/postgres/encoding.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds identify_interval{10};

} // namespace

surroundings_report surroundings::look(bool leads) {
  surroundings_report out;
  how_.log->look(leads, out);
  out.doubts = look_at_catalog(leads);
  if (auto db = out.slot.known ? session() : result<postgres::session*>(nullptr); db && *db) {
    identify(**db);
    look_at_encoding(**db);
  }
  out.encoding = encoding_trouble_.value_or("");
  if (out.kafka_trouble.empty())
    look_at_letters();
  out.open_dead_letters = letters_;
  look_for_change();
  return out;
}

/// Counts open letters by table. If their box doesn't answer, the last count stays.
void surroundings::look_at_letters() {
  if (auto letters = how_.letters->count())
    letters_ = std::move(*letters);
}

/// Checks whether the ledger has another incarnation: a user applied figures, or another node
/// created the ledger again.
void surroundings::look_for_change() {
  auto x = store();
  auto replaced = x ? (*x)->replaced(how_.life) : result<std::optional<std::string>>(x.why());
  if (!replaced)
    store_.reset();
  else if (*replaced)
    how_.lost(**replaced);
}

/// Returns the tables in doubt. If a server doesn't answer, returns the last ones.
std::map<std::string, doubt_report> surroundings::look_at_catalog(bool leads) {
  auto ledger = store();
  if (!ledger)
    return doubts_;
  if (auto db = leads ? session() : result<postgres::session*>(nullptr); db && *db) {
    auto looked = catalog_.look(**db, **ledger);
    if (!looked && looked.why().message != catalog_trouble_)
      spdlog::warn("fill: can't compare the tables with PostgreSQL's catalog: {}; trying again",
                   looked.why().message);
    catalog_trouble_ = looked ? "" : looked.why().message;
  }
  auto found = (*ledger)->doubts();
  if (!found)
    return store_.reset(), doubts_;
  doubts_.clear();
  for (auto& [table, x] : *found)
    doubts_[table] = {x.reason, x.remedy, x.since};
  return doubts_;
}

/// A database's encoding never changes, so one answer is enough.
void surroundings::look_at_encoding(postgres::session& x) {
  if (encoding_trouble_)
    return;
  auto found = postgres::encoding_trouble(x);
  if (!found)
    return;
  encoding_trouble_ = *found;
  if (!found->empty())
    spdlog::warn("fill: {}", *found);
}

/// Checks the system identifier, because LSNs are only comparable within one PostgreSQL instance.
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
