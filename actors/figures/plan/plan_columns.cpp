/// Group keys and aggregates.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace millrace {

namespace {

using kind = expression::kind;
using postgres::column_type;

constexpr std::array<std::string_view, 5> aggregate_names{"count", "sum", "avg", "min", "max"};

found_column key_column(const expression& from, const std::vector<scope_table>& scope) {
  auto x = find_column(from, scope);
  check_usable(x);
  check_key_type(x, "a group key");
  return x;
}

/// Returns the key of date_trunc or to_char: a timestamp column and a constant text.
key_expression bucket(const expression& from, const expression& of, const expression& argument,
                      const std::vector<scope_table>& scope) {
  auto x = find_column(of, scope);
  check_usable(x);
  if (x.it().type != column_type::timestamp)
    refuse_figure(of.at, from.text + " of the column " + x.it().name + " of type " + x.it().type_name,
                  "a timestamp (without time zone) column");
  if (argument.what != kind::constant || argument.literal != expression::literal_kind::text)
    refuse_figure(argument.at, from.text + " needs a constant text", "'minute', or 'YYYYMMDD_HH24MI'");
  key_expression out;
  out.column = x.use();
  out.argument = argument.text;
  return out;
}

key_expression date_trunc(const expression& from, const std::vector<scope_table>& scope) {
  static constexpr std::array<std::string_view, 8> units{"second", "minute", "hour",    "day",
                                                         "week",   "month",  "quarter", "year"};
  if (from.args.size() != 2)
    refuse_figure(from.at, "date_trunc with a time zone", "date_trunc('unit', column)");
  auto out = bucket(from, from.args[1], from.args[0], scope);
  out.what = key_expression::kind::date_trunc;
  if (std::find(units.begin(), units.end(), out.argument) == units.end())
    refuse_figure(from.args[0].at, "date_trunc('" + out.argument + "', ...)",
                  "second, minute, hour, day, week, month, quarter or year");
  return out;
}

/// Returns whether the format is supported. to_char uses the longest pattern, and DDD and SSSS aren't DD and
/// SS.
bool is_plain_format(std::string_view format) {
  static constexpr std::array<std::string_view, 6> patterns{"YYYY", "MM", "DD", "HH24", "MI", "SS"};
  constexpr std::string_view separators = "-_/:.,; ";
  auto any = false;
  while (!format.empty()) {
    auto at = std::find_if(patterns.begin(), patterns.end(), [&](auto x) { return format.starts_with(x); });
    if (at != patterns.end()) {
      any = true;
      auto last = at->back();
      format.remove_prefix(at->size());
      if (!format.empty() && format.front() == last)
        return false;
    } else if (separators.find(format.front()) != separators.npos) {
      format.remove_prefix(1);
    } else {
      return false;
    }
  }
  return any;
}

key_expression to_char(const expression& from, const std::vector<scope_table>& scope) {
  if (from.args.size() != 2)
    refuse_figure(from.at, "to_char without a format", "to_char(column, 'YYYYMMDD_HH24MI')");
  auto out = bucket(from, from.args[0], from.args[1], scope);
  out.what = key_expression::kind::to_char;
  if (!is_plain_format(out.argument))
    refuse_figure(from.args[1].at, "to_char with the format '" + out.argument + "'",
                  std::string("YYYY MM DD HH24 MI SS and the separators - _ / : . , ; and space ")
                      + batch_later);
  return out;
}

/// Refuses a fallback that prints in a form that the column never prints.
void check_fallback(const expression& from, const postgres::column& column, const constant& fallback) {
  if (!is_number(column.type) || fallback.scale == column.scale)
    return;
  auto example = std::string("0")
                 + (column.scale > 0 ? "." + std::string(static_cast<std::size_t>(column.scale), '0') : "");
  refuse_figure(from.at,
                "the constant hasn't the scale of the column " + column.name + " of type " + column.type_name,
                "as many decimals as the column has: " + example);
}

key_expression coalesce(const expression& from, const std::vector<scope_table>& scope,
                        const figure_context& with) {
  if (from.args.size() != 2)
    refuse_figure(from.at, "coalesce of more than a column and a constant", "coalesce(column, constant)");
  auto x = key_column(from.args[0], scope);
  key_expression out;
  out.what = key_expression::kind::coalesce;
  out.column = x.use();
  out.fallback = to_constant(from.args[1], x.it(), with);
  check_fallback(from.args[1], x.it(), out.fallback);
  return out;
}

/// Returns a factor of a sum. Its type must be exact, with at most 18 digits.
found_column factor(const expression& from, const std::vector<scope_table>& scope, const std::string& name) {
  auto x = find_column(from, scope);
  check_usable(x);
  if (!is_number(x.it().type))
    refuse_figure(
        from.at, name + " of the column " + x.it().name + " of type " + x.it().type_name,
        "numeric(p,s) with at most 18 digits, or an integer: a sum of floats depends on their order");
  return x;
}

void read_sum(const expression& from, const std::vector<scope_table>& scope, aggregate& out) {
  auto& argument = from.args[0];
  if (argument.what != kind::product) {
    auto x = factor(argument, scope, from.text);
    out.factors.push_back(x.use());
    out.scale = x.it().scale;
    if (out.what == aggregate_kind::sum
        && (x.it().type == column_type::smallint || x.it().type == column_type::integer))
      out.type = column_type::bigint;
    else
      out.type = column_type::numeric;
    return;
  }
  auto a = factor(argument.args[0], scope, from.text), b = factor(argument.args[1], scope, from.text);
  if (a.of != b.of)
    refuse_figure(argument.at, "a product of columns of two tables",
                  std::string("a product within one table ") + batch_later);
  if (is_integer(a.it().type) && is_integer(b.it().type))
    refuse_figure(argument.at, "a product of two integers, which overflows in SQL too",
                  "numeric(p,s) for one of the columns");
  out.factors = {a.use(), b.use()};
  out.scale = a.it().scale + b.it().scale;
  out.type = column_type::numeric;
}

void read_best(const expression& from, const std::vector<scope_table>& scope, aggregate& out) {
  auto x = find_column(from.args[0], scope);
  check_usable(x);
  if (!is_ordered(x.it().type))
    refuse_figure(
        from.args[0].at, from.text + " of the column " + x.it().name + " of type " + x.it().type_name,
        std::string("min and max of integers, numeric(p,s), dates and times; of text: ") + batch_later);
  out.factors.push_back(x.use());
  out.scale = x.it().scale;
  out.type = x.it().type;
}

} // namespace

