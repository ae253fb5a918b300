#include "actors/figures/fold/results.hpp"

#include "actors/figures/values/text.hpp"

namespace millrace {

using postgres::column_type;

namespace {

struct group_words {
  const figure_plan& plan;
  const tally_layout& layout;
  const std::int64_t* words;
};

/// Returns the result of sum or avg without NaN, which nans() counts.
wide_decimal total(const group_words& of, std::size_t i) {
  auto& x = of.plan.aggregates[i];
  auto sum = wide_decimal{of.layout.sum(of.words, i), x.scale};
  return x.what == aggregate_kind::avg ? average(sum, of.layout.count(of.words, i)) : sum;
}

value best_value(const group_words& of, std::size_t i) {
  auto best = of.layout.best(of.words, i);
  auto numeric = of.plan.aggregates[i].factors[0].type == column_type::numeric;
  return numeric && best == nan_in_bag ? value{not_a_number{}} : value{best};
}

bool is_count(aggregate_kind what) {
  return what == aggregate_kind::count_rows || what == aggregate_kind::count;
}

bool is_best(aggregate_kind what) { return what == aggregate_kind::min || what == aggregate_kind::max; }

/// Compares the aggregate with the bound of HAVING. Returns nullopt for NULL.
std::optional<std::strong_ordering> against(const group_words& of, const having_condition& having) {
  auto i = having.aggregate;
  auto& x = of.plan.aggregates[i];
  auto& bound = having.bound;
  if (is_null(bound.content) || (!is_count(x.what) && of.layout.count(of.words, i) == 0))
    return std::nullopt;
  auto as = x.factors.empty() ? column_use{} : x.factors[0];
  if (is_best(x.what))
    return compare_values(best_value(of, i), as, bound.content, {as.from, 0, as.type, bound.scale});
  auto is_nan = of.layout.nans(of.words, i) > 0,
       bound_is_nan = std::holds_alternative<not_a_number>(bound.content);
  if (is_nan || bound_is_nan)
    return is_nan <=> bound_is_nan;
  auto left = is_count(x.what) ? wide_decimal{wide(of.layout.count(of.words, i)), 0} : total(of, i);
  return compare(left, {wide(std::get<std::int64_t>(bound.content)), bound.scale});
}

} // namespace

std::optional<std::string> aggregate_text(const figure_plan& plan, const tally_layout& layout,
                                          const std::int64_t* words, std::size_t i) {
  auto of = group_words{plan, layout, words};
  auto& x = plan.aggregates[i];
  if (is_count(x.what))
    return std::to_string(layout.count(words, i));
  if (layout.count(words, i) == 0)
    return std::nullopt;
  if (is_best(x.what))
    return to_text(best_value(of, i), x.factors[0].type, x.factors[0].scale);
  return layout.nans(words, i) > 0 ? "NaN" : to_text(total(of, i));
}

void append_aggregate_json(std::string& out, const figure_plan& plan, const tally_layout& layout,
                           const std::int64_t* words, std::size_t i) {
  auto& x = plan.aggregates[i];
  if (is_best(x.what) && layout.count(words, i) != 0)
    append_json(out, best_value({plan, layout, words}, i), x.factors[0].type, x.factors[0].scale);
  else if (auto text = aggregate_text(plan, layout, words, i))
    append_json_of_text(out, *text, column_type::numeric_unscaled);
  else
    out += "null";
}

bool is_shown(const figure_plan& plan, const tally_layout& layout, const std::int64_t* words) {
  if (words[0] == 0)
    return false;
  if (!plan.having)
    return true;
  auto order = against({plan, layout, words}, *plan.having);
  return order && satisfies(*order, plan.having->cmp);
}

} // namespace millrace
