/// Resolves conditions of WHERE, FILTER and ON. Each is over one table, and exact.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using kind = expression::kind;
using postgres::column_type;

bool is_column(const expression& x) { return x.what == kind::column; }

/// Requires one printed form for equality, and an exact order for comparisons.
void check_comparable(const found_column& x, comparison cmp) {
  check_usable(x);
  check_key_type(x, "compared");
  auto equality = cmp == comparison::eq || cmp == comparison::ne;
  if (!equality && !is_ordered(x.it().type) && x.it().type != column_type::boolean)
    refuse_figure(x.at, "< and > on the column " + x.it().name + " of type " + x.it().type_name,
                  std::string("=, IN or LIKE 'prefix%'; the order of text depends on its collation ")
                      + batch_later);
}

predicate compare_columns(const expression& from, const std::vector<scope_table>& scope) {
  predicate out;
  out.what = predicate::kind::compare_column;
  out.cmp = to_comparison(from.text, false);
  auto a = find_column(from.args[0], scope), b = find_column(from.args[1], scope);
  if (a.of != b.of)
    refuse_figure(from.at, "columns of two tables can't be compared",
                  std::string("a comparison within one table, or with a constant ") + batch_later);
  check_comparable(a, out.cmp);
  check_comparable(b, out.cmp);
  if (!same_form(a.it(), b.it()) && !(is_number(a.it().type) && is_number(b.it().type)))
    refuse_figure(from.at, "a comparison of " + a.it().type_name + " with " + b.it().type_name,
                  "columns of the same type");
  out.column = a.use();
  out.other = b.use();
  return out;
}

predicate compare(const expression& from, const std::vector<scope_table>& scope, const figure_context& with) {
  auto left = is_column(from.args[0]), right = is_column(from.args[1]);
  if (left && right)
    return compare_columns(from, scope);
  if (!left && !right)
    refuse_figure(from.at, "the comparison has no plain column",
                  std::string("column = constant; a condition over an aggregate stands in HAVING ")
                      + batch_later);
  predicate out;
  out.what = predicate::kind::compare_constant;
  out.cmp = to_comparison(from.text, right);
  auto x = find_column(from.args[left ? 0 : 1], scope);
  check_comparable(x, out.cmp);
  out.column = x.use();
  out.constants.push_back(to_constant(from.args[left ? 1 : 0], x.it(), with));
  return out;
}

/// Resolves column IN (...) and column BETWEEN a AND b.
predicate with_constants(const expression& from, const std::vector<scope_table>& scope,
                         const figure_context& with) {
  predicate out;
  auto in = from.what == kind::in;
  out.what = in ? predicate::kind::in : predicate::kind::between;
  auto x = find_column(from.args[0], scope);
  check_comparable(x, in ? comparison::eq : comparison::le);
  out.column = x.use();
  for (std::size_t i = 1; i < from.args.size(); ++i)
    out.constants.push_back(to_constant(from.args[i], x.it(), with));
  return out;
}

predicate like(const expression& from, const std::vector<scope_table>& scope) {
  auto x = find_column(from.args[0], scope);
  check_usable(x);
  if (!is_text(x.it().type) || !x.it().deterministic)
    refuse_figure(from.at, "LIKE on the column " + x.it().name + " of type " + x.it().type_name,
                  "a text column");
  auto& pattern = from.args[1];
  if (pattern.what != kind::constant || pattern.literal != expression::literal_kind::text)
    refuse_figure(from.at, "LIKE takes a constant only", "LIKE 'prefix%'");
  auto first = pattern.text.find_first_of("%_\\");
  if (pattern.text.empty() || first != pattern.text.size() - 1 || pattern.text.back() != '%')
    refuse_figure(pattern.at, "LIKE '" + pattern.text + "' isn't supported: only prefixes are",
                  std::string("LIKE 'prefix%', without other % _ or \\ ") + batch_later);
  predicate out;
  out.what = predicate::kind::like_prefix;
  out.column = x.use();
  out.constants.push_back({pattern.text.substr(0, first), 0});
  return out;
}

predicate null_test(const expression& from, const std::vector<scope_table>& scope) {
  auto x = find_column(from.args[0], scope);
  check_usable(x);
  predicate out;
  out.what = from.what == kind::is_null ? predicate::kind::is_null : predicate::kind::is_not_null;
  out.column = x.use();
  return out;
}

side side_of_terms(const predicate& x) { return x.terms.empty() ? x.column.from : side_of_terms(x.terms[0]); }

predicate with_terms(const expression& from, const std::vector<scope_table>& scope,
                     const figure_context& with) {
  predicate out;
  out.what = from.what == kind::negation      ? predicate::kind::negation
             : from.what == kind::conjunction ? predicate::kind::conjunction
                                              : predicate::kind::disjunction;
  for (auto& x : from.args)
    out.terms.push_back(to_predicate(x, scope, with));
  auto clock = std::find_if(from.args.begin(), from.args.end(), has_clock);
  if (out.what != predicate::kind::conjunction && clock != from.args.end())
    refuse_figure(clock->at, "now() under OR or NOT: nothing tells when such a row leaves",
                  std::string("conditions with now() joined by AND, the others as they are; or two figures ")
                      + batch_later);
  for (auto& x : out.terms)
    if (side_of_terms(x) != side_of_terms(out.terms[0]))
      refuse_figure(from.at, "a condition under OR or NOT over columns of two tables",
                    std::string("conditions of one table each, joined by AND; or two figures ")
                        + batch_later);
  return out;
}

} // namespace

comparison to_comparison(const std::string& text, bool flipped) {
  if (text == "=")
    return comparison::eq;
  if (text == "<>")
    return comparison::ne;
  auto less = text[0] == '<', equal = text.size() == 2;
  if (less != flipped)
    return equal ? comparison::le : comparison::lt;
  return equal ? comparison::ge : comparison::gt;
}

predicate to_predicate(const expression& from, const std::vector<scope_table>& scope,
                       const figure_context& with) {
  if ((from.what == kind::compare || from.what == kind::between) && has_clock(from))
    return to_window(from, scope, with);
  switch (from.what) {
  case kind::compare:
    return compare(from, scope, with);
  case kind::in:
  case kind::between:
    return with_constants(from, scope, with);
  case kind::like:
    return like(from, scope);
  case kind::is_null:
  case kind::is_not_null:
    return null_test(from, scope);
  case kind::negation:
  case kind::conjunction:
  case kind::disjunction:
    return with_terms(from, scope, with);
  case kind::column: {
    auto x = find_column(from, scope);
    check_usable(x);
    if (x.it().type != column_type::boolean)
      refuse_figure(from.at,
                    "the column " + x.it().name + " of type " + x.it().type_name + " isn't a condition",
                    "a comparison");
    predicate out;
    out.what = predicate::kind::is_true;
    out.column = x.use();
    return out;
  }
  default:
    refuse_figure(from.at, "this condition",
                  std::string("column = constant, IN, BETWEEN, IS NULL, LIKE 'prefix%', NOT, OR ")
                      + batch_later);
  }
}

} // namespace millrace
