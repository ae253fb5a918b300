#include "actors/sources/postgres/slot.hpp"

#include <cstdlib>

namespace millrace::postgres {

namespace {

/// to_jsonb() gives NULL for a column that an older server lacks.
constexpr auto slot_sql =
    "SELECT s.plugin, s.database, s.temporary, s.active_pid, s.restart_lsn, s.confirmed_flush_lsn, "
    "s.wal_status, "
    "greatest(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() "
    "ELSE pg_current_wal_lsn() END, s.restart_lsn), 0)::bigint, s.safe_wal_size, "
    "coalesce(to_jsonb(s) ->> 'invalidation_reason', CASE to_jsonb(s) ->> 'conflicting' WHEN 'true' THEN "
    "'conflicting' END) FROM pg_replication_slots s WHERE s.slot_name = ";

problem foreign(const std::string& name, const std::string& what) {
  return {trouble::slot_foreign, "the slot " + name + " is " + what,
          "give the project another name, or drop the slot: SELECT pg_drop_replication_slot("
              + quoted_text(name) + ")"};
}

} // namespace

outcome<std::optional<slot_facts>> look_at_slot(session& db, const std::string& name) {
  auto found = db.query_rows(slot_sql + quoted_text(name));
  if (!found)
    return problem_of(found.why());
  if (found->rows.empty())
    return std::optional<slot_facts>();
  auto& of = found->rows[0];
  auto text = [&](std::size_t i) { return of[i].value_or(""); };
  slot_facts out;
  out.plugin = text(0);
  out.database = text(1);
  out.temporary = text(2) == "t";
  out.reader = std::atoi(text(3).c_str());
  out.restart = lsn_from_text(text(4));
  out.confirmed_flush = lsn_from_text(text(5));
  out.wal_status = text(6);
  out.retained_bytes = std::strtoull(text(7).c_str(), nullptr, 10);
  if (of[8])
    out.safe_bytes = std::strtoll(of[8]->c_str(), nullptr, 10);
  out.invalidation = text(9);
  return std::optional(std::move(out));
}

std::optional<problem> slot_trouble(const std::optional<slot_facts>& x, const std::string& name,
                                    const std::string& database) {
  if (!x)
    return problem{trouble::slot_missing, "the slot " + name + " doesn't exist",
                   "create it, and fill the figures again"};
  if (x->plugin.empty())
    return foreign(name, "a physical one");
  if (x->plugin != "pgoutput")
    return foreign(name, "of the plugin " + x->plugin + ", not pgoutput");
  if (x->database != database)
    return foreign(name, "of the database " + x->database + ", not " + database);
  if (x->lost())
    return problem{trouble::slot_lost,
                   "the slot " + name + " lost WAL that it needs ("
                       + (x->invalidation.empty() ? "wal_status " + x->wal_status : x->invalidation) + ")",
                   "drop it and fill the figures again; a higher max_slot_wal_keep_size keeps it longer"};
  if (x->reader != 0)
    return problem{trouble::slot_in_use,
                   "the slot " + name + " is read by process " + std::to_string(x->reader),
                   "stop that process, or SELECT pg_terminate_backend(" + std::to_string(x->reader) + ")"};
  return std::nullopt;
}

outcome<void> drop_slot(session& db, const std::string& name) {
  auto done =
      db.query_rows("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "
                    + quoted_text(name));
  if (done)
    return {};
  auto look = look_at_slot(db, name);
  if (look && !*look) // somebody else dropped it
    return {};
  if (look && (*look)->reader != 0)
    return *slot_trouble(slot_facts{**look}, name, (*look)->database);
  return problem_of(done.why());
}

} // namespace millrace::postgres
