#include "actors/sources/postgres/change_stream.hpp"

#include "actors/sources/postgres/feedback.hpp"
#include "actors/sources/postgres/replication_frame.hpp"
#include "actors/sources/postgres/transaction_reader.hpp"

#include <algorithm>
#include <thread>

namespace millrace::postgres {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct change_stream::impl {
  impl(stream_settings x, replication_connection to, system_identity of)
      : how(std::move(x)), connection(std::move(to)), server(std::move(of)), reader(*how.plans),
        answers(how.status_interval, steady_clock::now(), how.confirms_quiet) {
    answers.durable_to(how.from);
    answers.read_to(how.from);
  }

  outcome<bool> read_one(stream_batch& out);
  outcome<void> take(const replication_frame& x, stream_batch& out);
  outcome<void> answer();
  outcome<bool> wait(steady_clock::time_point deadline);
  outcome<void> read(std::size_t budget, stream_batch& out);
  outcome<void> fill(std::size_t budget, milliseconds wait, stream_batch& out);
  outcome<void> rest(milliseconds wait);

  stream_settings how;
  replication_connection connection;
  system_identity server;
  transaction_reader reader;
  feedback answers;
  lsn confirmed;
  std::uint64_t bytes = 0;
  steady_clock::time_point heard = steady_clock::now();
  std::optional<problem> failed;
};

namespace {

problem gone(milliseconds silence) {
  return {trouble::unavailable,
          "PostgreSQL: the walsender has said nothing for " + std::to_string(silence.count() / 1000) + " s",
          {}};
}

/// Returns the time that is left until then.
milliseconds left(steady_clock::time_point deadline) {
  return std::max(std::chrono::ceil<milliseconds>(deadline - steady_clock::now()), milliseconds{0});
}

} // namespace

change_stream::change_stream(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
change_stream::~change_stream() = default;
change_stream::change_stream(change_stream&&) noexcept = default;
change_stream& change_stream::operator=(change_stream&&) noexcept = default;

outcome<change_stream> change_stream::open(stream_settings how) {
  auto to = replication_connection::open(how.server);
  if (!to)
    return to.why();
  auto server = to->identify();
  if (!server)
    return server.why();
  auto limit = to->walsender_timeout();
  if (!limit)
    return limit.why();
  if (limit->count() > 0)
    how.status_interval = std::min(how.status_interval, *limit / 3);
  auto started = to->start({how.slot, {how.publication}, confirmable(how.from)});
  if (!started)
    return started.why();
  return change_stream(std::make_unique<impl>(std::move(how), std::move(*to), std::move(*server)));
}

/// Returns whether there was a frame.
outcome<bool> change_stream::impl::read_one(stream_batch& out) {
  auto bytes_read = connection.receive();
  if (!bytes_read)
    return bytes_read.why();
  if (!*bytes_read)
    return false;
  heard = steady_clock::now();
  bytes += (*bytes_read)->size();
  out.bytes += (*bytes_read)->size();
  auto frame = read_frame(**bytes_read);
  if (!frame)
    return problem_of(frame.why());
  if (auto taken = take(*frame, out); !taken)
    return taken.why();
  return true;
}

outcome<void> change_stream::impl::take(const replication_frame& x, stream_batch& out) {
  if (auto* alive = std::get_if<keepalive>(&x)) {
    if (!reader.in_transaction())
      answers.quiet_at(alive->sent);
    if (alive->wants_reply)
      answers.want();
    return {};
  }
  auto& data = std::get<wal_data>(x);
  auto read = reader.read(data.content, data.at, out.events);
  if (!read)
    return problem_of(read.why());
  if (reader.reached() > wal_position{})
    answers.read_to(reader.reached());
  return {};
}

/// Sends a status update if one is due. It asks for a keepalive, which tells how far the server is and that
/// it is there.
outcome<void> change_stream::impl::answer() {
  auto now = steady_clock::now();
  if (!answers.due(now))
    return {};
  confirmed = answers.confirmed();
  auto asks = !answers.wanted();
  answers.sent(now);
  return connection.send(status_update(confirmed, std::chrono::system_clock::now(), asks));
}

/// Returns whether something arrived.
outcome<bool> change_stream::impl::wait(steady_clock::time_point deadline) {
  auto arrived = connection.wait(left(std::min(deadline, answers.next())));
  if (arrived && !*arrived && steady_clock::now() - heard > how.silence)
    return gone(how.silence);
  return arrived;
}

/// Reads what has arrived, within the budget.
outcome<void> change_stream::impl::read(std::size_t budget, stream_batch& out) {
  for (auto more = true; more && out.bytes < budget;) {
    auto one = read_one(out);
    if (!one)
      return one.why();
    more = *one;
    if (auto answered = answer(); !answered)
      return answered.why();
  }
  return {};
}

/// Without a budget nothing is read, so that the server stops sending. It goes on listening.
outcome<void> change_stream::impl::rest(milliseconds wait) {
  for (auto deadline = steady_clock::now() + wait;;) {
    if (auto answered = answer(); !answered)
      return answered.why();
    if (steady_clock::now() >= deadline)
      break;
    std::this_thread::sleep_until(std::min(deadline, answers.next()));
  }
  heard = steady_clock::now();
  return {};
}

outcome<void> change_stream::impl::fill(std::size_t budget, milliseconds wait, stream_batch& out) {
  for (auto deadline = steady_clock::now() + wait;;) {
    if (auto done = read(budget, out); !done)
      return done;
    if (out.bytes >= budget || steady_clock::now() >= deadline)
      return {};
    // What has arrived isn't kept waiting for more.
    auto arrived = this->wait(out.events.empty() ? deadline : steady_clock::time_point{});
    if (!arrived)
      return arrived.why();
    if (!*arrived && !out.events.empty())
      return {};
    if (auto answered = answer(); !answered)
      return answered;
  }
}

outcome<stream_batch> change_stream::poll(std::size_t budget, milliseconds wait) {
  if (impl_->failed)
    return *impl_->failed;
  stream_batch out;
  auto done = budget == 0 ? impl_->rest(wait) : impl_->fill(budget, wait, out);
  if (!done) {
    impl_->failed = done.why();
    return done.why();
  }
  out.reached = impl_->answers.reached();
  return out;
}

void change_stream::confirm(const wal_position& x) { impl_->answers.durable_to(x); }

stream_counts change_stream::counts() const {
  return {impl_->bytes, impl_->reader.skipped(), impl_->confirmed, impl_->server};
}

} // namespace millrace::postgres