bool is_aggregate(const expression& x) {
  return x.what == kind::function
         && std::find(aggregate_names.begin(), aggregate_names.end(), x.text) != aggregate_names.end();
}

bool operator==(const key_expression& a, const key_expression& b) {
  auto parts = [](const key_expression& x) {
    return std::tuple(x.what, x.column.from, x.column.column, x.argument, x.fallback.content,
                      x.fallback.scale);
  };
  return parts(a) == parts(b);
}

key_expression to_key(const expression& from, const std::vector<scope_table>& scope,
                      const figure_context& with) {
  if (from.what == kind::function && !from.filter.empty())
    refuse_figure(from.at, "FILTER on " + from.text, "FILTER on an aggregate");
  if (from.what == kind::function && from.text == "date_trunc")
    return date_trunc(from, scope);
  if (from.what == kind::function && from.text == "to_char")
    return to_char(from, scope);
  if (from.what == kind::coalesce)
    return coalesce(from, scope, with);
  if (from.what != kind::column)
    refuse_figure(from.at, from.what == kind::function ? "the function " + from.text : "this expression",
                  std::string("a column, date_trunc('unit', column), to_char(column, 'format'), "
                              "coalesce(column, constant), count, sum, avg, min, max ")
                      + batch_later);
  key_expression out;
  out.column = key_column(from, scope).use();
  return out;
}

aggregate to_aggregate(const expression& from, const std::vector<scope_table>& scope,
                       const figure_context& with) {
  aggregate out;
  if (!from.star_argument && from.args.size() != 1)
    refuse_figure(from.at, from.text + " without one argument", from.text + "(column)");
  if (from.text == "count") {
    out.what = from.star_argument ? aggregate_kind::count_rows : aggregate_kind::count;
    if (!from.star_argument) {
      auto x = find_column(from.args[0], scope);
      check_usable(x);
      out.factors.push_back(x.use());
    }
  } else if (from.text == "sum" || from.text == "avg") {
    out.what = from.text == "sum" ? aggregate_kind::sum : aggregate_kind::avg;
    read_sum(from, scope, out);
  } else {
    out.what = from.text == "min" ? aggregate_kind::min : aggregate_kind::max;
    read_best(from, scope, out);
  }
  for (auto& x : from.filter) {
    std::vector<expression> terms;
    auto copy = x;
    if (copy.what == kind::conjunction)
      terms = std::move(copy.args);
    else
      terms.push_back(std::move(copy));
    for (auto& term : terms)
      out.filter.push_back(to_predicate(term, scope, with));
  }
  return out;
}

} // namespace millrace
