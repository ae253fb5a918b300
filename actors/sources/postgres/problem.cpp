#include "actors/sources/postgres/problem.hpp"

#include "actors/postgres/session.hpp"

namespace millrace::postgres {

error problem::as_error() const {
  switch (what) {
  case trouble::unavailable:
  case trouble::slot_in_use:
  case trouble::slot_waits:
  case trouble::no_free_walsender:
    return {errc::unavailable, text()};
  case trouble::denied:
  case trouble::no_replication_right:
    return {errc::denied, text()};
  case trouble::protocol:
    return {errc::bad_record, text()};
  default:
    return {errc::bad_setting, text()};
  }
}

problem problem_of(const error& x) {
  switch (x.code) {
  case errc::unavailable:
    return {trouble::unavailable, x.message, {}};
  case errc::denied:
    return {trouble::denied, x.message, {}};
  case errc::bad_record:
    return {trouble::protocol, x.message, {}};
  default:
    return {trouble::rejected, x.message, {}};
  }
}

// A server's message can be in any language. The names of settings, and PgBouncer's messages, can't.
problem refused_replication(const error& x, const std::string& role) {
  auto says = [&](const char* part) { return x.message.find(part) != x.message.npos; };
  if (says("unsupported startup parameter"))
    return {trouble::pooler, x.message, "give the address of the server itself, not of a connection pooler"};
  if (says("max_wal_senders"))
    return {trouble::no_free_walsender, x.message,
            "raise max_wal_senders and restart the server, or end another walsender (pg_stat_replication)"};
  if (x.code == errc::denied && (says("replication role") || says("REPLICATION")))
    return {trouble::no_replication_right, x.message, "ALTER ROLE " + quoted_name(role) + " REPLICATION"};
  return problem_of(x);
}

} // namespace millrace::postgres
