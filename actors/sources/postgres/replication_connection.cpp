#include "actors/sources/postgres/replication_connection.hpp"

#include "actors/postgres/connection.hpp"
#include "actors/sources/postgres/command.hpp"

#include <poll.h>

#include <cstdlib>

namespace millrace::postgres {

using std::chrono::milliseconds;

namespace {

struct memory_deleter {
  void operator()(char* x) const { PQfreemem(x); }
};

constexpr milliseconds command_timeout{30'000};
/// The oldest server with logical messages in pgoutput.
constexpr int oldest_version = 140'000;

problem protocol_trouble(const std::string& command) {
  return {trouble::protocol, "PostgreSQL: an unexpected answer to " + command, {}};
}

} // namespace

struct replication_connection::impl {
  pg_connection db;
  std::unique_ptr<char, memory_deleter> frame;

  problem lost() const { return problem_of(error_of(db.get(), nullptr)); }

  /// Returns why COPY BOTH ended. A server that shuts down ends its half alone.
  problem ended() {
    pg_result last;
    for (auto more = true; more;) {
      pg_result next{PQgetResult(db.get())};
      more = next && PQresultStatus(next.get()) == PGRES_COMMAND_OK;
      if (next)
        last = std::move(next);
    }
    if (last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR)
      return rejection(db.get(), last.get(), command_kind::stream);
    return {trouble::unavailable, "PostgreSQL: the walsender ended the stream", {}};
  }
};

replication_connection::replication_connection(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
replication_connection::~replication_connection() = default;
replication_connection::replication_connection(replication_connection&&) noexcept = default;
replication_connection& replication_connection::operator=(replication_connection&&) noexcept = default;

outcome<replication_connection> replication_connection::open(const settings& to) {
  auto db = connect(to, connection_kind::replication);
  if (!db)
    return refused_replication(db.why(), to.user);
  if (auto version = PQserverVersion(db->get()); version < oldest_version)
    return problem{trouble::too_old,
                   "PostgreSQL: the server's version is " + std::to_string(version / 10'000),
                   "use PostgreSQL 14 or newer, or --source kafka"};
  auto inside = std::make_unique<impl>();
  inside->db = std::move(*db);
  return replication_connection(std::move(inside));
}

outcome<system_identity> replication_connection::identify() {
  auto done = run_command(impl_->db.get(), "IDENTIFY_SYSTEM", command_kind::identify, command_timeout);
  if (!done)
    return done.why();
  if (PQntuples(done->get()) != 1 || PQnfields(done->get()) < 3)
    return protocol_trouble("IDENTIFY_SYSTEM");
  auto text = [&](int column) { return field_of(done->get(), 0, column).value_or(""); };
  return system_identity{text(0), static_cast<std::uint32_t>(std::strtoul(text(1).c_str(), nullptr, 10)),
                         lsn_from_text(text(2))};
}

outcome<created_slot> replication_connection::create_slot(const new_slot& x) {
  auto command = create_command(x, PQserverVersion(impl_->db.get()));
  auto done = run_command(impl_->db.get(), command, command_kind::create, x.timeout);
  if (!done)
    return done.why();
  if (PQntuples(done->get()) != 1 || PQnfields(done->get()) < 3)
    return protocol_trouble("CREATE_REPLICATION_SLOT");
  return created_slot{lsn_from_text(field_of(done->get(), 0, 1).value_or("")),
                      field_of(done->get(), 0, 2).value_or("")};
}

outcome<milliseconds> replication_connection::walsender_timeout() {
  // In ms: SHOW would have a unit of its own choice.
  auto done =
      run_command(impl_->db.get(), "SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'",
                  command_kind::identify, command_timeout);
  if (!done)
    return done.why();
  if (PQntuples(done->get()) != 1)
    return protocol_trouble("SELECT");
  return milliseconds{std::strtoll(field_of(done->get(), 0, 0).value_or("").c_str(), nullptr, 10)};
}

outcome<void> replication_connection::start(const stream_start& x) {
  auto done = run_command(impl_->db.get(), start_command(x), command_kind::start, command_timeout);
  if (!done)
    return done.why();
  if (PQresultStatus(done->get()) != PGRES_COPY_BOTH)
    return protocol_trouble("START_REPLICATION");
  if (PQsetnonblocking(impl_->db.get(), 1) != 0)
    return impl_->lost();
  return {};
}

outcome<std::optional<std::string_view>> replication_connection::receive() {
  char* bytes = nullptr;
  auto size = PQgetCopyData(impl_->db.get(), &bytes, 1);
  impl_->frame.reset(bytes);
  if (size > 0)
    return std::optional(std::string_view(bytes, static_cast<std::size_t>(size)));
  if (size == 0)
    return std::optional<std::string_view>();
  return impl_->ended();
}

outcome<bool> replication_connection::wait(milliseconds time) {
  auto* db = impl_->db.get();
  auto unsent = PQflush(db);
  if (unsent < 0)
    return impl_->lost();
  pollfd wanted{PQsocket(db), static_cast<short>(POLLIN | (unsent ? POLLOUT : 0)), 0};
  if (::poll(&wanted, 1, static_cast<int>(std::max(time, milliseconds{0}).count())) <= 0)
    return false;
  if ((wanted.revents & ~POLLOUT) == 0)
    return false;
  if (!PQconsumeInput(db))
    return impl_->lost();
  return true;
}

outcome<void> replication_connection::send(std::string_view frame) {
  auto* db = impl_->db.get();
  // 0: its buffer is full. The next status update says as much as this one.
  if (PQputCopyData(db, frame.data(), static_cast<int>(frame.size())) < 0 || PQflush(db) < 0)
    return impl_->lost();
  return {};
}

} // namespace millrace::postgres
