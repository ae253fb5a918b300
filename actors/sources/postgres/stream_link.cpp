#include "actors/sources/postgres/stream_link.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>
#include <thread>

namespace millrace::postgres {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds first_pause{100}, longest_pause{5'000};
/// The walsender of a connection that just ended still has the slot for a moment: that isn't logged.
constexpr int quiet_failures = 3;

/// Returns whether time or another process can mend it.
bool passes(trouble x) {
  return x == trouble::unavailable || x == trouble::denied || x == trouble::slot_in_use
         || x == trouble::no_free_walsender;
}

milliseconds pause_after(int failures) {
  return std::min(longest_pause, first_pause * (1 << std::min(failures - 1, 6)));
}

problem another(const system_identity& had, const system_identity& has) {
  auto name = [](auto& x) { return x.system + ", timeline " + std::to_string(x.timeline); };
  return {trouble::other_server,
          "PostgreSQL is another server now: system identifier " + name(has) + ", and it was " + name(had),
          "start the node again: it fills the figures from this server"};
}

} // namespace

stream_link::stream_link(stream_settings how) : how_(std::move(how)) {}

outcome<stream_batch> stream_link::poll(std::size_t budget, milliseconds wait) {
  if (!stream_) {
    if (auto now = clock::now(); now < next_try_) {
      std::this_thread::sleep_for(std::min<clock::duration>(wait, next_try_ - now));
      return stream_batch{};
    }
    if (auto opened = open(); !opened)
      return opened.why();
    if (!stream_)
      return stream_batch{};
  }
  auto got = stream_->poll(budget, wait);
  if (!got) {
    stream_.reset();
    if (auto over = failed(got.why()); !over)
      return over.why();
    return stream_batch{};
  }
  if (got->bytes > 0)
    reads_again();
  return got;
}

/// Opens the stream, or notes when to try again.
outcome<void> stream_link::open() {
  how_.from = confirmed_;
  auto opened = change_stream::open(how_);
  if (!opened)
    return failed(opened.why());
  auto server = opened->counts().server;
  if (server_ && (server_->system != server.system || server_->timeline != server.timeline))
    return another(*server_, server);
  server_ = server;
  stream_ = std::move(*opened);
  return {};
}

/// Returns the problem if it doesn't pass.
outcome<void> stream_link::failed(const problem& why) {
  if (!passes(why.what))
    return why;
  auto now = clock::now();
  if (failures_++ == 0)
    since_ = now;
  next_try_ = now + pause_after(failures_);
  if (!said_ && (why.what != trouble::slot_in_use || failures_ > quiet_failures)) {
    said_ = true;
    spdlog::warn("postgres_stream: can't read the slot {}, trying again: {}", how_.slot, why.text());
  }
  return {};
}

void stream_link::reads_again() {
  if (said_)
    spdlog::info("postgres_stream: reading the slot {} again (after {} s)", how_.slot,
                 std::chrono::floor<std::chrono::seconds>(clock::now() - since_).count());
  said_ = false;
  failures_ = 0;
}

void stream_link::confirm(const wal_position& x) {
  confirmed_ = std::max(confirmed_, x);
  if (stream_)
    stream_->confirm(confirmed_);
}

void stream_link::restart() {
  stream_.reset();
  next_try_ = {};
}

void stream_link::release() {
  restart();
  confirmed_ = {};
}

} // namespace millrace::postgres
