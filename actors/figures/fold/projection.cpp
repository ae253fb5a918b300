#include "actors/figures/fold/projection.hpp"

#include "actors/figures/fold/fingerprint.hpp"
#include "actors/figures/fold/predicates.hpp"
#include "actors/figures/values/text.hpp"

#include <algorithm>

namespace millrace {

namespace {

/// Bytes reserved for a row's JSON, enough for most rows.
constexpr std::size_t json_room = 256;

/// Returns the output column's index in the primary key, if it is in the key.
std::optional<std::size_t> position_in_key(const plan_set& plans, const figure_plan& plan,
                                           const output_column& x) {
  auto& from = plans.routes.at(plan.child.value);
  auto& key = plans.tables.at(from.table.value).table.primary_key;
  auto at = std::find(key.begin(), key.end(), from.columns.at(x.index));
  return at == key.end() ? std::nullopt : std::optional<std::size_t>(at - key.begin());
}

} // namespace

projection::projection(const plan_set& plans, figure_id id)
    : plan_(&plans.figures.at(id.value)), id_(id), form_(id, *plan_) {
  for (auto& x : plan_->outputs)
    key_position_.push_back(position_in_key(plans, *plan_, x));
}

const value* projection::key_value(const row& key, std::uint16_t output) const {
  auto position = key_position_.at(output);
  return position ? &key.at(*position) : nullptr;
}

projection::place projection::place_of(const row& key, std::string_view prefix) const {
  place out{true, std::string(prefix), {}};
  auto values = [&](std::uint16_t output) { return key_value(key, output); };
  out.exists = append_name(out.key, plan_->place.key, plan_->outputs, values)
               && append_name(out.member, plan_->place.member, plan_->outputs, values);
  return out;
}

place_content projection::content(const row& x) const {
  if (plan_->place.what == target_kind::json) {
    std::string out;
    out.reserve(json_room);
    for (std::size_t i = 0; i < plan_->outputs.size(); ++i) {
      auto& output = plan_->outputs[i];
      out += form_.labels()[i];
      append_json(out, x.at(output.index), output.type, output.scale);
    }
    out += '}';
    place_content whole(1);
    whole[0] = std::move(out);
    return whole;
  }
  place_content out;
  for (auto i : form_.shown()) {
    auto& output = plan_->outputs[i];
    auto& shown = x.at(output.index);
    out.push_back(is_null(shown) ? std::nullopt : std::optional(to_text(shown, output.type, output.scale)));
  }
  if (plan_->place.what == target_kind::zset && out[0])
    out[0] = score_text(*out[0]);
  return out;
}

std::uint64_t projection::show(std::vector<store_write>& to, const row& key, const row* after,
                               std::uint64_t seen, std::string_view prefix, tick_seconds now) const {
  auto shown = after && all_hold(plan_->where, *after, now);
  if (!shown && seen == 0)
    return 0;
  auto at = place_of(key, prefix);
  if (!at.exists)
    return 0;
  auto fresh = shown ? content(*after) : place_content{};
  auto mark = shown ? fingerprint(fresh) : 0;
  if (mark != seen)
    form_.replace(to, std::move(at.key), std::move(at.member), shown ? &fresh : nullptr, seen != 0);
  return mark;
}

std::optional<std::string> projection::key_of(const row& key) const {
  auto at = place_of(key, {});
  return at.exists ? std::optional(std::move(at.key)) : std::nullopt;
}

std::optional<place_check> projection::check(const row& key, place_mark mark, tick_seconds now) const {
  auto at = place_of(key, {});
  if (!at.exists || (mark.fingerprint != 0 && may_have_expired(plan_->place, mark.written, now)))
    return std::nullopt;
  return place_check{id_, std::move(at.key), std::move(at.member), mark.fingerprint};
}

void projection::unstage(std::vector<store_write>& to, const row& key, std::string_view prefix) const {
  auto staged = place_of(key, prefix), real = place_of(key, {});
  if (real.exists)
    to.push_back(form_.make(write_kind::unstage, std::move(real.key), {std::move(staged.key)}));
}

} // namespace millrace
