#include "actors/figures/fold/predicates.hpp"

#include "actors/figures/fold/windows.hpp"
#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/numeric.hpp"

#include <algorithm>

namespace millrace {

using postgres::column_type;

namespace {

truth of(bool x) { return x ? truth::yes : truth::no; }

truth negated(truth x) { return static_cast<truth>(2 - static_cast<int>(x)); }

/// Returns a date's midnight as a timestamp. The infinities are unchanged.
std::int64_t midnight(std::int64_t days) {
  return days == plus_infinity || days == minus_infinity ? days : days * microseconds_per_day;
}

std::strong_ordering compare_integers(std::int64_t a, const column_use& as, std::int64_t b,
                                      const column_use& bs) {
  if (as.type != bs.type && as.type == column_type::date)
    return midnight(a) <=> b;
  if (as.type != bs.type && bs.type == column_type::date)
    return a <=> midnight(b);
  if (as.scale == bs.scale)
    return a <=> b;
  return compare(wide_decimal{wide(a), as.scale}, wide_decimal{wide(b), bs.scale});
}

truth compare_constant(const predicate& p, const value& x, const constant& to, comparison cmp) {
  if (is_null(x) || is_null(to.content))
    return truth::unknown;
  auto as = column_use{p.column.from, 0, p.column.type, to.scale};
  return of(satisfies(compare_values(x, p.column, to.content, as), cmp));
}

truth compare_column(const predicate& p, const value& x, const value& y) {
  if (is_null(x) || is_null(y))
    return truth::unknown;
  return of(satisfies(compare_values(x, p.column, y, p.other), p.cmp));
}

truth among(const predicate& p, const value& x) {
  auto out = truth::no;
  for (auto& c : p.constants)
    out = std::max(out, compare_constant(p, x, c, comparison::eq));
  return out;
}

truth between(const predicate& p, const value& x) {
  return std::min(compare_constant(p, x, p.constants.at(0), comparison::ge),
                  compare_constant(p, x, p.constants.at(1), comparison::le));
}

truth is_true(const value& x) { return is_null(x) ? truth::unknown : of(std::get<std::int64_t>(x) != 0); }

truth begins_with(const value& x, const value& prefix) {
  if (is_null(x) || is_null(prefix))
    return truth::unknown;
  return of(std::get<std::string>(x).starts_with(std::get<std::string>(prefix)));
}

truth least(const std::vector<predicate>& terms, const row& x, tick_seconds now) {
  auto out = truth::yes;
  for (auto& term : terms)
    out = std::min(out, evaluate(term, x, now));
  return out;
}

truth in_window(const predicate& p, const row& x, tick_seconds now) {
  auto turn = turn_of(p, x);
  return turn ? of((now < *turn) == is_left_at_turn(p)) : truth::unknown;
}

truth greatest(const std::vector<predicate>& terms, const row& x, tick_seconds now) {
  auto out = truth::no;
  for (auto& term : terms)
    out = std::max(out, evaluate(term, x, now));
  return out;
}

} // namespace

std::strong_ordering compare_values(const value& a, const column_use& as, const value& b,
                                    const column_use& bs) {
  if (auto x = std::get_if<std::int64_t>(&a))
    if (auto y = std::get_if<std::int64_t>(&b))
      return compare_integers(*x, as, *y, bs);
  auto x_is_nan = std::holds_alternative<not_a_number>(a), y_is_nan = std::holds_alternative<not_a_number>(b);
  if (x_is_nan || y_is_nan)
    return x_is_nan <=> y_is_nan;
  return std::get<std::string>(a) <=> std::get<std::string>(b);
}

bool satisfies(std::strong_ordering order, comparison cmp) {
  switch (cmp) {
  case comparison::eq:
    return order == 0;
  case comparison::ne:
    return order != 0;
  case comparison::lt:
    return order < 0;
  case comparison::le:
    return order <= 0;
  case comparison::gt:
    return order > 0;
  case comparison::ge:
    return order >= 0;
  }
  return false;
}

truth evaluate(const predicate& p, const row& x, tick_seconds now) {
  using kind = predicate::kind;
  switch (p.what) {
  case kind::compare_constant:
    return compare_constant(p, x.at(p.column.column), p.constants.at(0), p.cmp);
  case kind::compare_column:
    return compare_column(p, x.at(p.column.column), x.at(p.other.column));
  case kind::in:
    return among(p, x.at(p.column.column));
  case kind::between:
    return between(p, x.at(p.column.column));
  case kind::is_null:
    return of(is_null(x.at(p.column.column)));
  case kind::is_not_null:
    return of(!is_null(x.at(p.column.column)));
  case kind::is_true:
    return is_true(x.at(p.column.column));
  case kind::like_prefix:
    return begins_with(x.at(p.column.column), p.constants.at(0).content);
  case kind::negation:
    return negated(evaluate(p.terms.at(0), x, now));
  case kind::disjunction:
    return greatest(p.terms, x, now);
  case kind::conjunction:
    return least(p.terms, x, now);
  case kind::window:
    return in_window(p, x, now);
  }
  return truth::unknown;
}

bool all_hold(const std::vector<predicate>& conditions, const row& x, tick_seconds now) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](auto& condition) { return evaluate(condition, x, now) == truth::yes; });
}

side side_of(const predicate& p) { return p.terms.empty() ? p.column.from : side_of(p.terms.front()); }

} // namespace millrace
