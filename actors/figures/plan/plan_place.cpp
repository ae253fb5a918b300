/// Resolves the target line with the query's outputs: placeholders, fields, ttl.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace millrace {

namespace {

using postgres::column_type;
using kind = target_line::type;

std::string list(const std::vector<output_column>& outputs) {
  std::string out;
  for (auto& x : outputs)
    out += (out.empty() ? "" : ", ") + x.name;
  return out;
}

std::uint16_t output_of(const std::string& name, int at, const figure_plan& plan) {
  auto found =
      std::find_if(plan.outputs.begin(), plan.outputs.end(), [&](auto& x) { return x.name == name; });
  if (found == plan.outputs.end())
    refuse_target(at, "the query has no column " + name, "one of " + list(plan.outputs));
  return static_cast<std::uint16_t>(found - plan.outputs.begin());
}

/// Converts a template, and collects the outputs that it uses as placeholders.
name_template to_template(const target_template& from, const figure_plan& plan,
                          std::set<std::uint16_t>& used) {
  name_template out;
  for (auto& piece : from.pieces) {
    if (!piece.placeholder) {
      out.pieces.push_back({piece.text, std::nullopt});
      continue;
    }
    auto output = output_of(piece.text, piece.at, plan);
    if (plan.outputs[output].what == output_column::kind::aggregate)
      refuse_target(piece.at, "the placeholder {" + piece.text + "} is an aggregate", "a column of GROUP BY");
    used.insert(output);
    out.pieces.push_back({{}, output});
  }
  return out;
}

std::size_t placeholders(const name_template& x) {
  return static_cast<std::size_t>(
      std::count_if(x.pieces.begin(), x.pieces.end(), [](auto& piece) { return piece.output.has_value(); }));
}

/// Requires that the placeholders are the GROUP BY keys. Otherwise two groups would share a place.
void check_keys(const figure_draft& draft, const std::set<std::uint16_t>& used) {
  auto& plan = draft.plan;
  std::set<std::uint16_t> keys;
  for (auto output : used)
    keys.insert(plan.outputs[output].index);
  for (std::uint16_t i = 0; i < plan.keys.size(); ++i) {
    if (keys.count(i) > 0)
      continue;
    auto shown = std::find_if(plan.outputs.begin(), plan.outputs.end(),
                              [&](auto& x) { return x.what == output_column::kind::key && x.index == i; });
    if (shown == plan.outputs.end())
      refuse_target(draft.line.key.at, "a group column is neither in the SELECT list nor in the target",
                    "every GROUP BY column as a placeholder");
    refuse_target(draft.line.key.at, "the group column " + shown->name + " isn't in the target",
                  "{" + shown->name + "} in the key"
                      + (draft.line.what == kind::json ? "" : ", the field or the member"));
  }
}

/// Requires that a projection's placeholders are the primary key.
void check_primary_key(const figure_draft& draft, const std::set<std::uint16_t>& used) {
  auto& plan = draft.plan;
  auto& table = *draft.entity;
  auto alert = draft.line.what == kind::alert;
  if (!alert && draft.line.what != kind::json && draft.line.what != kind::hash)
    refuse_target(draft.line.at, "plain columns as anything but json or hash K",
                  "json or hash; or aggregates grouped by the primary key");
  std::set<std::uint16_t> there, wanted(table.primary_key.begin(), table.primary_key.end());
  for (auto output : used)
    there.insert(plan.outputs[output].index);
  if (there == wanted)
    return;
  std::string key;
  for (auto x : table.primary_key)
    key += alert ? (key.empty() ? "" : ", ") + table.columns[x].name : "{" + table.columns[x].name + "}";
  if (alert)
    refuse_target(draft.line.at,
                  "an alert without the primary key of " + sql_name(table) + " among its columns",
                  key + " in the SELECT list");
  refuse_target(draft.line.key.at, "the placeholders aren't the primary key of " + sql_name(table), key);
}

/// Returns the bytes that can continue a value of the type. A literal that begins with another byte marks
/// the value's end.
std::string_view continuations(column_type type) {
  switch (type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
    return "0123456789";
  case column_type::numeric:
    return "0123456789.";
  case column_type::date:
  case column_type::timestamptz:
    return " ";
  case column_type::timestamp:
  case column_type::time:
    return "0123456789. ";
  default:
    return "";
  }
}

/// Returns whether the literal can't be read as a part of the value before it. With two placeholders, a colon
/// in text is percent-encoded.
bool ends(column_type value, const std::string& literal) {
  if (is_text(value) || value == column_type::enumeration || value == column_type::bpchar)
    return literal.find(':') != literal.npos;
  return !literal.empty() && continuations(value).find(literal[0]) == std::string_view::npos;
}

/// Refuses a template in which two groups can have one name: 1 and 23, 12 and 3.
void check_separators(const name_template& x, const target_template& from, const figure_plan& plan) {
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < x.pieces.size(); ++i) {
    if (!x.pieces[i].output)
      continue;
    if (last
        && !ends(plan.outputs[*x.pieces[*last].output].type, i - *last == 2 ? x.pieces[i - 1].literal : ""))
      refuse_target(from.pieces[i].at,
                    "no text separates {" + from.pieces[*last].text + "} from {" + from.pieces[i].text
                        + "}: two groups can write the same place",
                    "a colon between them");
    last = i;
  }
}

