/// The command `status`: is all well, what isn't, and what holds back.

#include "nodes/shell/views.hpp"

#include "actors/inspector/troubles.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

namespace millrace::shell {

namespace {

constexpr std::int64_t late_after_ms = 2000;
/// The writer waits at most so long. At this wait, flushes take as long.
constexpr std::int64_t longest_wait_ms = 250;

std::string counted(std::int64_t count, const std::string& one, const std::string& more) {
  return number_field(count).text + " " + (count == 1 ? one : more);
}

/// The whole cluster in numbers.
struct sum {
  std::int64_t answered = 0, rate = 0, lag_ms = 0, own_lag_ms = 0, behind = 0;
};

sum sum_of(const reports& from) {
  sum out;
  for (auto& x : from) {
    if (!x.answer)
      continue;
    ++out.answered;
    out.rate += x.answer->events_per_second;
    if (x.answer->events_per_second > 0 && x.answer->router.lag_ms > out.lag_ms) {
      out.lag_ms = x.answer->router.lag_ms;
      out.own_lag_ms = x.answer->router.own_lag_ms;
    }
    for (auto& p : x.answer->router.sources)
      if (p.end >= 0)
        out.behind += std::max<std::int64_t>(0, p.end - 1 - p.durable);
  }
  return out;
}

/// Returns what stops the stream before Millrace, as its leader sees it; empty: nothing.
std::string stopped_before(const surroundings_report& x) {
  if (!x.slot.trouble.empty())
    return "PostgreSQL: " + x.slot.trouble;
  if (!x.kafka_trouble.empty())
    return "Kafka: " + x.kafka_trouble;
  for (auto& state : {x.connector.state, x.connector.task})
    if (!state.empty() && state != "RUNNING")
      return "Debezium: the connector is " + state;
  if (x.slot.known && !x.slot.exists)
    return "PostgreSQL: the replication slot is absent";
  return "";
}

/// Returns the stage that holds the nodes back, if one does.
std::string slow_stage(const reports& from, const sum& all) {
  for (auto& x : from) {
    if (!x.answer)
      continue;
    auto& r = *x.answer;
    if (!r.writer.trouble.empty())
      return "Redis, seen from " + x.called() + ": " + r.writer.trouble;
    auto paused =
        std::count_if(r.router.sources.begin(), r.router.sources.end(), [](auto& p) { return p.paused; });
    if (paused > 0)
      return (r.writer.busy && r.writer.interval_ms >= longest_wait_ms ? "Redis: the flushes of "
                                                                       : "the cells of ")
             + x.called() + ": " + size_text(r.router.waiting_bytes) + " wait, "
             + counted(paused, "partition is paused", "partitions are paused");
  }
  if (all.lag_ms <= late_after_ms)
    return "";
  if (all.own_lag_ms <= all.lag_ms / 2)
    return "PostgreSQL, Debezium or Kafka: records arrive " + duration_ms(all.lag_ms - all.own_lag_ms)
           + " after their commit";
  return "the nodes: a change takes " + duration_ms(all.own_lag_ms) + " from Kafka to Redis";
}

/// Adds each trouble once, with the first node that reports it.
void add_troubles(listing& out, const reports& from) {
  std::set<std::string> said;
  for (auto& x : from) {
    if (!x.answer)
      continue;
    for (auto& one : x.answer->troubles) {
      if (!said.insert(one.id + "\n" + one.why).second)
        continue;
      auto mild = one.id == "figures are filling";
      out.rows.push_back({text_field(x.called()), text_field(one.what, mild ? tone::busy : tone::bad),
                          number_field(std::max<std::int64_t>(0, x.answer->now - one.since)),
                          text_field(one.why)});
      out.rows.back()[2].text = in_words(std::max<std::int64_t>(0, x.answer->now - one.since));
    }
  }
}

std::string pace_of(const sum& x) {
  return std::string(x.lag_ms > late_after_ms ? "Millrace is behind: " : "Millrace keeps up: ")
         + counted(x.behind, "record waits", "records wait") + ", " + number_field(x.rate).text
         + " records/s, " + duration_ms(x.lag_ms) + " from commit to Redis";
}

std::int64_t figures_in(const reports& from) {
  for (auto& x : from)
    if (x.answer)
      return static_cast<std::int64_t>(x.answer->figures.size());
  return 0;
}

} // namespace

listing show_status(const reports& from) {
  listing out;
  auto all = sum_of(from);
  out.columns = {"node", "trouble", "for", "why, and what to do"};
  add_troubles(out, from);
  auto silent = static_cast<std::int64_t>(from.size()) - all.answered;
  if (silent > 0)
    out.before.push_back({counted(silent, "node doesn't answer", "nodes don't answer"), tone::bad});
  if (!out.rows.empty())
    out.before.push_back({"not all is well", tone::bad});
  else if (silent == 0)
    out.before.push_back({"all is well: " + counted(figures_in(from), "figure is live", "figures are live")
                              + " on " + counted(all.answered, "node", "nodes"),
                          tone::good});
  if (all.answered > 0)
    out.before.push_back({pace_of(all), all.lag_ms > late_after_ms ? tone::busy : tone::plain});
  auto* leader = leader_of(from);
  auto holds = leader ? stopped_before(leader->fill.surroundings) : "";
  if (holds.empty())
    holds = slow_stage(from, all);
  if (holds.empty() && silent > 0)
    holds = "the silent nodes: others take over their shards after the session timeout";
  if (!holds.empty())
    out.before.push_back({"what holds back: " + holds, tone::busy});
  else if (all.answered > 0)
    out.before.push_back({"nothing holds back"});
  name_silent(out, from);
  return out;
}

std::string duration_ms(std::int64_t ms) {
  if (ms < 1000)
    return std::to_string(ms) + " ms";
  if (ms >= 10'000)
    return in_words(ms / 1000);
  char text[16];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto x = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; x >= 1024 && unit + 1 < std::size(units); ++unit)
    x /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", x, units[unit]);
  return text;
}

} // namespace millrace::shell
