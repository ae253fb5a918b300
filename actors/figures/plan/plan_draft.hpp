#pragma once

/// A figure during planning: names are resolved, and columns have their table's numbers.
/// plan_routes.cpp renumbers them when all figures are known.

#include "actors/figures/language/parse_file.hpp"
#include "actors/figures/language/parse_select.hpp"
#include "actors/figures/language/target.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/figures/plan/planner.hpp"

#include <functional>
#include <set>

namespace millrace {

/// A table of the figure, with the name that qualifies its columns.
struct scope_table {
  const postgres::table* table = nullptr;
  std::string name; ///< the alias, or the table's own name
  bool aliased = false;
  side from = side::child;
  int at = 0;
};

/// A resolved column: its table, its number and its catalog entry.
struct found_column {
  const scope_table* of = nullptr;
  std::uint16_t number = 0;
  int at = 0;
  const postgres::column& it() const { return of->table->columns[number]; }
  column_use use() const { return {of->from, number, it().type, it().scale}; }
};

struct figure_draft {
  const source_file* file = nullptr;
  figure_text text;
  target_line line;
  figure_plan plan;               ///< column_use::column: index into the table's columns
  std::vector<scope_table> scope; ///< the child first, then the parent
  std::size_t child = 0;          ///< index of the child in `scope`
  const postgres::table* entity = nullptr;
  std::vector<std::uint16_t> by;      ///< the child's columns that hold the entity's key
  std::vector<int> output_places;     ///< bytes of the SQL
  std::vector<std::string> volatiles; ///< of a batch figure
};

/// What the planner needs to resolve a figure.
struct figure_context {
  const std::vector<postgres::table>& catalog;
  const std::vector<std::string>& schemas;
  const database_answers& answers;
};

[[noreturn]] void refuse_figure(int at, std::string message, std::string advice = {});
[[noreturn]] void refuse_target(int at, std::string message, std::string advice = {});

// plan_names.cpp
/// Returns the table. Refuses one that Debezium can't capture.
const postgres::table& find_table(const table_reference&, const figure_context&);
found_column find_column(const expression&, const std::vector<scope_table>&);
/// Refuses a column whose complete value isn't in every record.
void check_usable(const found_column&);
/// Refuses a type whose equal values can print differently. `use` names the use of the column.
void check_key_type(const found_column&, const std::string& use);
/// Returns schema.table, with quotes where SQL needs them.
std::string sql_name(const postgres::table&);

// plan_types.cpp
bool is_integer(postgres::column_type);
bool is_number(postgres::column_type); ///< exact: integers and numeric(p,s)
bool is_text(postgres::column_type);   ///< text, varchar
bool is_key_type(const postgres::column&);
bool is_ordered(postgres::column_type); ///< <, min and max are exact
bool may_be_toasted(postgres::column_type);
/// Returns whether equal values of the two columns have the same packed form.
bool same_form(const postgres::column&, const postgres::column&);

// plan_constant.cpp
/// Returns the literal in the column's form. Refuses an expression that isn't a constant.
constant to_constant(const expression&, const postgres::column&, const figure_context&);

// plan_predicate.cpp
predicate to_predicate(const expression&, const std::vector<scope_table>&, const figure_context&);
comparison to_comparison(const std::string& text, bool flipped);

// plan_window.cpp
/// Resolves a comparison or BETWEEN with now(): one window condition, or a conjunction of two.
predicate to_window(const expression&, const std::vector<scope_table>&, const figure_context&);

// plan_columns.cpp
key_expression to_key(const expression&, const std::vector<scope_table>&, const figure_context&);
aggregate to_aggregate(const expression&, const std::vector<scope_table>&, const figure_context&);
bool is_aggregate(const expression&);
bool operator==(const key_expression&, const key_expression&);

// plan_join.cpp
/// Finds the parent: the table whose primary key ON compares. Moves the other conditions of ON to
/// WHERE.
void read_join(figure_draft&, select_tree&);

// plan_figure.cpp
/// Resolves a figure's query, except for its target.
void resolve_query(figure_draft&, const figure_context&);
// plan_batch.cpp
/// Resolves a batch figure's query, except for its target.
void resolve_batch_query(figure_draft&, const figure_context&);
batch_plan to_batch(const figure_draft&);

// plan_entity.cpp
/// Chooses the entity, and so whether the figure is keyed or rolled up.
void choose_entity(figure_draft&, const figure_context&);
// plan_place.cpp
/// Resolves the target line's names to the query's outputs.
void resolve_place(figure_draft&);
/// The same for a batch figure, whose placeholders can be any columns.
void resolve_batch_place(figure_draft&);

/// Calls `f` for each column of the figure.
void for_each_column(figure_plan&, const std::function<void(column_use&)>& f);

// plan_routes.cpp
/// Numbers tables, entities, routes and columns.
plan_set lay_out(std::vector<figure_draft>& drafts, const std::vector<postgres::table>& catalog);

// plan_collisions.cpp
/// Adds a refusal for each figure whose name or place collides with another figure's, or with a key
/// of Millrace.
void refuse_collisions(const std::vector<figure_draft>&, std::vector<refusal>&);

} // namespace millrace
