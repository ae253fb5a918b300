/// Places that can collide: of two figures, or of a figure and Millrace. A key's template is a pattern of
/// literals and of placeholders, which stand for any text of their type.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>
#include <set>

namespace millrace {

namespace {

using postgres::column_type;
using bytes = std::bitset<256>;

/// One element of a pattern: one byte of a set, or any number of them.
struct element {
  bytes any_of;
  bool repeated = false;
};
using pattern = std::vector<element>;

void add_literal(pattern& to, const std::string& text) {
  for (unsigned char c : text)
    to.push_back({bytes().set(c), false});
}

bytes all_but(std::string_view excluded) {
  auto out = bytes().set();
  for (unsigned char c : excluded)
    out.reset(c);
  return out;
}

bytes only(std::string_view included) {
  bytes out;
  for (unsigned char c : included)
    out.set(c);
  return out;
}

/// Adds the texts that a value can print as. An encoded text has no colon.
void add_value(pattern& to, column_type type, bool encoded) {
  bytes any_of;
  switch (type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
    any_of = only("-0123456789");
    break;
  case column_type::numeric:
    any_of = only("-.0123456789NaInfity");
    break;
  case column_type::boolean:
    any_of = only("tf");
    break;
  case column_type::uuid:
    any_of = only("-0123456789abcdef");
    break;
  case column_type::text:
  case column_type::varchar:
  case column_type::enumeration:
    to.push_back({encoded ? all_but(":") : all_but(""), true});
    return;
  default:
    any_of = all_but("");
    break;
  }
  to.push_back({any_of, false}); // never empty
  to.push_back({any_of, true});
}

pattern pattern_of(const name_template& from, const figure_plan& plan) {
  pattern out;
  for (auto& piece : from.pieces) {
    if (piece.output)
      add_value(out, plan.outputs[*piece.output].type, from.encode);
    else
      add_literal(out, piece.literal);
  }
  return out;
}

/// Returns whether a text exists that matches both patterns. Walks both at once.
bool may_meet(const pattern& a, const pattern& b) {
  std::set<std::pair<std::size_t, std::size_t>> seen;
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, 0}};
  while (!open.empty()) {
    auto [i, j] = open.back();
    open.pop_back();
    if (!seen.emplace(i, j).second)
      continue;
    if (i == a.size() && j == b.size())
      return true;
    if (i < a.size() && a[i].repeated)
      open.emplace_back(i + 1, j);
    if (j < b.size() && b[j].repeated)
      open.emplace_back(i, j + 1);
    if (i < a.size() && j < b.size() && (a[i].any_of & b[j].any_of).any())
      open.emplace_back(a[i].repeated ? i : i + 1, b[j].repeated ? j : j + 1);
  }
  return false;
}

/// Returns Millrace's own keys, each with a description for the user.
std::vector<std::pair<std::string, pattern>> reserved() {
  std::vector<std::pair<std::string, pattern>> out;
  for (std::string prefix : {"millrace:", "cdc:", "alerts:", "batch_jobs:"}) {
    pattern x;
    add_literal(x, prefix);
    x.push_back({all_but(""), true});
    out.emplace_back(prefix + "...", std::move(x));
  }
  for (std::string op : {"created", "updated", "deleted"}) {
    pattern x;
    add_literal(x, "metrics:");
    x.push_back({all_but(""), true});
    add_literal(x, ":" + op);
    out.emplace_back("metrics:TABLE:" + op, std::move(x));
  }
  return out;
}

/// Returns the refusal of a key that only batch figures may have. Empty if it has none.
std::string reserved_for_batches(const figure_draft& x, const pattern& key) {
  pattern summaries;
  add_literal(summaries, "batch_summary:");
  summaries.push_back({all_but(""), true});
  return !x.line.is_batch() && may_meet(key, summaries)
             ? "its place may meet batch_summary:..., which is for batch figures"
             : "";
}

bool is_hash(const figure_plan& x) {
  return x.place.what == target_kind::hash || x.place.what == target_kind::hash_field;
}

/// Returns the hash fields that a figure writes, as patterns.
std::vector<pattern> fields_of(const figure_plan& x) {
  if (x.place.what == target_kind::hash_field)
    return {pattern_of(x.place.member, x)};
  std::vector<pattern> out;
  for (std::uint16_t i = 0; i < x.outputs.size(); ++i) {
    auto placed = std::any_of(x.place.key.pieces.begin(), x.place.key.pieces.end(),
                              [&](auto& piece) { return piece.output == i; });
    if (!placed)
      add_literal(out.emplace_back(), x.outputs[i].name);
  }
  return out;
}

/// Returns whether the templates have the same literals, and placeholders of the same form.
bool same_template(const figure_plan& a, const figure_plan& b) {
  auto& x = a.place.key.pieces;
  auto& y = b.place.key.pieces;
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [&](auto& p, auto& q) {
    if (p.output.has_value() != q.output.has_value())
      return false;
    if (!p.output)
      return p.literal == q.literal;
    auto s = a.outputs[*p.output].type, t = b.outputs[*q.output].type;
    return s == t || (is_integer(s) && is_integer(t)) || (is_text(s) && is_text(t));
  });
}

