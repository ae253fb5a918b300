#include "actors/sources/postgres/log_check.hpp"

#include "actors/sources/postgres/positions.hpp"
#include "messages/fnv.hpp"

namespace millrace::postgres {

namespace {

constexpr std::uint64_t timeline_bits = 0xffff'ffff;

std::uint64_t timeline_in(std::uint64_t identity) { return identity & timeline_bits; }

std::string other_server(const log_facts& log, std::uint64_t had, std::uint64_t has) {
  if ((had & ~timeline_bits) == (has & ~timeline_bits))
    return "PostgreSQL is on timeline " + std::to_string(timeline_in(has))
           + ", and the ledger is of timeline " + std::to_string(timeline_in(had))
           + ": a standby was promoted, or a backup restored";
  return "PostgreSQL has the system identifier " + log.server.system + " and the database " + log.database
         + ", and the ledger is of another one";
}

} // namespace

std::uint64_t identity_of(const system_identity& server, const std::string& database) {
  auto name = fnv1a(database, fnv1a(server.system + "/"));
  return (name & ~timeline_bits) | server.timeline;
}

std::optional<std::string> why_another_log(const log_facts& log, const ledger_extent& ledger) {
  if (ledger.highest == nowhere)
    return std::nullopt;
  auto has = identity_of(log.server, log.database);
  if (ledger.newest.where != nowhere && ledger.newest.hash != has)
    return other_server(log, ledger.newest.hash, has);
  if (auto applied = confirmable(wal_of(ledger.highest)); applied > log.server.flushed)
    return "PostgreSQL's WAL ends at " + to_text(log.server.flushed)
           + ", but the ledger has applied it up to " + to_text(applied)
           + ": the database went back to an earlier time";
  auto slot = log.found;
  if (slot)
    slot->reader = 0; // who reads it now says nothing of the log
  if (auto trouble = slot_trouble(slot, log.slot, log.database))
    return trouble->text();
  if (auto needed = confirmable(wal_of(ledger.lowest)); slot->confirmed_flush > needed)
    return "the slot " + log.slot + " begins at " + to_text(slot->confirmed_flush)
           + ", but the ledger needs what comes after " + to_text(needed)
           + ": the slot was created again, or somebody moved it";
  return std::nullopt;
}

} // namespace millrace::postgres