std::vector<std::uint16_t> others(const figure_plan& plan, const std::set<std::uint16_t>& used) {
  std::vector<std::uint16_t> out;
  for (std::uint16_t i = 0; i < plan.outputs.size(); ++i)
    if (used.count(i) == 0)
      out.push_back(i);
  return out;
}

/// Returns whether a batch figure can show the type as a score. A run stores the nearest double.
bool is_any_number(column_type x) {
  return x == column_type::real || x == column_type::double_precision || x == column_type::numeric_unscaled;
}

void check_shown(figure_draft& draft, const std::set<std::uint16_t>& used) {
  auto& plan = draft.plan;
  auto& line = draft.line;
  auto rest = others(plan, used);
  auto single = line.what == kind::string || line.what == kind::hash_field || line.what == kind::zset;
  if (single && rest.size() != 1)
    refuse_target(line.at,
                  "this place shows one column, the query has " + std::to_string(rest.size())
                      + " beside the placeholders",
                  "exactly one other column; or hash K, which shows all of them as fields");
  if (line.what == kind::hash && rest.empty())
    refuse_target(line.at, "the hash has no fields", "a column beside the placeholders");
  plan.place.shown = single ? rest[0] : 0;
  if (line.what != kind::zset)
    return;
  auto score = output_of(line.score, line.score_at, plan);
  if (score != plan.place.shown)
    refuse_target(line.score_at, "a placeholder can't be the score",
                  "score " + plan.outputs[plan.place.shown].name);
  if (!is_number(plan.outputs[score].type) && !(line.is_batch() && is_any_number(plan.outputs[score].type)))
    refuse_target(line.score_at, "the score " + line.score + " isn't a number", "a count, sum or avg");
}

/// Returns whether the format determines a bucket's start: it needs the year and every unit down to its
/// smallest, without a gap.
bool tells_start(const std::string& format) {
  auto gap = false;
  for (auto part : {"YYYY", "MM", "DD", "HH24", "MI", "SS"}) {
    auto there = format.find(part) != format.npos;
    if (there && gap)
      return false;
    gap = gap || !there;
  }
  return format.find("YYYY") != format.npos;
}

bool is_time_key(const key_expression& x) {
  return x.what == key_expression::kind::date_trunc
         || (x.what == key_expression::kind::to_char && tells_start(x.argument));
}