/// Returns why two figures' places conflict. Empty if they don't.
std::string conflict(const figure_plan& a, const figure_plan& b) {
  if (!may_meet(pattern_of(a.place.key, a), pattern_of(b.place.key, b)))
    return {};
  if (!is_hash(a) || !is_hash(b) || !same_template(a, b))
    return "it can write the same Redis key as the figure " + b.name;
  for (auto& x : fields_of(a))
    for (auto& y : fields_of(b))
      if (may_meet(x, y))
        return "it can write the same hash fields as the figure " + b.name;
  auto expires = [](const figure_plan& x) { return x.what != figure_kind::rolled_up; };
  if (a.place.ttl_seconds != b.place.ttl_seconds || (a.place.ttl_seconds > 0 && expires(a) != expires(b)))
    return "it has the key, but not the ttl, of the figure " + b.name;
  return {};
}

pattern pattern_of(const std::string& key) {
  pattern out;
  add_literal(out, key);
  return out;
}

/// Returns why the copy of a figure's newest place conflicts with another figure. Empty if it doesn't.
std::string conflict_of_copy(const figure_plan& a, const figure_plan& b) {
  auto& copy = a.place.newest;
  if (copy.empty())
    return {};
  auto together = same_template(a, b) && a.place.ttl_seconds == b.place.ttl_seconds;
  if (together && copy != b.place.newest)
    return "the figure " + b.name + " writes its keys too, without newest " + copy;
  if (copy == b.place.newest && !together)
    return "the copy of its newest place is that of the figure " + b.name + ", whose key or ttl is another";
  if (!together && may_meet(pattern_of(copy), pattern_of(b.place.key, b)))
    return "the copy of its newest place may meet a place of the figure " + b.name;
  return {};
}

/// Returns why a figure's stream conflicts with another figure's places. Empty if it doesn't.
std::string conflict_of_stream(const figure_plan& a, const figure_plan& b) {
  auto& stream = a.place.events;
  if (stream.empty())
    return {};
  if (may_meet(pattern_of(stream), pattern_of(b.place.key, b)) || stream == b.place.newest)
    return "its stream may be a place of the figure " + b.name;
  return {};
}

/// The same for drafts. A run replaces its keys as a whole, so a batch figure shares none.
std::string conflict(const figure_draft& a, const figure_draft& b) {
  if (!a.line.is_batch() && !b.line.is_batch())
    return conflict(a.plan, b.plan);
  return may_meet(pattern_of(a.plan.place.key, a.plan), pattern_of(b.plan.place.key, b.plan))
             ? "a batch figure shares no key, and its place may meet that of the figure " + b.plan.name
             : "";
}

std::string place_of(const figure_draft& x) { return x.file->place(x.text.target_at); }

refusal at_target(const figure_draft& x, int at, std::string message, std::string advice) {
  return x.file->at(x.text.target_at + static_cast<std::size_t>(at), std::move(message), std::move(advice));
}

/// Returns the refusal for the first collision of the figure.
std::optional<refusal> meets(const std::vector<figure_draft>& drafts, std::size_t number) {
  static const auto ours = reserved();
  auto& x = drafts[number];
  auto mine = pattern_of(x.plan.place.key, x.plan);
  for (auto& [shown, taken] : ours) {
    if (x.plan.place.alert)
      break; // its keys are Millrace's own
    if (!x.plan.place.newest.empty() && may_meet(pattern_of(x.plan.place.newest), taken))
      return at_target(x, x.line.newest.at,
                       "the copy of its newest place may meet Millrace's own keys " + shown,
                       "another prefix");
    if (!x.plan.place.events.empty() && may_meet(pattern_of(x.plan.place.events), taken))
      return at_target(x, x.line.events.at, "its stream can be Millrace's own keys " + shown,
                       "another prefix");
    if (may_meet(mine, taken))
      return at_target(x, x.line.key.at, "it can write Millrace's own keys " + shown, "another prefix");
  }
  if (auto why = conflict_of_stream(x.plan, x.plan); !why.empty())
    return at_target(x, x.line.events.at, why, "another key for the stream");
  if (auto why = reserved_for_batches(x, mine); !why.empty())
    return at_target(x, x.line.key.at, why, "another prefix, or every 60s");
  for (std::size_t i = 0; i < number; ++i) {
    auto& other = drafts[i];
    if (auto why = conflict_of_stream(x.plan, other.plan) + conflict_of_stream(other.plan, x.plan);
        !why.empty())
      return at_target(x, x.line.key.at, why + " (" + place_of(other) + ")", "another key for the stream");
    if (other.plan.name == x.plan.name)
      return at_target(x, x.line.name_at, "the name " + x.plan.name + " is taken by " + place_of(other),
                       "another name: name X");
    auto copied = conflict_of_copy(x.plan, other.plan) + conflict_of_copy(other.plan, x.plan);
    if (!copied.empty())
      return at_target(x, x.line.key.at, copied + " (" + place_of(other) + ")",
                       "another key; figures that share a newest need the same template and the same ttl");
    if (auto why = conflict(x, other); !why.empty())
      return at_target(
          x, x.line.key.at, why + " (" + place_of(other) + ")",
          "another key; two hash figures of one key need the same template, the same ttl and other fields");
  }
  return std::nullopt;
}

} // namespace

void refuse_collisions(const std::vector<figure_draft>& drafts, std::vector<refusal>& refused) {
  for (std::size_t i = 0; i < drafts.size(); ++i)
    if (auto x = meets(drafts, i))
      refused.push_back(std::move(*x));
}

} // namespace millrace
