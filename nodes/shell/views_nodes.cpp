/// The commands `help`, `nodes` and `shards`.

#include "nodes/shell/views.hpp"

#include "messages/visible.hpp"

#include <algorithm>
#include <map>

namespace millrace::shell {

namespace {

/// Returns the state of a node that answered.
field state_of(const node_report& x) {
  if (!x.member.trouble.empty())
    return text_field(x.member.trouble, tone::bad);
  if (!x.silent.empty())
    return text_field("parts don't answer: " + x.silent.front().who, tone::bad);
  if (!x.writer.trouble.empty())
    return text_field("Redis takes no results", tone::bad);
  return x.fill.live ? text_field("live", tone::good) : text_field("filling", tone::busy);
}

std::vector<field> row_of(const told<node_report>& x) {
  if (!x.answer)
    return {text_field(x.called()),
            text_field(x.address),
            text_field("no answer", tone::bad),
            no_field(),
            no_field(),
            no_field(),
            no_field(),
            no_field(),
            no_field()};
  auto& r = *x.answer;
  field lag{duration_ms(r.router.lag_ms), r.router.lag_ms, tone::plain, true};
  return {text_field(x.called()),
          text_field(x.address),
          state_of(r),
          text_field(r.fill.leads ? "leader" : ""),
          number_field(static_cast<std::int64_t>(r.member.shards.size())),
          number_field(static_cast<std::int64_t>(r.router.sources.size())),
          number_field(static_cast<std::int64_t>(r.rows)),
          number_field(r.events_per_second),
          lag};
}

const char* word(strength x) { return x == strength::harmless ? "harmless" : "mild"; }

} // namespace

listing show_help(const std::string& command) {
  listing out;
  out.columns = {"command", "kind", "what it does"};
  for (auto& x : commands())
    if (command.empty() || x.name == command)
      out.rows.push_back({text_field(x.name + (x.arguments.empty() ? "" : " " + x.arguments)),
                          text_field(word(x.is), x.is == strength::harmless ? tone::good : tone::busy),
                          text_field(x.does)});
  if (out.rows.empty()) {
    out.before.push_back(
        {"there is no command " + visible(command) + "; `help` lists all commands", tone::bad});
    out.code = 2;
  } else if (command.empty()) {
    out.after.push_back({"A harmless command only shows something. A mild one changes how a node works."});
  }
  return out;
}

listing show_nodes(const reports& from) {
  listing out;
  out.columns = {"node", "address", "state", "role", "shards", "partitions", "rows", "records/s", "lag"};
  for (auto& x : from)
    out.rows.push_back(row_of(x));
  name_silent(out, from);
  return out;
}

listing show_shards(const reports& from) {
  listing out;
  out.columns = {"node", "shards", "which"};
  std::map<std::uint16_t, std::vector<std::string>> owners;
  std::uint16_t all = 0;
  for (auto& x : from) {
    if (!x.answer)
      continue;
    auto& mine = x.answer->member.shards;
    all = std::max(all, x.answer->shards);
    for (auto shard : mine)
      owners[shard].push_back(x.called());
    auto which = text_field(ranges(mine));
    which.value = mine;
    out.rows.push_back({text_field(x.called()), number_field(static_cast<std::int64_t>(mine.size())), which});
  }
  std::vector<std::uint16_t> none;
  for (std::uint16_t shard = 0; shard < all; ++shard)
    if (!owners.count(shard))
      none.push_back(shard);
  if (!none.empty())
    out.after.push_back({"no node that answered serves the shards " + ranges(none), tone::bad});
  for (auto& [shard, nodes] : owners)
    if (nodes.size() > 1)
      out.after.push_back(
          {"the shard " + std::to_string(shard) + " moves between " + nodes[0] + " and " + nodes[1],
           tone::busy});
  name_silent(out, from);
  return out;
}

const node_report* leader_of(const reports& from) {
  for (auto& x : from)
    if (x.answer && x.answer->fill.leads)
      return &*x.answer;
  return nullptr;
}

std::string ranges(std::vector<std::uint16_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    auto end = i;
    while (end + 1 < numbers.size() && numbers[end + 1] == numbers[end] + 1)
      ++end;
    out += (out.empty() ? "" : ", ") + std::to_string(numbers[i])
           + (end > i ? "-" + std::to_string(numbers[end]) : "");
    i = end + 1;
  }
  return out;
}

} // namespace millrace::shell
