#include "nodes/node/page_feed.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <chrono>

namespace millrace {

namespace {

using json = nlohmann::json;
using std::chrono::steady_clock;

constexpr std::chrono::seconds busy_interval{1}, idle_interval{5};
constexpr std::int64_t sample_seconds = 5, kept_seconds = 3600;

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<std::int64_t> number_at(const json& from, const char* pointer) {
  json::json_pointer where(pointer);
  if (!from.contains(where) || !from[where].is_number())
    return std::nullopt;
  return from[where].get<std::int64_t>();
}

json to_json(const std::optional<std::int64_t>& x) { return x ? json(*x) : json(); }

} // namespace

page_feed::page_feed(std::function<std::string()> look)
    : look_(std::move(look)), thread_([this] { run(); }) {}

page_feed::~page_feed() { stop(); }

std::shared_ptr<page_feed::seat> page_feed::enter() {
  std::lock_guard lock(guard_);
  if (stopped_ || readers_ >= most_readers)
    return nullptr;
  auto out = std::make_shared<seat>(*this);
  ++readers_;
  changed_.notify_all();
  return out;
}

void page_feed::leave() {
  std::lock_guard lock(guard_);
  --readers_;
}

std::optional<page_feed::report> page_feed::next(std::uint64_t seen, std::chrono::milliseconds patience) {
  std::unique_lock lock(guard_);
  changed_.wait_for(lock, patience, [&] { return stopped_ || newest_.number > seen; });
  if (stopped_)
    return std::nullopt;
  return newest_;
}

std::string page_feed::history() {
  std::lock_guard lock(guard_);
  auto at = json::array(), events = json::array(), lag = json::array(), waiting = json::array();
  for (auto& x : samples_) {
    at.push_back(x.at);
    events.push_back(to_json(x.events));
    lag.push_back(to_json(x.lag_ms));
    waiting.push_back(to_json(x.waiting_bytes));
  }
  return json{
      {"now", unix_now()}, {"at", at}, {"events", events}, {"lag_ms", lag}, {"waiting_bytes", waiting}}
      .dump();
}

void page_feed::stop() {
  {
    std::lock_guard lock(guard_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable())
    thread_.join();
}

/// Returns the status, or an empty object if it can't be told: a stream goes on with the next look.
std::string page_feed::look() const {
  try {
    return look_();
  } catch (const std::exception& why) {
    spdlog::warn("page: the status can't be told: {}", why.what());
    return "{}";
  }
}

void page_feed::run() {
  std::unique_lock lock(guard_);
  while (!stopped_) {
    auto began = steady_clock::now();
    lock.unlock();
    auto text = look();
    lock.lock();
    keep(text);
    auto due = [&] { return steady_clock::now() >= began + (readers_ > 0 ? busy_interval : idle_interval); };
    while (!stopped_ && !due())
      changed_.wait_until(lock, began + (readers_ > 0 ? busy_interval : idle_interval));
  }
}

/// Called with the lock. An event is one line, so the text becomes one.
void page_feed::keep(const std::string& text) {
  auto status = json::parse(text, nullptr, false);
  auto now = unix_now();
  newest_ = {newest_.number + 1, std::make_shared<const std::string>(
                                     status.dump(-1, ' ', false, json::error_handler_t::replace))};
  changed_.notify_all();
  if (!samples_.empty() && now - samples_.back().at < sample_seconds)
    return;
  samples_.push_back({now, number_at(status, "/events"), number_at(status, "/lag_ms"),
                      number_at(status, "/router/waiting_bytes")});
  while (samples_.front().at < now - kept_seconds)
    samples_.pop_front();
}

} // namespace millrace
