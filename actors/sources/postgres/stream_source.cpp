#include "actors/sources/postgres/stream_source.hpp"

#include "actors/sources/postgres/log_check.hpp"
#include "actors/sources/postgres/positions.hpp"

#include <algorithm>
#include <thread>

namespace millrace::postgres {

namespace {

stream_settings link_settings(const stream_source_settings& how) {
  stream_settings out;
  out.server = how.server;
  out.slot = how.slot;
  out.publication = how.publication;
  out.plans = how.plans;
  out.status_interval = how.status_interval;
  out.confirms_quiet = false;
  return out;
}

/// Returns the LSN that people compare with PostgreSQL's; -1 for `nowhere`.
std::int64_t number_of(stream_position x) {
  return x == nowhere ? -1 : static_cast<std::int64_t>(confirmable(wal_of(x)).value);
}

} // namespace

stream_source::stream_source(stream_source_settings how)
    : how_(std::move(how)), link_(link_settings(how_)), intake_(*how_.plans, how_.shards) {}

std::vector<cell_id> stream_source::cells(source_id) const { return intake_.cells(); }

result<void> stream_source::assign(const position_map& more, const std::vector<source_id>& gone) {
  if (std::find(gone.begin(), gone.end(), the_stream) != gone.end()) {
    link_.release();
    assigned_ = false;
  }
  if (auto mine = more.find(the_stream); mine != more.end()) {
    link_.release();
    intake_.begin(mine->second);
    assigned_ = true;
    paused_ = false;
  }
  return {};
}

result<void> stream_source::poll(const taker& take) {
  if (!assigned_) {
    std::this_thread::sleep_for(how_.wait);
    return {};
  }
  auto batch = link_.poll(paused_ ? 0 : how_.piece_bytes, how_.wait);
  if (!batch)
    return batch.why().as_error();
  pass(*batch, take);
  return {};
}

/// Gives a batch. Returns whether to go on.
bool stream_source::pass(const stream_batch& batch, const taker& take) {
  if (batch.reached == wal_position{} || is_quiet(batch))
    return true;
  for (auto& each : batch.events)
    if (auto* message = std::get_if<log_message>(&each)) {
      if (!tell(*message, take))
        return false;
    } else {
      intake_.add(each);
    }
  return give(batch.reached, take);
}

/// Other databases write WAL too, and the server tells how far it is. Cells are told now and then.
bool stream_source::is_quiet(const stream_batch& batch) {
  return batch.events.empty() && std::chrono::steady_clock::now() - gave_ < how_.quiet_interval;
}

bool stream_source::give(const wal_position& reached, const taker& take) {
  end_ = std::max(end_, confirmable(reached));
  auto piece = intake_.cut(reached, identity_of(*link_.server(), how_.server.database), how_.now_ms());
  if (!piece)
    return true;
  gave_ = std::chrono::steady_clock::now();
  return take(std::move(*piece));
}

bool stream_source::tell(const log_message& x, const taker& take) {
  if (!how_.on_message || x.prefix != how_.message_prefix || !intake_.is_new(x.at))
    return true;
  if (!give(x.at, take))
    return false;
  how_.on_message(x);
  return true;
}

result<void> stream_source::seek(source_id, stream_position after) {
  auto wanted = confirmable(wal_of(after)), settled = confirmable(link_.confirmed());
  if (wanted < settled)
    return error{errc::bad_setting,
                 "a cell needs what comes after " + to_text(wanted) + ", and the slot " + how_.slot
                     + " has confirmed " + to_text(settled)
                     + ": Redis lost its last writes; start the node again, and it fills the figures"};
  link_.restart();
  intake_.begin(after);
  return {};
}

void stream_source::pause(source_id) { paused_ = true; }
void stream_source::resume(source_id) { paused_ = false; }

void stream_source::settle(const position_map& durable) {
  if (auto mine = durable.find(the_stream); mine != durable.end() && assigned_)
    link_.confirm(wal_of(mine->second));
}

result<session*> stream_source::database() {
  if (!db_) {
    auto opened = session::open(how_.server);
    if (!opened)
      return opened.why();
    db_ = std::move(*opened);
  }
  return &*db_;
}

result<position_map> stream_source::ends() {
  auto db = database();
  if (!db)
    return db.why();
  // This commit flushes those before it: with synchronous_commit = off, the disk comes later.
  auto flushed = (*db)->query_rows("SELECT set_config('synchronous_commit', 'local', true), "
                                   "pg_logical_emit_message(true, 'millrace', 'end')");
  if (!flushed)
    return flushed.why();
  auto found = (*db)->query_rows("SELECT pg_current_wal_flush_lsn()");
  if (!found)
    return found.why();
  auto end = lsn_from_text(found->rows.at(0)[0].value_or(""));
  end_ = std::max(end_, end);
  return position_map{{the_stream, position_of({end, {}})}};
}

result<log_state> stream_source::compare(const std::map<source_id, ledger_extent>& ledger) {
  auto mine = ledger.find(the_stream);
  if (mine == ledger.end())
    return log_state{};
  auto db = database();
  if (!db)
    return db.why();
  auto slot = look_at_slot(**db, how_.slot);
  if (!slot)
    return slot.why().as_error();
  auto walsender = replication_connection::open(how_.server);
  if (!walsender)
    return walsender.why().as_error();
  auto server = walsender->identify();
  if (!server)
    return server.why().as_error();
  link_.expect(*server);
  log_state out;
  out.broken = why_another_log({*server, how_.server.database, how_.slot, *slot}, mine->second);
  return out;
}

std::string stream_source::name_of(source_id) const { return "slot " + how_.slot; }

std::string stream_source::name_of(source_id source, stream_position at) const {
  auto x = wal_of(at);
  if (at == nowhere)
    return name_of(source) + " from its beginning";
  if (x.place == lsn{} || x.place > x.commit)
    return name_of(source) + " at " + to_text(confirmable(x));
  return name_of(source) + " at " + to_text(x.place) + " (committed at " + to_text(x.commit) + ")";
}

std::string stream_source::distance(stream_position from, stream_position to) const {
  auto bytes = std::max<std::int64_t>(number_of(to) - number_of(from), 0);
  return std::to_string(bytes) + " bytes of WAL";
}

partition_report stream_source::report(source_id, stream_position read, stream_position durable) const {
  partition_report out;
  out.topic = how_.slot;
  out.read = number_of(read);
  out.durable = number_of(durable);
  if (end_ > lsn{}) // the number that comes next
    out.end = std::max(static_cast<std::int64_t>(end_.value), out.read) + 1;
  return out;
}

} // namespace millrace::postgres
