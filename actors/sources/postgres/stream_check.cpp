#include "actors/sources/postgres/stream_check.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/postgres/table_facts.hpp"
#include "actors/sources/postgres/slot.hpp"

#include <algorithm>
#include <cstdlib>

namespace millrace::postgres {

namespace {

using problems = std::vector<problem>;

constexpr int oldest_version = 140'000;

constexpr auto server_sql =
    "SELECT current_setting('server_version_num'), pg_is_in_recovery(), current_setting('wal_level'), "
    "(SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user), "
    "current_setting('max_replication_slots')::int <= (SELECT count(*) FROM pg_replication_slots), "
    "current_setting('max_wal_senders')::int <= (SELECT count(*) FROM pg_stat_get_wal_senders()), "
    "current_user, current_database(), quote_ident(current_user)";

struct server_facts {
  int version = 0;
  bool standby = false, may_replicate = false, slots_full = false, walsenders_full = false;
  std::string wal_level, role, database;
};

outcome<server_facts> look_at_server(session& db) {
  auto found = db.query_rows(server_sql);
  if (!found)
    return problem_of(found.why());
  auto text = [&](std::size_t i) { return found->rows.at(0)[i].value_or(""); };
  server_facts out;
  out.version = std::atoi(text(0).c_str());
  out.standby = text(1) == "t";
  out.wal_level = text(2);
  out.may_replicate = text(3) == "t";
  out.slots_full = text(4) == "t";
  out.walsenders_full = text(5) == "t";
  out.database = text(7);
  out.role = text(8);
  return out;
}

void check_server(const server_facts& x, const std::optional<slot_facts>& slot, problems& out) {
  if (x.version < oldest_version)
    out.push_back({trouble::too_old, "the server is PostgreSQL " + std::to_string(x.version / 10'000),
                   "use PostgreSQL 14 or newer, or --source kafka"});
  if (x.standby)
    out.push_back({trouble::standby, "the server is a standby", "give the primary's address"});
  if (x.wal_level != "logical")
    out.push_back({trouble::wal_level, "wal_level is " + x.wal_level,
                   "ALTER SYSTEM SET wal_level = logical, and restart the server"});
  if (!x.may_replicate)
    out.push_back({trouble::no_replication_right, "the role " + x.role + " has no right to replicate",
                   "ALTER ROLE " + x.role + " REPLICATION"});
  if (x.slots_full && !slot)
    out.push_back(
        {trouble::no_free_slot, "all replication slots are in use",
         "raise max_replication_slots and restart the server, or drop a slot (pg_replication_slots)"});
  if (x.walsenders_full && !(slot && slot->reader != 0)) // one that reads the slot is told below
    out.push_back({trouble::no_free_walsender, "all walsenders are in use",
                   "raise max_wal_senders and restart the server, or end another one (pg_stat_replication)"});
}

std::string listed(const std::vector<std::string>& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

void check_table(const std::string& name, const publication_facts& x, const std::string& publication,
                 problems& out) {
  auto alter = "ALTER PUBLICATION " + publication;
  if (!x.member) {
    out.push_back({trouble::unpublished, name + " isn't in the publication " + publication,
                   alter + " ADD TABLE " + name});
    return;
  }
  auto again = alter + " DROP TABLE " + name + "; " + alter + " ADD TABLE " + name;
  if (x.filters_rows)
    out.push_back(
        {trouble::filters_rows, "the publication " + publication + " leaves out rows of " + name, again});
  if (!x.hides.empty())
    out.push_back(
        {trouble::hides_columns,
         "the publication " + publication + " leaves out columns of " + name + ": " + listed(x.hides),
         again});
}

std::vector<wanted_facts> wanted_of(const plan_set& plans) {
  std::vector<wanted_facts> out;
  for (std::size_t i = 0; i < plans.tables.size(); ++i) {
    if (!plans.tables[i].captured)
      continue;
    auto& of = plans.tables[i].table;
    out.push_back({of.schema, of.name, {}});
    for (auto column : used_columns(plans, table_id{static_cast<std::uint16_t>(i)}))
      out.back().columns.push_back(of.columns[column].name);
  }
  return out;
}

/// Returns the partitions whose replica identity isn't their table's.
outcome<problems> check_partitions(session& db, const std::vector<std::string>& partitioned) {
  problems out;
  for (auto& name : partitioned) {
    auto found = db.query_rows(
        "SELECT t.relid::regclass::text, c.relreplident = 'f', r.relreplident = 'f' FROM pg_partition_tree("
        + quoted_text(name) + "::regclass) t JOIN pg_class c ON c.oid = t.relid JOIN pg_class r ON r.oid = "
        + quoted_text(name) + "::regclass WHERE t.isleaf AND c.relreplident <> r.relreplident ORDER BY 1");
    if (!found)
      return problem_of(found.why());
    for (auto& x : found->rows)
      out.push_back(
          {trouble::identity_differs,
           "the partition " + x[0].value_or("") + " has another replica identity than " + name,
           "ALTER TABLE " + x[0].value_or("") + " REPLICA IDENTITY " + (x[2] == "t" ? "FULL" : "DEFAULT")});
  }
  return out;
}

outcome<problems> check_publication(session& db, const check_settings& how) {
  auto seen = look_at_tables(db, wanted_of(*how.plans), how.publication, {});
  if (!seen)
    return problem_of(seen.why());
  problems out;
  std::vector<std::string> partitioned;
  for (auto& [_, each] : seen->tables) {
    if (!each.facts) {
      out.push_back({trouble::unpublished, each.sql_name + " doesn't exist", {}});
      continue;
    }
    auto& x = each.facts->publication;
    if (!x.exists)
      return problems{{trouble::publication_missing,
                       "the publication " + seen->publication + " doesn't exist",
                       "CREATE PUBLICATION " + seen->publication + " FOR TABLE ..."}};
    if (!x.leaves_out.empty() && out.empty())
      out.push_back(
          {trouble::leaves_out,
           "the publication " + seen->publication + " leaves out " + listed(x.leaves_out),
           "ALTER PUBLICATION " + seen->publication + " SET (publish = 'insert, update, delete, truncate')"});
    check_table(each.sql_name, x, seen->publication, out);
    if (each.facts->kind == "p")
      partitioned.push_back(each.sql_name);
  }
  auto leaves = check_partitions(db, partitioned);
  if (!leaves)
    return leaves;
  out.insert(out.end(), leaves->begin(), leaves->end());
  return out;
}

} // namespace

outcome<std::vector<problem>> look_for_problems(session& db, const check_settings& how) {
  auto server = look_at_server(db);
  if (!server)
    return server.why();
  auto slot = look_at_slot(db, how.slot);
  if (!slot)
    return slot.why();
  problems out;
  check_server(*server, *slot, out);
  if (server->standby) // the rest asks what a standby doesn't know
    return out;
  auto published = check_publication(db, how);
  if (!published)
    return published;
  out.insert(out.end(), published->begin(), published->end());
  if (auto trouble = *slot ? slot_trouble(*slot, how.slot, server->database) : std::nullopt)
    out.push_back(*trouble);
  return out;
}

} // namespace millrace::postgres
