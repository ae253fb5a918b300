/// Resolves a figure's query: its tables, keys, aggregates and outputs.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace millrace {

namespace {

using kind = expression::kind;
using postgres::column_type;

scope_table in_scope(const table_reference& from, const figure_context& with) {
  auto& table = find_table(from, with);
  return {&table, from.alias.empty() ? table.name : from.alias, !from.alias.empty(), side::child, from.at};
}

/// Resolves GROUP BY 2 and GROUP BY minute to an item of the SELECT list. As in SQL, a column of that name
/// takes precedence.
const expression& group_item(const expression& from, const select_tree& tree,
                             const std::vector<scope_table>& scope) {
  if (from.what == kind::constant && from.literal == expression::literal_kind::integer) {
    auto number = std::strtoul(from.text.c_str(), nullptr, 10);
    if (number < 1 || number > tree.items.size())
      refuse_figure(from.at, "GROUP BY " + from.text + ": the SELECT list has no such column");
    return tree.items[number - 1].what;
  }
  if (from.what != kind::column || from.names.size() != 1)
    return from;
  auto is_column = std::any_of(scope.begin(), scope.end(),
                               [&](auto& x) { return x.table->find(from.names[0]).has_value(); });
  for (auto& item : tree.items)
    if (!is_column && item.alias == from.names[0])
      return item.what;
  return from;
}

void read_keys(figure_draft& draft, const select_tree& tree, const figure_context& with) {
  for (auto& from : tree.group_by) {
    auto& item = group_item(from, tree, draft.scope);
    if (is_aggregate(item))
      refuse_figure(item.at, "an aggregate can't be a group key", "a column");
    auto key = to_key(item, draft.scope, with);
    auto& keys = draft.plan.keys;
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      keys.push_back(std::move(key));
  }
}

std::string default_name(const expression& from) {
  switch (from.what) {
  case kind::column:
    return from.names.back();
  case kind::coalesce:
    return "coalesce";
  default:
    return from.text;
  }
}

void add_output(figure_draft& draft, const select_item& item, const figure_context& with) {
  auto& plan = draft.plan;
  output_column out;
  out.name = item.alias.empty() ? default_name(item.what) : item.alias;
  if (is_aggregate(item.what)) {
    plan.aggregates.push_back(to_aggregate(item.what, draft.scope, with));
    out.what = output_column::kind::aggregate;
    out.index = static_cast<std::uint16_t>(plan.aggregates.size() - 1);
    out.type = plan.aggregates.back().type;
    out.scale = plan.aggregates.back().scale;
  } else {
    auto key = to_key(item.what, draft.scope, with);
    auto at = std::find(plan.keys.begin(), plan.keys.end(), key);
    if (at == plan.keys.end())
      refuse_figure(item.what.at, "the column " + out.name + " isn't in GROUP BY",
                    "GROUP BY ..., " + out.name);
    out.what = output_column::kind::key;
    out.index = static_cast<std::uint16_t>(at - plan.keys.begin());
    out.type = key.what == key_expression::kind::to_char ? column_type::text : key.column.type;
    out.scale = key.column.scale;
  }
  plan.outputs.push_back(std::move(out));
  draft.output_places.push_back(item.what.at);
}

void add_column(figure_draft& draft, std::uint16_t number, std::string name, int at) {
  found_column x{&draft.scope[0], number, at};
  check_usable(x);
  draft.plan.outputs.push_back(
      {std::move(name), output_column::kind::column, number, x.it().type, x.it().scale});
  draft.output_places.push_back(at);
}

/// Reads plain columns, including *. A row of the result is a row of the table.
void read_projection(figure_draft& draft, const select_tree& tree) {
  auto& scope = draft.scope[0];
  draft.plan.what = figure_kind::projection;
  for (auto& item : tree.items) {
    if (item.what.what == kind::star) {
      if (!item.what.names.empty() && item.what.names.back() != scope.name)
        refuse_figure(item.what.at, "there is no table " + item.what.names.back() + " in FROM");
      for (std::uint16_t i = 0; i < scope.table->columns.size(); ++i)
        add_column(draft, i, scope.table->columns[i].name, item.what.at);
    } else if (item.what.what == kind::column) {
      auto x = find_column(item.what, draft.scope);
      add_column(draft, x.number, item.alias.empty() ? x.it().name : item.alias, item.what.at);
    } else {
      refuse_figure(item.what.at,
                    item.what.what == kind::function ? "the function " + item.what.text
                                                     : "an expression among plain columns",
                    std::string("plain columns or *; or count, sum, avg, min, max with GROUP BY ")
                        + batch_later);
    }
  }
}

void read_grouped(figure_draft& draft, const select_tree& tree, const figure_context& with) {
  read_keys(draft, tree, with);
  for (auto& item : tree.items) {
    if (item.what.what == kind::star)
      refuse_figure(item.what.at, "* beside aggregates or in a join",
                    "the group's columns and aggregates by name");
    add_output(draft, item, with);
  }
}

bool same(const aggregate& a, const aggregate& b) {
  auto columns = [](const aggregate& x) {
    std::vector<std::pair<side, std::uint16_t>> out;
    for (auto& c : x.factors)
      out.emplace_back(c.from, c.column);
    return out;
  };
  return a.what == b.what && columns(a) == columns(b) && a.filter.empty() && b.filter.empty();
}

void read_having(figure_draft& draft, const expression& from, const figure_context& with) {
  auto first = from.what == kind::compare && is_aggregate(from.args[0]);
  auto second = from.what == kind::compare && is_aggregate(from.args[1]);
  if (first == second)
    refuse_figure(from.at, "this HAVING isn't supported",
                  std::string("HAVING aggregate cmp constant, one condition ") + batch_later);
  auto& plan = draft.plan;
  auto wanted = to_aggregate(from.args[first ? 0 : 1], draft.scope, with);
  // The constant gets the result's type. Scaled numbers compare by value.
  postgres::column like;
  like.name = from.args[first ? 0 : 1].text;
  like.type = wanted.type;
  like.type_name = is_number(wanted.type) ? "numeric" : "timestamp";
  having_condition out;
  out.cmp = to_comparison(from.text, second);
  out.bound = to_constant(from.args[first ? 1 : 0], like, with);
  auto at =
      std::find_if(plan.aggregates.begin(), plan.aggregates.end(), [&](auto& x) { return same(x, wanted); });
  out.aggregate = static_cast<std::uint16_t>(at - plan.aggregates.begin());
  if (at == plan.aggregates.end())
    plan.aggregates.push_back(std::move(wanted));
  plan.having = out;
}

void check_names(const figure_draft& draft) {
  auto& outputs = draft.plan.outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (outputs[i].name == outputs[j].name)
        refuse_figure(draft.output_places[i], "two columns named " + outputs[i].name, "another name: AS ...");
}

bool agrees(column_type ours, column_type theirs) {
  auto number = [](column_type x) { return x == column_type::numeric || x == column_type::numeric_unscaled; };
  return ours == theirs || (number(ours) && number(theirs)) || (is_integer(ours) && is_integer(theirs))
         || (is_text(ours) && is_text(theirs));
}

/// Checks the query with PostgreSQL: names, types, or a refusal.
void check_with_database(figure_draft& draft, const figure_context& with) {
  if (!with.answers.describe)
    return;
  auto told = with.answers.describe(draft.text.sql);
  if (!told)
    throw told.why();
  if (told->refused)
    refuse_figure(static_cast<int>(byte_of_character(draft.text.sql, std::max(told->refused->position, 1))),
                  "PostgreSQL: " + told->refused->message, told->refused->hint);
  auto& outputs = draft.plan.outputs;
  if (told->columns.size() != outputs.size())
    refuse_figure(0,
                  "PostgreSQL finds " + std::to_string(told->columns.size()) + " columns, and Millrace finds "
                      + std::to_string(outputs.size()) + ": the catalog changed",
                  "run it again");
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].name = told->columns[i].name;
    if (!agrees(outputs[i].type, told->columns[i].type))
      refuse_figure(draft.output_places[i],
                    "the column " + outputs[i].name + " is of type " + told->columns[i].type_name
                        + ", which Millrace can't keep",
                    batch_later);
  }
}

} // namespace

