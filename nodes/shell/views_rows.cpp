/// The commands `row`, `owner`, `alerts`, `actors` and `log-level`.

#include "nodes/shell/views.hpp"

#include "actors/inspector/troubles.hpp"

#include <algorithm>

namespace millrace::shell {

namespace {

using json = nlohmann::json;

/// Returns the node that serves a shard; empty: none that answered.
std::string server_of(std::uint16_t shard, const reports& from) {
  for (auto& x : from)
    if (x.answer) {
      auto& mine = x.answer->member.shards;
      if (std::find(mine.begin(), mine.end(), shard) != mine.end())
        return x.called();
    }
  return "";
}

/// Returns an answer that a node could give; null: none did.
const row_report* any_answer(const answers<row_report>& found) {
  for (auto& x : found)
    if (x.answer)
      return &*x.answer;
  return nullptr;
}

sentence ownership(const row_report& x, const std::string& key, const std::string& node) {
  auto where = x.table + " " + key + " is in shard " + std::to_string(x.shard);
  if (node.empty())
    return {where + ", which no node that answered serves", tone::bad};
  return {where + ", which " + node + " serves", tone::good};
}

/// Returns a stored row in a line: "cell orders, shard 9, node-2: id 17, status paid".
sentence in_a_line(const std::string& node, const row_copy_report& x) {
  auto out = "cell " + x.entity + ", shard " + std::to_string(x.shard) + ", " + node + ":";
  for (std::size_t i = 0; i < std::min(x.columns.size(), x.values.size()); ++i)
    out += (i ? ", " : " ") + x.columns[i] + " " + x.values[i];
  return {out + (x.columns.empty() ? " the key alone" : "")};
}

json in_json(const std::string& node, const row_copy_report& x) {
  auto columns = json::object();
  for (std::size_t i = 0; i < std::min(x.columns.size(), x.values.size()); ++i)
    columns[x.columns[i]] = x.values[i];
  return {{"node", node}, {"shard", x.shard}, {"entity", x.entity}, {"columns", columns}};
}

field value_of(const row_place_report& x) {
  if (!x.note.empty())
    return text_field(x.note, tone::bad);
  if (x.key.empty())
    return {"its places depend on other rows", nullptr, tone::faint, false};
  return x.exists ? text_field(x.value) : field{"no such place", nullptr, tone::faint, false};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (auto& x : words)
    out += (out.empty() ? "" : " ") + x;
  return out;
}

void add_copies(listing& out, const answers<row_report>& found) {
  out.more["copies"] = json::array();
  for (auto& x : found) {
    if (!x.answer)
      continue;
    for (auto& copy : x.answer->copies) {
      out.before.push_back(in_a_line(x.called(), copy));
      out.more["copies"].push_back(in_json(x.called(), copy));
      for (auto& place : copy.places)
        out.rows.push_back(
            {text_field(place.name), text_field(copy.entity + " " + std::to_string(copy.shard)),
             text_field(x.called()), text_field(place.key), text_field(place.member), value_of(place)});
    }
    if (!x.answer->note.empty())
      out.after.push_back({x.called() + ": " + x.answer->note, tone::bad});
  }
}

tone tone_of_alert(const alert_report& x) {
  return x.state != "firing" ? tone::busy : x.severity == "info" ? tone::plain : tone::bad;
}

std::string columns_of(const alert_report& x) {
  std::string out;
  for (std::size_t i = 0; i + 1 < x.columns.size(); i += 2)
    out += (out.empty() ? "" : " ") + x.columns[i] + "=" + x.columns[i + 1];
  return out;
}

} // namespace

listing show_row(const reports& from, const answers<row_report>& found, const std::vector<std::string>& key,
                 bool owner_only) {
  listing out;
  auto* any = any_answer(found);
  if (any && !any->trouble.empty()) {
    out.before.push_back({any->trouble, tone::bad});
    out.code = 2;
    return out;
  }
  if (any) {
    auto node = server_of(any->shard, from);
    out.before.push_back(ownership(*any, joined(key), node));
    out.more = {{"table", any->table}, {"shard", any->shard}, {"node", node.empty() ? json() : json(node)}};
  }
  if (!owner_only) {
    out.columns = {"figure", "cell", "node", "key", "member", "value"};
    add_copies(out, found);
    if (any && out.more["copies"].empty())
      out.before.push_back({"no cell that answered has this row", tone::busy});
  }
  name_silent(out, found);
  return out;
}

listing show_alerts(const reports& from, const answers<std::vector<alert_report>>& found) {
  listing out;
  out.columns = {"alert", "subject", "state", "severity", "for", "columns"};
  std::int64_t now = 0;
  for (auto& x : from)
    now = std::max(now, x.answer ? x.answer->now : 0);
  auto first = std::find_if(found.begin(), found.end(), [](auto& x) { return x.answer.has_value(); });
  if (first != found.end())
    for (auto& x : *first->answer) {
      auto age = std::max<std::int64_t>(0, now - x.since);
      out.rows.push_back({text_field(x.alert), text_field(x.subject), text_field(x.state, tone_of_alert(x)),
                          text_field(x.severity), field{in_words(age), age, tone::plain, true},
                          text_field(columns_of(x))});
    }
  if (first != found.end() && out.rows.empty())
    out.before.push_back({"no subject is pending, firing or recovering", tone::good});
  name_silent(out, found);
  return out;
}

listing show_actors(const reports& from) {
  listing out;
  out.columns = {"node", "kind", "actors", "silent", "slowest answer"};
  for (auto& x : from) {
    if (!x.answer)
      continue;
    for (auto& one : x.answer->actors) {
      auto silent = static_cast<std::int64_t>(one.silent);
      out.rows.push_back(
          {text_field(x.called()), text_field(one.kind), number_field(static_cast<std::int64_t>(one.count)),
           number_field(silent, silent ? tone::bad : tone::plain),
           one.answered_us < 0
               ? no_field()
               : field{number_field(one.answered_us).text + " us", one.answered_us, {}, true}});
    }
  }
  out.after.push_back({"slowest answer: what an actor was busy with when it was asked for its state."});
  name_silent(out, from);
  return out;
}

listing show_log_levels(const answers<std::string>& found) {
  listing out;
  out.columns = {"node", "log level"};
  for (auto& x : found)
    if (x.answer)
      out.rows.push_back({text_field(x.called()), text_field(*x.answer)});
  name_silent(out, found);
  return out;
}

} // namespace millrace::shell
