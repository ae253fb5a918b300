#include "actors/figures/language/parse_expression.hpp"

#include "actors/figures/language/refusal.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace {

namespace {

using kind = expression::kind;
using literal = expression::literal_kind;

std::string text_of(const PgQuery__Node* node) {
  return node && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

expression make(kind what, int at) {
  expression out;
  out.what = what;
  out.at = at;
  return out;
}

expression with_args(kind what, int at, std::vector<expression> args) {
  auto out = make(what, at);
  out.args = std::move(args);
  return out;
}

expression negated(expression x) {
  auto at = x.at;
  std::vector<expression> args;
  args.push_back(std::move(x));
  return with_args(kind::negation, at, std::move(args));
}

expression column(const PgQuery__ColumnRef& from) {
  auto out = make(kind::column, from.location);
  for (std::size_t i = 0; i < from.n_fields; ++i) {
    if (from.fields[i]->node_case == PG_QUERY__NODE__NODE_A_STAR)
      out.what = kind::star;
    else
      out.names.push_back(text_of(from.fields[i]));
  }
  return out;
}

expression constant(const PgQuery__AConst& from) {
  auto out = make(kind::constant, from.location);
  if (from.isnull)
    return out;
  switch (from.val_case) {
  case PG_QUERY__A__CONST__VAL_IVAL:
    out.literal = literal::integer;
    out.text = std::to_string(from.ival->ival);
    break;
  case PG_QUERY__A__CONST__VAL_FVAL:
    out.literal = literal::decimal;
    out.text = from.fval->fval;
    // The parser returns an integer above 32 bits as a float's text.
    if (out.text.find_first_not_of("-0123456789") == std::string::npos)
      out.literal = literal::integer;
    break;
  case PG_QUERY__A__CONST__VAL_BOOLVAL:
    out.literal = literal::boolean;
    out.text = from.boolval->boolval ? "t" : "f";
    break;
  case PG_QUERY__A__CONST__VAL_SVAL:
    out.literal = literal::text;
    out.text = from.sval->sval;
    break;
  default:
    refuse_syntax(out.at, "bit strings aren't supported", "a number, a text, a date");
  }
  return out;
}

bool is_clock(std::string_view name) {
  static constexpr std::array<std::string_view, 6> clocks{
      "clock_timestamp", "transaction_timestamp", "statement_timestamp", "timeofday", "age", "localtime"};
  return std::find(clocks.begin(), clocks.end(), name) != clocks.end();
}

expression function(const PgQuery__FuncCall& from) {
  auto out = make(kind::function, from.location);
  out.text = text_of(from.funcname[from.n_funcname - 1]);
  if (from.n_funcname > 1 && text_of(from.funcname[0]) != "pg_catalog")
    refuse_syntax(out.at, "functions of other schemas aren't supported",
                  "count, sum, avg, min, max, date_trunc, to_char, coalesce");
  if (is_clock(out.text))
    refuse_syntax(out.at, out.text + "(): the clock of a figure is now()", window_advice);
  if (out.text == "now")
    return make(kind::clock, out.at);
  if (from.over)
    refuse_syntax(out.at, "window functions aren't supported", std::string("two figures ") + batch_later);
  if (from.agg_distinct)
    refuse_syntax(out.at, out.text + "(DISTINCT ...)",
                  std::string("a figure grouped by that column as well ") + batch_later);
  if (from.n_agg_order > 0 || from.agg_within_group)
    refuse_syntax(out.at, "ORDER BY within an aggregate isn't supported", batch_later);
  if (from.func_variadic)
    refuse_syntax(out.at, "VARIADIC");
  out.star_argument = from.agg_star;
  for (std::size_t i = 0; i < from.n_args; ++i)
    out.args.push_back(to_expression(*from.args[i], out.at));
  if (from.agg_filter)
    out.filter.push_back(to_expression(*from.agg_filter, out.at));
  return out;
}

bool is_comparison(std::string_view name) {
  static constexpr std::array<std::string_view, 7> all{"=", "<>", "!=", "<", "<=", ">", ">="};
  return std::find(all.begin(), all.end(), name) != all.end();
}

expression binary_operator(const PgQuery__AExpr& from, const std::string& name) {
  if (!from.lexpr)
    refuse_syntax(from.location, "the operator " + name + " before a value", "a plain column or a constant");
  std::vector<expression> args;
  args.push_back(to_expression(*from.lexpr, from.location));
  args.push_back(to_expression(*from.rexpr, from.location));
  if (name == "*")
    return with_args(kind::product, from.location, std::move(args));
  if ((name == "+" || name == "-") && (has_clock(args[0]) || has_clock(args[1]))) {
    auto out = with_args(kind::shift, from.location, std::move(args));
    out.text = name;
    return out;
  }
  if (!is_comparison(name))
    refuse_syntax(
        from.location, "arithmetic (the operator " + name + ")",
        std::string("sum, avg or count of a column, or of column * column; arithmetic over aggregates "
                    "is two figures ")
            + batch_later);
  auto out = with_args(kind::compare, from.location, std::move(args));
  out.text = name == "!=" ? "<>" : name;
  return out;
}

std::vector<expression> with_list(const PgQuery__AExpr& from) {
  std::vector<expression> args;
  args.push_back(to_expression(*from.lexpr, from.location));
  if (from.rexpr->node_case != PG_QUERY__NODE__NODE_LIST)
    refuse_syntax(from.location, "IN takes a list of constants only");
  for (std::size_t i = 0; i < from.rexpr->list->n_items; ++i)
    args.push_back(to_expression(*from.rexpr->list->items[i], from.location));
  return args;
}

expression like(const PgQuery__AExpr& from, bool not_like) {
  std::vector<expression> args;
  args.push_back(to_expression(*from.lexpr, from.location));
  args.push_back(to_expression(*from.rexpr, from.location));
  auto out = with_args(kind::like, from.location, std::move(args));
  return not_like ? negated(std::move(out)) : out;
}

expression operation(const PgQuery__AExpr& from) {
  auto name = from.n_name > 0 ? text_of(from.name[from.n_name - 1]) : "";
  switch (from.kind) {
  case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    if (from.n_name > 1)
      refuse_syntax(from.location, "operators of other schemas aren't supported",
                    "PostgreSQL's own comparisons");
    return binary_operator(from, name);
  case PG_QUERY__A__EXPR__KIND__AEXPR_IN: {
    auto out = with_args(kind::in, from.location, with_list(from));
    return name == "<>" ? negated(std::move(out)) : out;
  }
  case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    return like(from, name == "!~~");
  case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    return with_args(kind::between, from.location, with_list(from));
  case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    return negated(with_args(kind::between, from.location, with_list(from)));
  case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    refuse_syntax(from.location, "ILIKE", "LIKE 'prefix%', which respects upper and lower case");
  case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
  case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
    refuse_syntax(from.location, "ANY and ALL over an array aren't supported", "column IN (constant, ...)");
  case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
  case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
    refuse_syntax(from.location, "IS DISTINCT FROM isn't supported",
                  "a comparison, and IS NULL where it matters");
  default:
    refuse_syntax(from.location, "this condition", "a comparison, IN, BETWEEN, IS NULL, LIKE 'prefix%'");
  }
}

expression logic(const PgQuery__BoolExpr& from, int where_at) {
  std::vector<expression> args;
  for (std::size_t i = 0; i < from.n_args; ++i)
    args.push_back(to_expression(*from.args[i], where_at));
  auto what = from.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? kind::conjunction
              : from.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? kind::disjunction
                                                                 : kind::negation;
  return with_args(what, from.location, std::move(args));
}

/// A constant with an explicit type: 'x'::date, timestamp '2024-01-01'.
expression cast(const PgQuery__TypeCast& from) {
  auto at = from.location >= 0 ? from.location : 0;
  auto& type = *from.type_name;
  if (type.n_names == 0 || type.n_typmods > 0 || type.n_array_bounds > 0)
    refuse_syntax(at, "a cast to this type isn't supported", "a constant of the column's own type");
  auto name = text_of(type.names[type.n_names - 1]);
  auto inner = to_expression(*from.arg, at);
  if (inner.what != kind::constant)
    refuse_syntax(at, "a cast", "the column as it is");
  if (name == "interval" && inner.literal == literal::text)
    inner.what = kind::interval;
  inner.at = std::min(inner.at, at);
  inner.cast = name;
  return inner;
}

[[noreturn]] void refuse_node(const PgQuery__Node& node, int at) {
  auto later = std::string(batch_later);
  switch (node.node_case) {
  case PG_QUERY__NODE__NODE_SUB_LINK:
    refuse_syntax(node.sub_link->location, "subqueries aren't supported",
                  "a join on the parent's primary key, or two figures " + later);
  case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
    refuse_syntax(node.sqlvalue_function->location, "the date, the time or the user within a query",
                  window_advice);
  case PG_QUERY__NODE__NODE_CASE_EXPR:
    refuse_syntax(node.case_expr->location, "CASE", "an aggregate with FILTER (WHERE ...) " + later);
  case PG_QUERY__NODE__NODE_PARAM_REF:
    refuse_syntax(node.param_ref->location, "figures can't have parameters", "a constant");
  case PG_QUERY__NODE__NODE_A_INDIRECTION:
    refuse_syntax(at, "parts of an array or composite aren't supported", later);
  case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
    refuse_syntax(node.boolean_test->location, "IS TRUE, IS FALSE and IS UNKNOWN aren't supported",
                  "the boolean column by itself, or NOT column");
  case PG_QUERY__NODE__NODE_GROUPING_SET:
    refuse_syntax(node.grouping_set->location, "GROUPING SETS, ROLLUP and CUBE aren't supported",
                  "a figure for each grouping");
  case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
    refuse_syntax(node.min_max_expr->location, "GREATEST and LEAST aren't supported", later);
  case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
    refuse_syntax(node.collate_clause->location, "COLLATE", "the column as it is");
  case PG_QUERY__NODE__NODE_ROW_EXPR:
    refuse_syntax(node.row_expr->location, "rows of values aren't supported", "one column at a time");
  default:
    refuse_syntax(at, "this expression isn't in the live subset", later);
  }
}

} // namespace

void refuse_syntax(int at, std::string message, std::string advice) {
  throw figure_refused{std::max(at, 0), std::move(message), std::move(advice), false};
}

bool has_clock(const expression& x) {
  return x.what == kind::clock || std::any_of(x.args.begin(), x.args.end(), has_clock);
}

void add_terms(expression&& from, std::vector<expression>& to) {
  if (from.what != kind::conjunction)
    return to.push_back(std::move(from));
  for (auto& x : from.args)
    add_terms(std::move(x), to);
}

expression to_expression(const PgQuery__Node& node, int where_at) {
  switch (node.node_case) {
  case PG_QUERY__NODE__NODE_COLUMN_REF:
    return column(*node.column_ref);
  case PG_QUERY__NODE__NODE_A_CONST:
    return constant(*node.a_const);
  case PG_QUERY__NODE__NODE_FUNC_CALL:
    return function(*node.func_call);
  case PG_QUERY__NODE__NODE_A_EXPR:
    return operation(*node.a_expr);
  case PG_QUERY__NODE__NODE_BOOL_EXPR:
    return logic(*node.bool_expr, where_at);
  case PG_QUERY__NODE__NODE_TYPE_CAST:
    return cast(*node.type_cast);
  case PG_QUERY__NODE__NODE_NULL_TEST: {
    auto is_null = node.null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
    std::vector<expression> args;
    args.push_back(to_expression(*node.null_test->arg, where_at));
    return with_args(is_null ? kind::is_null : kind::is_not_null, node.null_test->location, std::move(args));
  }
  case PG_QUERY__NODE__NODE_COALESCE_EXPR: {
    auto& from = *node.coalesce_expr;
    auto out = make(kind::coalesce, from.location);
    for (std::size_t i = 0; i < from.n_args; ++i)
      out.args.push_back(to_expression(*from.args[i], from.location));
    return out;
  }
  default:
    refuse_node(node, where_at);
  }
}

} // namespace millrace