void resolve_query(figure_draft& draft, const figure_context& with) {
  auto tree = parse_select(draft.text.sql);
  draft.scope.push_back(in_scope(tree.from, with));
  if (tree.joined) {
    draft.scope.push_back(in_scope(*tree.joined, with));
    read_join(draft, tree);
  }
  auto grouped =
      !tree.group_by.empty() || tree.having
      || std::any_of(tree.items.begin(), tree.items.end(), [](auto& x) { return is_aggregate(x.what); });
  if (tree.joined && !grouped)
    refuse_figure(tree.items[0].what.at, "plain columns of a join aren't supported",
                  std::string("aggregates with GROUP BY; or a json figure for each table ") + batch_later);
  if (grouped)
    read_grouped(draft, tree, with);
  else
    read_projection(draft, tree);
  for (auto& x : tree.where)
    draft.plan.where.push_back(to_predicate(x, draft.scope, with));
  if (tree.having)
    read_having(draft, *tree.having, with);
  check_with_database(draft, with);
  check_names(draft);
  if (grouped)
    choose_entity(draft, with);
  else
    draft.entity = draft.scope[0].table;
  if (tree.having && draft.plan.what == figure_kind::rolled_up)
    refuse_figure(tree.having->at, "HAVING on a rolled-up figure: its groups are spread over all cells",
                  std::string("a group key that is a primary or foreign key ") + batch_later);
}

} // namespace millrace
