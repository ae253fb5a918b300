/// The commands `sources`, `flushes`, `credit` and `dead-letters`: the way of the records.

#include "nodes/shell/views.hpp"

#include "actors/inspector/troubles.hpp"

#include <algorithm>

namespace millrace::shell {

namespace {

std::vector<field> row_of(const std::string& node, const partition_report& x) {
  auto behind = x.end < 0 ? -1 : std::max<std::int64_t>(0, x.end - 1 - x.durable);
  field late = no_field();
  if (behind == 0)
    late = {"0 ms", 0, tone::good, true};
  else if (x.lag_ms >= 0)
    late = {duration_ms(x.lag_ms), static_cast<double>(x.lag_ms) / 1000, tone::busy, true};
  return {text_field(x.topic),
          number_field(x.partition),
          text_field(node),
          x.durable < 0 ? no_field() : number_field(x.durable),
          x.read < 0 ? no_field() : number_field(x.read),
          x.end < 0 ? no_field() : number_field(x.end),
          behind < 0 ? no_field() : number_field(behind, behind == 0 ? tone::good : tone::busy),
          late,
          x.paused ? text_field("paused: no credit", tone::busy) : text_field("reads")};
}

/// Returns how long ago a second was, as the reporting node's clock has it.
field ago(std::int64_t at, std::int64_t now) {
  if (at == 0)
    return no_field();
  return {in_words(std::max<std::int64_t>(0, now - at)) + " ago", at, tone::plain, false};
}

} // namespace

listing show_sources(const reports& from) {
  listing out;
  out.columns = {"topic", "partition", "node", "position", "read", "end", "lag records", "lag", "state"};
  for (auto& x : from)
    if (x.answer)
      for (auto& p : x.answer->router.sources)
        out.rows.push_back(row_of(x.called(), p));
  std::sort(out.rows.begin(), out.rows.end(), [](auto& a, auto& b) {
    return std::tie(a[0].value, a[1].value) < std::tie(b[0].value, b[1].value);
  });
  if (out.rows.empty())
    out.before.push_back({"no node that answered reads a partition", tone::bad});
  out.after.push_back(
      {"position: all cells are durable up to here. end: the offset that the next record gets."});
  out.after.push_back(
      {"lag: age of the oldest change that is known to wait; without one, the position follows in 0.5 s."});
  name_silent(out, from);
  return out;
}

listing show_flushes(const reports& from) {
  listing out;
  out.columns = {"node", "flushes", "commands", "last flush", "wait", "state"};
  for (auto& x : from) {
    if (!x.answer)
      continue;
    auto& w = x.answer->writer;
    out.rows.push_back(
        {text_field(x.called()), number_field(w.flushes), number_field(w.commands),
         ago(w.last_flush, x.answer->now), field{duration_ms(w.interval_ms), w.interval_ms, {}, true},
         w.trouble.empty() ? text_field(w.busy ? "busy" : "idle", w.busy ? tone::plain : tone::good)
                           : text_field(w.trouble, tone::bad)});
  }
  out.after.push_back({"wait: for more changes before a flush; it grows to as long as the last flush took."});
  name_silent(out, from);
  return out;
}

listing show_credit(const reports& from) {
  listing out;
  out.columns = {"node", "waiting", "paused partitions", "batches sent again", "seeks"};
  for (auto& x : from) {
    if (!x.answer)
      continue;
    auto& r = x.answer->router;
    auto paused = std::count_if(r.sources.begin(), r.sources.end(), [](auto& p) { return p.paused; });
    out.rows.push_back({text_field(x.called()), field{size_text(r.waiting_bytes), r.waiting_bytes, {}, true},
                        number_field(paused, paused ? tone::busy : tone::plain),
                        number_field(static_cast<std::int64_t>(r.batches_sent_again)),
                        number_field(static_cast<std::int64_t>(r.seeks))});
  }
  out.after.push_back(
      {"waiting: batches that no cell has acknowledged. Without credit, a partition is paused."});
  name_silent(out, from);
  return out;
}

listing show_dead_letters(const reports& from) {
  listing out;
  out.columns = {"table", "open"};
  auto* leader = leader_of(from);
  if (!leader)
    out.before.push_back({"the leading node didn't answer: it counts the letters", tone::bad});
  else
    for (auto& [table, count] : leader->fill.surroundings.open_dead_letters)
      if (count > 0)
        out.rows.push_back({text_field(table), number_field(count, tone::bad)});
  if (leader && out.rows.empty())
    out.before.push_back({"no dead letter is open", tone::good});
  if (!out.rows.empty())
    out.after.push_back(
        {"`millrace dead-letters list` shows each one, `millrace dead-letters replay all` mends."});
  if (!leader)
    out.code = 1;
  name_silent(out, from);
  return out;
}

} // namespace millrace::shell
