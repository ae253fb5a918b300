/// The commands `figures` and `batches`.

#include "nodes/shell/views.hpp"

#include "actors/inspector/troubles.hpp"
#include "messages/visible.hpp"

#include <algorithm>
#include <map>

namespace millrace::shell {

namespace {

constexpr std::int64_t late_after_ms = 2000;

/// A figure in the whole cluster: the worst state that a node reports, and the rows of all nodes.
struct whole_figure {
  figure_report worst;
  std::int64_t now = 0;
  std::uint64_t rows = 0;
};

std::vector<whole_figure> figures_of(const reports& from) {
  std::vector<whole_figure> out;
  std::map<std::string, std::size_t> at;
  for (auto& x : from) {
    if (!x.answer)
      continue;
    for (auto& one : x.answer->figures) {
      auto [known, fresh] = at.try_emplace(one.name, out.size());
      if (fresh)
        out.push_back({one, x.answer->now, 0});
      auto& mine = out[known->second];
      mine.rows += one.rows;
      if (one.state > mine.worst.state) {
        mine.worst = one;
        mine.now = x.answer->now;
      }
    }
  }
  return out;
}

bool is_of(const std::string& topic, const std::string& table) {
  auto end = "." + table;
  return topic.size() > end.size() && topic.compare(topic.size() - end.size(), end.size(), end) == 0;
}

/// Returns how far a figure is behind the newest record of its tables: the partition that is the furthest.
field freshness_of(const figure_report& x, const reports& from) {
  std::int64_t behind = 0, late = 0;
  bool known = false;
  for (auto& one : from) {
    if (!one.answer)
      continue;
    for (auto& p : one.answer->router.sources) {
      auto mine =
          std::any_of(x.tables.begin(), x.tables.end(), [&](auto& table) { return is_of(p.topic, table); });
      if (!mine || p.end < 0)
        continue;
      known = true;
      behind += std::max<std::int64_t>(0, p.end - 1 - p.durable);
      if (p.end - 1 > p.durable)
        late = std::max(late, p.lag_ms);
    }
  }
  if (!known)
    return no_field();
  if (behind == 0)
    return {"current", 0, tone::good, false};
  auto records = number_field(behind).text + (behind == 1 ? " record waits" : " records wait");
  return {late > 0 ? records + ", " + duration_ms(late) : records, static_cast<double>(late) / 1000,
          late > late_after_ms ? tone::busy : tone::good, false};
}

tone tone_of(figure_state x) {
  return x == figure_state::live      ? tone::good
         : x == figure_state::filling ? tone::busy
         : x == figure_state::stale   ? tone::busy
                                      : tone::bad;
}

field since(const figure_report& x, std::int64_t now) {
  if (x.state == figure_state::live || x.since == 0)
    return no_field();
  return {in_words(std::max<std::int64_t>(0, now - x.since)), x.since, tone::plain, true};
}

tone tone_of(const std::string& batch_state) {
  return batch_state == "failed" ? tone::bad : batch_state == "runs" ? tone::busy : tone::good;
}

/// Returns a second in the past or in the future, in words.
field moment(std::int64_t at, std::int64_t now) {
  if (at == 0)
    return no_field();
  return {at <= now ? in_words(now - at) + " ago" : "in " + in_words(at - now), at, tone::plain, false};
}

} // namespace

listing show_figures(const reports& from, const std::string& name) {
  listing out;
  out.columns = {"figure", "state", "for", "rows", "freshness", "why, and what to do"};
  for (auto& x : figures_of(from))
    if (name.empty() || x.worst.name == name) {
      out.rows.push_back({text_field(x.worst.name),
                          text_field(to_text(x.worst.state), tone_of(x.worst.state)), since(x.worst, x.now),
                          number_field(static_cast<std::int64_t>(x.rows)), freshness_of(x.worst, from),
                          text_field(name.empty() ? x.worst.why : "")});
      if (!name.empty() && !x.worst.why.empty())
        out.after.push_back({x.worst.why, tone_of(x.worst.state)});
      if (!name.empty()) // the whole reason is below the table
        out.rows.back()[5].value = x.worst.why;
    }
  if (out.rows.empty() && !name.empty()) {
    out.before.push_back({"no figure " + visible(name) + " runs; `figures` lists those that do", tone::bad});
    out.code = 2;
    return out;
  }
  name_silent(out, from);
  return out;
}

listing show_batches(const reports& from) {
  listing out;
  out.columns = {"figure", "state", "last success", "took", "rows", "run", "missed", "next", "why"};
  auto* leader = leader_of(from);
  if (!leader) {
    out.before.push_back({"the leading node didn't answer: it knows the runs", tone::bad});
    out.code = 1;
  } else {
    for (auto& x : leader->scheduler.batches)
      out.rows.push_back(
          {text_field(x.name), text_field(x.state, tone_of(x.state)), moment(x.last_success, leader->now),
           field{duration_ms(x.took_ms), x.took_ms, {}, true},
           number_field(static_cast<std::int64_t>(x.rows)), number_field(static_cast<std::int64_t>(x.run)),
           number_field(static_cast<std::int64_t>(x.missed), x.missed ? tone::busy : tone::plain),
           moment(x.next, leader->now), text_field(x.why)});
    if (out.rows.empty())
      out.before.push_back({"there are no batch figures"});
    if (!leader->scheduler.trouble.empty())
      out.after.push_back({leader->scheduler.trouble, tone::bad});
  }
  name_silent(out, from);
  return out;
}

} // namespace millrace::shell
