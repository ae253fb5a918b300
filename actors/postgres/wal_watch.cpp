#include "actors/postgres/wal_watch.hpp"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace millrace::postgres {

namespace {

constexpr std::chrono::seconds pause_after_failure{1};

} // namespace

struct wal_watch::impl {
  explicit impl(settings x) : how(std::move(x)), thread([this](std::stop_token stop) { run(stop); }) {}

  void run(std::stop_token stop) {
    for (;;) {
      std::uint64_t question = 0;
      {
        std::unique_lock lock(guard);
        if (!woken.wait(lock, stop, [&] { return asked > answered; }))
          return;
        question = asked;
      }
      auto end = read();
      std::unique_lock lock(guard);
      note(question, end);
      if (!end)
        woken.wait_for(lock, stop, pause_after_failure, [] { return false; });
    }
  }

  result<lsn> read() {
    if (!db) {
      auto opened = session::open(how);
      if (!opened)
        return opened.why();
      db.emplace(std::move(*opened));
    }
    auto end = db->wal_insert_lsn();
    if (!end)
      db.reset();
    return end;
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
  std::optional<session> db; ///< the thread's
  mutable std::mutex guard;  ///< protects what follows
  std::condition_variable_any woken;
  std::uint64_t asked = 0, answered = 0;
  lsn known;
  std::string trouble;
  std::jthread thread; ///< last, because it uses all fields above
};

wal_watch::wal_watch(settings how) : impl_(std::make_unique<impl>(std::move(how))) {}
wal_watch::~wal_watch() = default;

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
