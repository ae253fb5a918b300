#pragma once

/// A stream of alerts and a receiver in memory, and a courier between them. The stream counts and is capped
/// as Redis's is.

#include "actors/alert_sender/courier.hpp"

#include <algorithm>
#include <deque>
#include <memory>

namespace millrace::test {

using texts = std::vector<std::string>;

/// The fields of an event of the alert big.
inline texts fields_of(const std::string& key, bool resolved = false, std::int64_t start = 100) {
  texts out{"type",        "big",
            "subject",     key,
            "state",       resolved ? "resolved" : "firing",
            "at",          std::to_string(resolved ? start + 30 : start),
            "alert_id",    "big:" + key + ":" + std::to_string(start),
            "alert_start", std::to_string(start)};
  if (resolved)
    out.insert(out.end(), {"alert_end", std::to_string(start + 30)});
  out.insert(out.end(), {"severity", "warning", "alert_revision", "77", "id", key, "total", "12.50"});
  return out;
}

/// Returns an event as a receiver sees it: "7 firing".
inline std::string line_of(const alert_event& x) { return x.key + (x.resolved ? " resolved" : " firing"); }

struct courier_fixture {
  courier_fixture(std::size_t batch = 1, std::chrono::seconds repeat = {}) {
    courier_settings how;
    how.name = "webhook";
    how.server = "http://127.0.0.1:1";
    how.batch = batch;
    how.repeat = repeat;
    how.alerts = {"big"};
    courier_backend with;
    with.look = [this](std::size_t limit) { return look(limit); };
    with.silences = [this]() -> result<std::map<std::string, std::string>> { return silences; };
    with.confirm = [this](const std::string& before, const std::string& now) -> result<void> {
      if (before != position)
        return error{errc::fenced, "another node sends the alerts"};
      if (redis_away)
        return error{errc::unavailable, "Redis is away"};
      position = now;
      return {};
    };
    with.active = [this](const std::string&, const std::string& cursor) -> result<redis::active_alerts> {
      auto page = std::stoul(cursor);
      if (page < more.size())
        return redis::active_alerts{std::to_string(page + 1), more[page]};
      return redis::active_alerts{"0", active};
    };
    with.post = [this](const std::vector<alert_event>& events) { return post(events); };
    with.now = [this] { return std::int64_t{1000} + time.count() / 1000; };
    with.steady = [this] { return time; };
    with.dice = [] { return 0.999; };
    one = std::make_unique<courier>(std::move(how), std::move(with));
  }

  result<redis::outgoing_alerts> look(std::size_t limit) {
    if (redis_away)
      return error{errc::unavailable, "Redis is away"};
    redis::outgoing_alerts out{position, added, stream.size(), newest, {}};
    auto number = [](const std::string& id) { return std::stoull(id); };
    for (auto& x : stream)
      if (!position.empty() && number(x.id) > number(position) && out.next.size() < limit)
        out.next.push_back(x);
    return out;
  }

  http_answer post(const std::vector<alert_event>& events) {
    ++posts;
    time += post_takes;
    auto status = answers.empty() ? 200 : answers.front();
    if (!answers.empty())
      answers.pop_front();
    if (std::any_of(events.begin(), events.end(), [&](auto& x) { return x.key == poison; }))
      status = 422;
    if (status == 200)
      for (auto& x : events)
        got.push_back(line_of(x));
    sizes.push_back(events.size());
    return {status, status == 0 ? "refused" : "", {}};
  }

  void add(texts fields) {
    newest = std::to_string(++added * 1000) + "-0";
    stream.push_back({newest, std::move(fields)});
  }
  void fire(const std::string& key) { add(fields_of(key)); }
  void resolve(const std::string& key) { add(fields_of(key, true)); }
  /// The oldest leave the stream.
  void trim(std::size_t count) {
    stream.erase(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count));
  }

  receiver_report run(std::chrono::milliseconds after = std::chrono::seconds{1}) {
    time += after;
    return one->run(false);
  }

  std::vector<redis::stream_event> stream, active;    ///< active: the last page of what fires
  std::vector<std::vector<redis::stream_event>> more; ///< the pages before
  std::chrono::milliseconds post_takes{0};
  std::uint64_t added = 0;
  std::string newest = "0-0", position;
  std::map<std::string, std::string> silences;
  std::deque<int> answers;       ///< of the next POSTs; after them 200
  std::string poison = "(none)"; ///< key that the receiver refuses
  texts got;
  std::vector<std::size_t> sizes;
  int posts = 0;
  bool redis_away = false;
  std::chrono::milliseconds time{0};
  std::unique_ptr<courier> one;
};

} // namespace millrace::test
