#include "actors/fill/catalog_watch.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "messages/fnv.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace millrace {

namespace {

/// Returns the columns that routes and the primary key use, by SCHEMA.TABLE of the captured tables.
std::map<std::string, postgres::wanted_facts> used_tables(const plan_set& plans) {
  std::map<std::string, postgres::wanted_facts> out;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& table = plans.tables[i].table;
    if (!plans.tables[i].captured)
      continue;
    auto& x = out[table.schema + "." + table.name];
    x.schema = table.schema;
    x.name = table.name;
    for (auto column : used_columns(plans, table_id{i}))
      x.columns.push_back(table.columns.at(column).name);
  }
  return out;
}

const postgres::table& planned(const plan_set& plans, const postgres::wanted_facts& of) {
  return std::find_if(plans.tables.begin(), plans.tables.end(),
                      [&](auto& x) { return x.table.schema == of.schema && x.table.name == of.name; })
      ->table;
}

std::map<std::string, table_needs> needs_of(const catalog_watch_settings& how,
                                            const postgres::catalog_picture& x) {
  std::map<std::string, table_needs> out;
  for (auto& [name, used] : used_tables(*how.plans)) {
    auto seen = x.tables.find(name);
    if (seen == x.tables.end())
      continue;
    auto& table = planned(*how.plans, used);
    auto& needs = out[name] = {seen->second.sql_name, x.publication, {}, table.full_identity};
    for (auto& column : used.columns)
      needs.columns[column] = table.columns.at(*table.find(column)).type_name;
  }
  return out;
}

/// Returns the command. Quotes the name for the shell; the verb needs no quotes.
std::string read_again(const std::string& table) {
  auto plain = table.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")
               == table.npos;
  return "millrace resync " + (plain ? table : "'" + table + "'");
}

/// Returns the FNV-1a hash in hexadecimal: the same in every process.
std::string mark_of(const std::string& text) { return fmt::format("{:016x}", fnv1a(text)); }

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

result<postgres::catalog_picture> facts_now(postgres::session& db, const catalog_watch_settings& how,
                                            const std::vector<std::string>& only) {
  std::vector<postgres::wanted_facts> wanted;
  for (auto& [name, used] : used_tables(*how.plans))
    if (only.empty() || std::find(only.begin(), only.end(), name) != only.end())
      wanted.push_back(used);
  return postgres::look_at_tables(db, wanted, how.publication, how.roles);
}

std::map<std::string, std::string> to_be_relied_on(const postgres::catalog_picture& x) {
  std::map<std::string, std::string> out;
  for (auto& [name, table] : x.tables)
    if (table.facts)
      out[name] = to_json(*table.facts);
  return out;
}

std::map<std::string, std::vector<complaint>> standing(const postgres::catalog_picture& x,
                                                       const catalog_watch_settings& how) {
  std::map<std::string, std::vector<complaint>> out;
  for (auto& [name, needs] : needs_of(how, x)) {
    auto& seen = x.tables.at(name);
    auto found = seen.facts ? standing(*seen.facts, needs) : complaints({}, seen, needs);
    if (!found.empty())
      out[name] = std::move(found);
  }
  return out;
}

result<void> catalog_watch::look(postgres::session& db, redis::store& ledger) {
  auto relied = ledger.relied_on();
  if (!relied)
    return relied.why();
  auto doubts = ledger.doubts();
  if (!doubts)
    return doubts.why();
  auto picture = facts_now(db, how_);
  if (!picture)
    return picture.why();
  std::map<std::string, std::string> fresh;
  std::set<std::pair<std::string, std::string>> said;
  for (auto& [name, needs] : needs_of(how_, *picture)) {
    auto& now = picture->tables.at(name);
    auto before = postgres::table_facts_from_json((*relied)[name]);
    auto is = now.facts ? to_json(*now.facts) : "";
    if (!before && now.facts)
      fresh[name] = is;
    auto seen = mark_of((*relied)[name] + is);
    auto doubted = doubts->find(name);
    auto known = doubted != doubts->end() && doubted->second.seen == seen;
    for (auto& x : complaints(before, now, needs)) {
      said.emplace(name, x.what);
      if (known && !x.stands) // keeps its LSN, so that a read from after it clears the doubt
        continue;
      if (auto done = note(ledger, name, x, picture->at, seen); !done)
        return done;
    }
  }
  said_ = std::move(said);
  if (!fresh.empty()) {
    spdlog::info("fill: relies on the catalog as it is for {} tables", fresh.size());
    if (auto kept = ledger.rely_on(fresh, how_.life); !kept)
      return kept;
  }
  return end_idle_doubts(ledger, *doubts);
}

/// Notes a doubt. One that continues is noted at each check with a higher LSN, because it can do
/// harm until it ends.
result<void> catalog_watch::note(redis::store& ledger, const std::string& table, const complaint& x, lsn at,
                                 const std::string& seen) {
  auto remedy = (x.remedy.empty() ? "" : x.remedy + "; ") + read_again(table);
  if (said_.emplace(table, x.what).second)
    spdlog::warn("fill: {}: figures over {} are incomplete; mend it by: {}", x.what, table, remedy);
  return ledger.doubt(table, {x.what, remedy, unix_seconds(), at, x.rewritten, x.columns, false, seen},
                      how_.life);
}

result<void> catalog_watch::end_idle_doubts(redis::store& ledger,
                                            const std::map<std::string, redis::table_doubt>& doubts) {
  auto tables = used_tables(*how_.plans);
  for (auto& [name, x] : doubts) {
    auto table = tables.find(name);
    if (table == tables.end() || x.columns.empty())
      continue;
    auto& used = table->second.columns;
    if (std::any_of(x.columns.begin(), x.columns.end(),
                    [&](auto& column) { return std::find(used.begin(), used.end(), column) != used.end(); }))
      continue;
    spdlog::info("fill: no figure uses what was in doubt of {} any more", name);
    if (auto ended = ledger.clear_doubt(name, lsn{x.at.value + 1}, how_.life); !ended)
      return ended;
  }
  return {};
}

} // namespace millrace