void check_ttl(figure_draft& draft) {
  auto& plan = draft.plan;
  auto& line = draft.line;
  if (line.ttl_seconds == 0)
    return;
  if (plan.what == figure_kind::rolled_up) {
    for (std::uint16_t i = 0; i < plan.keys.size() && !plan.time_key; ++i)
      if (is_time_key(plan.keys[i]))
        plan.time_key = i;
    if (!plan.time_key)
      refuse_target(line.ttl_at,
                    "a rolled-up figure with a ttl needs a time key, which says when a place expires",
                    "a key to_char(column, 'YYYYMMDD_HH24MI') or date_trunc('hour', column)");
  } else if (line.what == kind::hash_field || line.what == kind::zset) {
    refuse_target(line.ttl_at, "one field or zset member can't have a ttl: Redis expires complete keys",
                  "hash K with the placeholders in the key");
  }
}

/// Returns whether the texts of the format sort as their times do: from the year down.
bool sorts_by_time(const std::string& format) {
  std::size_t last = 0;
  for (auto part : {"YYYY", "MM", "DD", "HH24", "MI", "SS"}) {
    auto at = format.find(part);
    if (at != format.npos && at < last)
      return false;
    last = at == format.npos ? last : at;
  }
  return tells_start(format);
}

bool has_order_of_time(const output_column& x, const figure_plan& plan) {
  if (x.type == column_type::date || x.type == column_type::timestamp || x.type == column_type::timestamptz)
    return true;
  return x.what == output_column::kind::key && plan.keys[x.index].what == key_expression::kind::to_char
         && sorts_by_time(plan.keys[x.index].argument);
}

/// The copy is of the place with the greatest key, which is found by the key's text.
void check_newest(figure_draft& draft) {
  auto& line = draft.line;
  auto& plan = draft.plan;
  if (line.newest.pieces.empty())
    return;
  plan.place.newest = line.newest.pieces[0].text;
  if (line.ttl_seconds > 0 && plan.what != figure_kind::rolled_up)
    refuse_target(line.newest.at,
                  "newest with a ttl after the last write: an older place can outlive the newest",
                  "no ttl; or a rolled-up figure, whose places close by their time");
  std::vector<std::uint16_t> in_key;
  for (auto& piece : plan.place.key.pieces)
    if (piece.output)
      in_key.push_back(*piece.output);
  if (line.what == kind::hash_field || line.what == kind::zset || in_key.size() != 1
      || !has_order_of_time(plan.outputs[in_key[0]], plan))
    refuse_target(
        line.newest.at, "newest without a key of time: nothing says which place is the newest",
        "one placeholder in the key, of a date, a timestamp, date_trunc, or to_char from YYYY down");
}

target_kind to_target_kind(kind x) {
  switch (x) {
  case kind::string:
    return target_kind::string;
  case kind::hash:
    return target_kind::hash;
  case kind::hash_field:
    return target_kind::hash_field;
  case kind::zset:
    return target_kind::zset;
  case kind::json:
    return target_kind::json;
  case kind::alert:
    return target_kind::alert;
  }
  return target_kind::string;
}

constexpr std::uint32_t seconds_after_resolved = 86'400;

/// Refuses columns that would hide what an event says of itself.
void check_event_columns(const figure_draft& draft) {
  auto& outputs = draft.plan.outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    auto& name = outputs[i].name;
    auto taken = name.starts_with("alert_");
    for (auto own : {"type", "severity", "subject", "at", "state"})
      taken = taken || name == own;
    if (taken)
      refuse_figure(draft.output_places.at(i),
                    "the column " + name + " of an alert: its events have one of that name",
                    "another name: " + name + " AS order_" + name);
  }
}

