/// The WAL: markers, the slot, the system identifier.

#include "actors/postgres/connection.hpp"

#include <charconv>
#include <cstdio>

namespace millrace::postgres {

namespace {

result<lsn> lsn_of(const result<std::string>& text) {
  if (!text)
    return text.why();
  return lsn_from_text(*text);
}

} // namespace

lsn lsn_from_text(std::string_view text) {
  std::uint64_t high = 0, low = 0;
  auto* end = text.data() + text.size();
  auto first = std::from_chars(text.data(), end, high, 16);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '/')
    return {};
  auto second = std::from_chars(first.ptr + 1, end, low, 16);
  if (second.ec != std::errc{} || second.ptr != end)
    return {};
  return lsn{high << 32 | low};
}

std::string to_text(lsn at) {
  char text[24];
  std::snprintf(text, sizeof text, "%X/%X", static_cast<unsigned>(at.value >> 32),
                static_cast<unsigned>(at.value));
  return text;
}

result<lsn> session::emit_marker(const std::string& id) {
  // Transactional: a Debezium that starts after a commit waits for the next commit before it confirms an
  // LSN. In an idle database there may be no other commit (observed).
  return lsn_of(impl_->value_of("SELECT pg_logical_emit_message(true, 'millrace', $1)", {id}));
}

result<lsn> session::current_wal_lsn() { return lsn_of(impl_->value_of("SELECT pg_current_wal_lsn()")); }

result<lsn> session::wal_insert_lsn() {
  return lsn_of(impl_->value_of("SELECT pg_current_wal_insert_lsn()"));
}

result<std::uint64_t> session::next_transaction() {
  auto number = impl_->value_of("SELECT txid_current()");
  if (!number)
    return number.why();
  return std::strtoull(number->c_str(), nullptr, 10);
}

/// Reads pg_locks: every role can see who holds the lock of a transaction's own ID, but not always more.
result<std::string> session::open_before(std::uint64_t number) {
  return impl_->value_of(
      "SELECT CASE WHEN txid_snapshot_xmin(txid_current_snapshot()) < $1::bigint THEN coalesce("
      "(SELECT string_agg(who, ', ') FROM (SELECT coalesce('process ' || l.pid || ' (' || concat_ws(', ', "
      "a.usename, "
      "a.datname, a.state, 'since ' || to_char(a.xact_start, 'HH24:MI:SS')) || ')', 'a prepared transaction "
      "(' || "
      "(SELECT string_agg(quote_literal(p.gid) || ' since ' || to_char(p.prepared, 'HH24:MI:SS'), ', ') "
      "FROM pg_prepared_xacts p WHERE p.transaction = l.transactionid) || ')') AS who "
      "FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'transactionid' "
      "AND l.mode = 'ExclusiveLock' AND l.granted ORDER BY age(l.transactionid) DESC LIMIT 3) x), 'one that "
      "has "
      "just ended') ELSE '' END",
      {std::to_string(number)});
}

result<std::string> session::system_identifier() {
  return impl_->value_of("SELECT system_identifier FROM pg_control_system()");
}

result<slot_state> session::slot(const std::string& name) {
  auto done =
      impl_->run("SELECT active, confirmed_flush_lsn, "
                 "greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint, wal_status, "
                 "restart_lsn "
                 "FROM pg_replication_slots WHERE slot_name = $1",
                 {name});
  if (!done)
    return done.why();
  slot_state state;
  if (PQntuples(done->get()) == 0)
    return state;
  auto text = [&](int column) { return field_of(done->get(), 0, column).value_or(""); };
  state.exists = true;
  state.active = text(0) == "t";
  state.confirmed_flush = lsn_from_text(text(1));
  state.retained_wal_bytes = std::strtoull(text(2).c_str(), nullptr, 10);
  state.wal_status = text(3);
  state.restart = lsn_from_text(text(4));
  return state;
}

result<void> session::insert_signal(const std::string& id, const std::string& type, const std::string& data) {
  auto done = impl_->run("INSERT INTO " + quoted_name(impl_->to.own_schema)
                             + ".debezium_signal (id, type, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                         {id, type, data});
  if (!done)
    return done.why();
  return {};
}

} // namespace millrace::postgres
