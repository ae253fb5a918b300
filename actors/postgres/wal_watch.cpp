#include "actors/postgres/wal_watch.hpp"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace millrace::postgres {

namespace {

constexpr std::chrono::seconds pause_after_failure{1};

} // namespace

struct wal_watch::impl {
  impl(settings x, std::string identifier) : how(std::move(x)), identifier(std::move(identifier)) {}

  void run() {
    std::unique_lock lock(guard);
    for (;;) {
      woken.wait(lock, [&] { return stopped || asked > answered; });
      if (stopped)
        return;
      auto question = asked;
      lock.unlock();
      auto end = read();
      lock.lock();
      note(question, end);
      if (!end)
        woken.wait_for(lock, pause_after_failure, [&] { return stopped; });
    }
  }

  result<lsn> read() {
    if (!db) {
      auto opened = session::open(how);
      if (!opened)
        return opened.why();
      db.emplace(std::move(*opened));
      if (auto same = is_ours(); !same)
        return db.reset(), same.why();
    }
    auto end = db->wal_insert_lsn();
    if (!end)
      db.reset();
    return end;
  }

  /// A server that took the place of ours has another WAL, and says nothing about our records.
  result<void> is_ours() {
    auto found = identifier.empty() ? result<std::string>(identifier) : db->system_identifier();
    if (!found)
      return found.why();
    if (*found != identifier)
      return error{errc::unavailable, "PostgreSQL: another database cluster is at this address now"};
    return {};
  }

  void note(std::uint64_t question, const result<lsn>& end) {
    auto said = end ? std::string() : end.why().message;
    if (!said.empty() && said != trouble)
      spdlog::warn("router: how far PostgreSQL's WAL is isn't known: {}; trying again", said);
    trouble = said;
    if (!end)
      return;
    answered = question;
    known = *end;
  }

  settings how;
  std::string identifier;
  std::optional<session> db; ///< the thread's
  mutable std::mutex guard;  ///< protects what follows
  std::condition_variable woken;
  bool stopped = false;
  std::uint64_t asked = 0, answered = 0;
  lsn known;
  std::string trouble;
};

wal_watch::wal_watch(settings how, std::string system_identifier)
    : impl_(std::make_shared<impl>(std::move(how), std::move(system_identifier))) {
  std::thread([x = impl_] { x->run(); }).detach();
}

/// Doesn't wait for the thread: a server that is frozen may never answer it.
wal_watch::~wal_watch() {
  std::lock_guard lock(impl_->guard);
  impl_->stopped = true;
  impl_->woken.notify_one();
}

lsn wal_watch::known() const {
  std::lock_guard lock(impl_->guard);
  return impl_->known;
}

std::uint64_t wal_watch::ask() {
  std::lock_guard lock(impl_->guard);
  impl_->woken.notify_one();
  return ++impl_->asked;
}

std::optional<lsn> wal_watch::answer(std::uint64_t question) const {
  std::lock_guard lock(impl_->guard);
  return impl_->answered >= question ? std::optional(impl_->known) : std::nullopt;
}

std::string wal_watch::trouble() const {
  std::lock_guard lock(impl_->guard);
  return impl_->trouble;
}

} // namespace millrace::postgres