/// Names the subject by its key: the primary key, or the keys of GROUP BY.
void resolve_subject(figure_draft& draft) {
  auto& plan = draft.plan;
  auto& line = draft.line;
  if (plan.what == figure_kind::rolled_up)
    refuse_target(line.at, "an alert over groups that are spread over all cells",
                  "plain columns with the primary key, or a group key that is a primary or foreign key");
  auto& of_key = draft.scope[draft.child].table->primary_key;
  std::set<std::uint16_t> used;
  plan.place.what = target_kind::alert;
  plan.place.alert = alert_rule{line.severity, line.for_seconds, line.keep_seconds, line.at_first};
  plan.place.ttl_seconds = line.ttl_seconds == 0 ? seconds_after_resolved : line.ttl_seconds;
  plan.place.key.encode = true;
  plan.place.key.pieces.push_back({"alerts:" + line.name + ":", std::nullopt});
  for (std::uint16_t i = 0; i < plan.outputs.size(); ++i) {
    auto& x = plan.outputs[i];
    auto names = x.what == output_column::kind::key
                 || (x.what == output_column::kind::column
                     && std::find(of_key.begin(), of_key.end(), x.index) != of_key.end());
    if (!names || !used.insert(i).second)
      continue;
    if (used.size() > 1)
      plan.place.key.pieces.push_back({":", std::nullopt});
    plan.place.key.pieces.push_back({{}, i});
  }
  plan.what == figure_kind::projection ? check_primary_key(draft, used) : check_keys(draft, used);
  check_event_columns(draft);
}

/// Resolves everything but what a live figure's placeholders must be. Returns the placeholders' outputs.
std::set<std::uint16_t> resolve_templates(figure_draft& draft) {
  auto& plan = draft.plan;
  auto& line = draft.line;
  std::set<std::uint16_t> used;
  plan.place.what = to_target_kind(line.what);
  plan.place.ttl_seconds = line.ttl_seconds;
  plan.place.key = to_template(line.key, plan, used);
  plan.place.key.encode = true;
  plan.place.member = to_template(line.member, plan, used);
  plan.place.member.encode = placeholders(plan.place.member) > 1;
  if (line.key.pieces.empty() || line.key.pieces[0].placeholder)
    refuse_target(line.key.at, "a key needs a literal prefix; without one it can be any other key",
                  "prefix:" + line.key.written);
  check_separators(plan.place.key, line.key, plan);
  check_separators(plan.place.member, line.member, plan);
  return used;
}

/// Refuses placeholders whose values can have two forms, or any form.
void check_placeholder_types(const target_template& from, const figure_plan& plan) {
  for (auto& piece : from.pieces) {
    if (!piece.placeholder)
      continue;
    auto& output = plan.outputs[output_of(piece.text, piece.at, plan)];
    for (auto refused : {column_type::other, column_type::json, column_type::jsonb, column_type::bytea})
      if (output.type == refused)
        refuse_target(piece.at, "the type of {" + piece.text + "} isn't supported in a name",
                      "a cast to text: " + piece.text + "::text AS " + piece.text);
  }
}

} // namespace

void resolve_batch_place(figure_draft& draft) {
  auto& line = draft.line;
  auto used = resolve_templates(draft);
  check_placeholder_types(line.key, draft.plan);
  check_placeholder_types(line.member, draft.plan);
  check_shown(draft, used);
  if (!line.newest.pieces.empty())
    refuse_target(line.newest.at, "newest on a batch figure", "the figure without newest");
  if (!line.events.pieces.empty() || !line.notify.empty())
    refuse_target(line.events.pieces.empty() ? line.notify_at : line.events.at,
                  "events and notify on a batch figure",
                  "the figure without them; batch_jobs:last_success says when a run has ended");
  if (line.ttl_seconds > 0)
    refuse_target(line.ttl_at,
                  "ttl on a batch figure: each run replaces its places, and deletes those that "
                  "its result lacks",
                  "the figure without ttl");
}

void resolve_place(figure_draft& draft) {
  if (draft.line.what == kind::alert)
    return resolve_subject(draft);
  auto& plan = draft.plan;
  auto& line = draft.line;
  auto used = resolve_templates(draft);
  if (plan.what == figure_kind::projection)
    check_primary_key(draft, used);
  else
    check_keys(draft, used);
  check_shown(draft, used);
  check_ttl(draft);
  check_newest(draft);
  if (!line.events.pieces.empty()) {
    plan.place.events = line.events.pieces[0].text;
    plan.place.events_maxlen = line.events_maxlen;
  }
  plan.place.notify = line.notify;
}

} // namespace millrace
