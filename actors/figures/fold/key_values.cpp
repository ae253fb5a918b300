#include "actors/figures/fold/key_values.hpp"

#include "actors/figures/values/calendar.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace {

using kind = key_expression::kind;

namespace {

std::int64_t scaled_to(std::int64_t x, int from, int to) {
  for (; from < to; ++from)
    x *= 10;
  for (; from > to; --from)
    x /= 10;
  return x;
}

/// Rescales the constant of coalesce to the column's scale.
value in_column(const constant& x, const column_use& column) {
  if (auto number = std::get_if<std::int64_t>(&x.content))
    return scaled_to(*number, x.scale, column.scale);
  return x.content;
}

} // namespace

key_reader::key_reader(const key_expression& of) : key_(of) {
  if (of.what == kind::date_trunc) {
    unit_ = unit_from_name(of.argument);
    if (!unit_)
      throw std::invalid_argument("date_trunc has no unit " + of.argument);
  } else if (of.what == kind::to_char) {
    pattern_.emplace(of.argument);
  } else if (of.what == kind::coalesce) {
    key_.fallback.content = in_column(of.fallback, of.column);
  }
}

value key_reader::read(const row& from) const {
  auto& x = from.at(key_.column.column);
  if (key_.what == kind::coalesce)
    return is_null(x) ? key_.fallback.content : x;
  if (key_.what == kind::column || is_null(x))
    return x;
  if (unit_)
    return truncated(std::get<std::int64_t>(x), *unit_);
  auto text = pattern_->print(std::get<std::int64_t>(x));
  return text ? value{std::move(*text)} : value{};
}

std::optional<std::int64_t> key_reader::start_of(const value& x) const {
  std::optional<std::int64_t> start;
  if (auto text = std::get_if<std::string>(&x); text && pattern_)
    start = pattern_->start_of(*text);
  else if (auto number = std::get_if<std::int64_t>(&x))
    start = *number;
  if (!start || *start == plus_infinity)
    return std::nullopt;
  if (*start == minus_infinity)
    return 0;
  return -floor_div(-*start, microseconds_per_second);
}

key_values::key_values(const figure_plan& plan) : plan_(&plan), placeholder_(plan.keys.size()) {
  for (auto& key : plan.keys)
    readers_.emplace_back(key);
  for (auto by : {&plan.place.key, &plan.place.member})
    for (auto& piece : by->pieces)
      if (piece.output && plan.outputs.at(*piece.output).what == output_column::kind::key)
        placeholder_.at(plan.outputs[*piece.output].index) = true;
}

void key_values::read(row& into, const row& from, side of) const {
  into.resize(readers_.size());
  for (std::size_t i = 0; i < readers_.size(); ++i)
    if (readers_[i].from() == of)
      into[i] = readers_[i].read(from);
}

void key_values::copy(row& into, const row& from, side of) const {
  into.resize(readers_.size());
  for (std::size_t i = 0; i < readers_.size(); ++i)
    if (readers_[i].from() == of)
      into[i] = from[i];
}

bool key_values::has_place(const row& keys) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (placeholder_[i] && is_null(keys[i]))
      return false;
  return true;
}

std::string key_values::name(const name_template& by, const row& keys) const {
  std::string out;
  append_name(out, by, plan_->outputs, [&](std::uint16_t i) { return &keys.at(plan_->outputs[i].index); });
  return out;
}

std::string key_values::key_of(const row& keys) const { return name(plan_->place.key, keys); }

std::string key_values::member_of(const row& keys) const { return name(plan_->place.member, keys); }

std::int64_t key_values::closes_at(const row& keys) const {
  if (!plan_->time_key || plan_->place.ttl_seconds == 0)
    return 0;
  auto start = readers_.at(*plan_->time_key).start_of(keys.at(*plan_->time_key));
  if (!start)
    return 0;
  // 0 means never, and such a bucket before 1970 closed long ago.
  return std::max<std::int64_t>(1, *start + plan_->place.ttl_seconds);
}

} // namespace millrace
