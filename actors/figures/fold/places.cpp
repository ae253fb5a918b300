#include "actors/figures/fold/places.hpp"

#include "actors/figures/values/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace millrace {

using postgres::column_type;

namespace {

bool is_placeholder(const name_template& by, std::uint16_t output) {
  return std::any_of(by.pieces.begin(), by.pieces.end(), [&](auto& x) { return x.output == output; });
}

std::vector<std::uint16_t> outputs_shown(const figure_plan& plan) {
  std::vector<std::uint16_t> out;
  auto& to = plan.place;
  if (to.what == target_kind::hash || to.what == target_kind::alert) {
    for (std::uint16_t i = 0; i < plan.outputs.size(); ++i)
      if (to.what == target_kind::alert || !is_placeholder(to.key, i))
        out.push_back(i);
  } else if (to.what != target_kind::json) {
    out.push_back(to.shown);
  }
  return out;
}

std::vector<std::string> labels_of(const figure_plan& plan, const std::vector<std::uint16_t>& shown) {
  std::vector<std::string> out;
  if (plan.place.what != target_kind::json) {
    for (auto i : shown)
      out.push_back(plan.outputs[i].name);
    return out;
  }
  for (auto& x : plan.outputs) {
    out.emplace_back(out.empty() ? "{" : ",");
    append_json_string(out.back(), x.name);
    out.back() += ':';
  }
  return out;
}

} // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (auto c : text) {
    if (c == ':')
      out += "%3A";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
  return out;
}

bool is_free_text(column_type type) {
  return type == column_type::text || type == column_type::varchar || type == column_type::bpchar
         || type == column_type::enumeration;
}

bool append_name(std::string& out, const name_template& by, const std::vector<output_column>& outputs,
                 const output_values& values) {
  for (auto& piece : by.pieces) {
    if (!piece.output) {
      out += piece.literal;
      continue;
    }
    auto& column = outputs.at(*piece.output);
    auto x = values(*piece.output);
    if (!x || is_null(*x))
      return false;
    if (by.encode && is_free_text(column.type))
      out += percent_encoded(to_text(*x, column.type, column.scale));
    else
      append_text(out, *x, column.type, column.scale);
  }
  return true;
}

std::optional<std::string> score_text(std::string_view decimal) {
  double x = 0;
  auto [end, error] = std::from_chars(decimal.data(), decimal.data() + decimal.size(), x);
  if (error != std::errc{} || std::isnan(x))
    return std::nullopt;
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), "%.17g", x);
  return buffer;
}

place_form::place_form(figure_id figure, const figure_plan& plan)
    : figure_(figure), what_(plan.place.what), ttl_seconds_(plan.place.ttl_seconds),
      shown_(outputs_shown(plan)), labels_(labels_of(plan, shown_)) {}

store_write place_form::make(write_kind kind, std::string key, std::vector<std::string> args) const {
  auto sets = kind == write_kind::set || kind == write_kind::hset || kind == write_kind::zadd
              || kind == write_kind::unstage;
  return {figure_, kind, std::move(key), std::move(args), sets ? ttl_seconds_ : 0};
}

void place_form::write_single(std::vector<store_write>& out, std::string key, std::string member,
                              std::optional<std::string> text) const {
  auto write = [&](write_kind kind, auto... args) {
    std::vector<std::string> all;
    all.reserve(sizeof...(args));
    (all.push_back(std::move(*args)), ...);
    out.push_back(make(kind, std::move(key), std::move(all)));
  };
  switch (what_) {
  case target_kind::hash_field:
    text ? write(write_kind::hset, &member, &*text) : write(write_kind::hdel, &member);
    break;
  case target_kind::zset:
    text ? write(write_kind::zadd, &*text, &member) : write(write_kind::zrem, &member);
    break;
  default:
    text ? write(write_kind::set, &*text) : write(write_kind::del);
    break;
  }
}

void place_form::write_fields(std::vector<store_write>& out, std::string key, std::vector<std::string> sets,
                              std::vector<std::string> removes) const {
  if (!removes.empty())
    out.push_back(make(write_kind::hdel, key, std::move(removes)));
  if (!sets.empty())
    out.push_back(make(write_kind::hset, std::move(key), std::move(sets)));
}

void place_form::write_subject(std::vector<store_write>& out, std::string key,
                               const place_content* after) const {
  std::vector<std::string> columns;
  for (std::size_t i = 0; after && i < labels_.size(); ++i)
    if (auto& text = (*after)[i])
      columns.insert(columns.end(), {labels_[i], *text});
  out.push_back(make(after ? write_kind::set : write_kind::del, std::move(key), std::move(columns)));
}

void place_form::change(std::vector<store_write>& out, const std::string& key, const std::string& member,
                        const place_content* before, const place_content* after) const {
  static const std::optional<std::string> absent;
  auto at = [](const place_content* x, std::size_t i) -> auto& { return x ? (*x)[i] : absent; };
  auto size = before ? before->size() : after ? after->size() : 0;
  auto differs = [&](std::size_t i) { return at(before, i) != at(after, i); };
  if (what_ == target_kind::alert) {
    auto same = !before == !after && (!before || *before == *after);
    return same ? void() : write_subject(out, key, after);
  }
  if (what_ != target_kind::hash) {
    if (size > 0 && differs(0))
      write_single(out, key, member, at(after, 0));
    return;
  }
  std::vector<std::string> sets, removes;
  auto any = false;
  for (std::size_t i = 0; i < size; ++i)
    any = any || differs(i);
  for (std::size_t i = 0; any && i < size; ++i) {
    auto& text = at(after, i);
    if (text && (ttl_seconds_ > 0 || differs(i))) // writes an expired place completely
      sets.insert(sets.end(), {labels_[i], *text});
    else if (!text && at(before, i))
      removes.push_back(labels_[i]);
  }
  write_fields(out, key, std::move(sets), std::move(removes));
}

void place_form::replace(std::vector<store_write>& out, std::string key, std::string member,
                         place_content* after, bool clean) const {
  if (what_ == target_kind::alert)
    return write_subject(out, std::move(key), after);
  if (what_ != target_kind::hash)
    return write_single(out, std::move(key), std::move(member),
                        after ? std::move(after->front()) : std::nullopt);
  std::vector<std::string> sets, removes;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (after && (*after)[i]) {
      sets.push_back(labels_[i]);
      sets.push_back(std::move(*(*after)[i]));
    } else if (clean) {
      removes.push_back(labels_[i]);
    }
  }
  write_fields(out, std::move(key), std::move(sets), std::move(removes));
}

} // namespace millrace
