#include "nodes/node/stopping.hpp"

#include <atomic>
#include <csignal>
#include <thread>

namespace millrace {

namespace {

std::atomic<bool> stop_requested{false};
constexpr std::chrono::milliseconds look_interval{50};

void on_signal(int) { stop_requested = true; }

} // namespace

stop_signal::stop_signal() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool stop_signal::requested() const { return stop_requested; }

void stop_signal::wait_for(std::chrono::milliseconds duration) const {
  auto deadline = std::chrono::steady_clock::now() + duration;
  while (!requested() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::min(look_interval, duration));
}

void life_events::lost(std::string why) {
  std::lock_guard lock(guard_);
  if (!why_)
    why_ = std::move(why);
  changed_.notify_all();
}

std::optional<std::string> life_events::wait(const stop_signal& stop) {
  std::unique_lock lock(guard_);
  while (!why_ && !stop.requested())
    changed_.wait_for(lock, look_interval);
  return why_;
}

} // namespace millrace
