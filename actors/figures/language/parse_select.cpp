#include "actors/figures/language/parse_select.hpp"

#include "actors/figures/language/parse_expression.hpp"
#include "actors/figures/language/refusal.hpp"

#include <memory>

namespace millrace {

namespace {

struct parse_deleter {
  void operator()(PgQueryProtobufParseResult* x) const {
    pg_query_free_protobuf_parse_result(*x);
    delete x;
  }
};

struct tree_deleter {
  void operator()(PgQuery__ParseResult* x) const { pg_query__parse_result__free_unpacked(x, nullptr); }
};
using parse_tree = std::unique_ptr<PgQuery__ParseResult, tree_deleter>;

parse_tree parse(const std::string& sql) {
  std::unique_ptr<PgQueryProtobufParseResult, parse_deleter> parsed(
      new PgQueryProtobufParseResult(pg_query_parse_protobuf(sql.c_str())));
  if (parsed->error)
    refuse_syntax(static_cast<int>(byte_of_character(sql, parsed->error->cursorpos)), parsed->error->message);
  parse_tree tree(pg_query__parse_result__unpack(
      nullptr, parsed->parse_tree.len, reinterpret_cast<const std::uint8_t*>(parsed->parse_tree.data)));
  if (!tree || tree->n_stmts != 1)
    refuse_syntax(0, "this isn't a single statement", "one SELECT");
  return tree;
}

int place_of(const PgQuery__Node* node) {
  if (!node)
    return 0;
  switch (node->node_case) {
  case PG_QUERY__NODE__NODE_COLUMN_REF:
    return node->column_ref->location;
  case PG_QUERY__NODE__NODE_A_CONST:
    return node->a_const->location;
  case PG_QUERY__NODE__NODE_FUNC_CALL:
    return node->func_call->location;
  case PG_QUERY__NODE__NODE_SORT_BY:
    return place_of(node->sort_by->node);
  case PG_QUERY__NODE__NODE_WINDOW_DEF:
    return node->window_def->location;
  default:
    return 0;
  }
}

/// Refuses the clauses that aren't in the live subset, by name.
void refuse_clauses(const PgQuery__SelectStmt& from) {
  auto later = std::string(batch_later);
  if (from.with_clause)
    refuse_syntax(from.with_clause->location, "CTEs (WITH) aren't supported", "two figures " + later);
  if (from.op != PG_QUERY__SET_OPERATION__SETOP_NONE)
    refuse_syntax(0, "UNION, INTERSECT and EXCEPT aren't supported", "two figures " + later);
  if (from.n_values_lists > 0)
    refuse_syntax(0, "VALUES", "SELECT ... FROM a table");
  if (from.into_clause)
    refuse_syntax(0, "SELECT INTO", "SELECT alone: the target line says where the result goes");
  if (from.n_distinct_clause > 0)
    refuse_syntax(from.n_target_list > 0 ? from.target_list[0]->res_target->location : 0, "DISTINCT",
                  "GROUP BY the columns " + later);
  if (from.n_window_clause > 0)
    refuse_syntax(place_of(from.window_clause[0]), "a window", "two figures " + later);
  if (from.n_sort_clause > 0)
    refuse_syntax(place_of(from.sort_clause[0]), "ORDER BY", "leave it out: a zset is ordered by its score");
  if (from.limit_count || from.limit_offset)
    refuse_syntax(place_of(from.limit_count ? from.limit_count : from.limit_offset),
                  "LIMIT and OFFSET aren't supported",
                  "leave it out: read a zset's first members with ZRANGE ... REV " + later);
  if (from.n_locking_clause > 0)
    refuse_syntax(0, "FOR UPDATE and FOR SHARE aren't supported", "leave it out");
  if (from.group_distinct)
    refuse_syntax(0, "GROUP BY DISTINCT", "GROUP BY");
}

table_reference table_of(const PgQuery__Node& node) {
  if (node.node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT)
    refuse_syntax(0, "subqueries in FROM aren't supported",
                  std::string("a table, or two figures ") + batch_later);
  if (node.node_case == PG_QUERY__NODE__NODE_JOIN_EXPR)
    refuse_syntax(0, "a figure can't have two joins",
                  std::string("one join on a parent's primary key; or two figures ") + batch_later);
  if (node.node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
    refuse_syntax(0, "FROM takes tables only", "a table, or a table and its parent");
  auto& from = *node.range_var;
  if (!from.inh)
    refuse_syntax(from.location, "ONLY", "the table's name alone");
  if (from.alias && from.alias->n_colnames > 0)
    refuse_syntax(from.location, "column aliases in FROM aren't supported", "AS within the SELECT list");
  return {from.schemaname, from.relname, from.alias ? from.alias->aliasname : "", from.location};
}

void read_join(const PgQuery__JoinExpr& from, select_tree& out) {
  auto at = from.rarg && from.rarg->node_case == PG_QUERY__NODE__NODE_RANGE_VAR
                ? from.rarg->range_var->location
                : 0;
  constexpr auto advice = "an inner join on the parent's primary key, with aggregates: "
                          "FROM child JOIN parent ON parent.id = child.parent_id";
  if (from.jointype != PG_QUERY__JOIN_TYPE__JOIN_INNER)
    refuse_syntax(at, "outer joins aren't supported", advice);
  if (from.is_natural || from.n_using_clause > 0)
    refuse_syntax(at, "NATURAL JOIN and USING aren't supported", advice);
  if (!from.quals)
    refuse_syntax(at, "the join has no condition", advice);
  if (from.alias)
    refuse_syntax(at, "an alias for a join isn't supported", advice);
  for (auto* side : {from.larg, from.rarg})
    if (side->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR)
      refuse_syntax(at, "a figure can't have two joins",
                    std::string("one join on a parent's primary key; or two figures ") + batch_later);
  out.from = table_of(*from.larg);
  out.joined = table_of(*from.rarg);
  add_terms(to_expression(*from.quals, at), out.on);
}

void read_from(const PgQuery__SelectStmt& from, select_tree& out) {
  if (from.n_from_clause == 0)
    refuse_syntax(0, "the query has no FROM", "SELECT ... FROM a table");
  if (from.n_from_clause > 1)
    refuse_syntax(from.from_clause[1]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR
                      ? from.from_clause[1]->range_var->location
                      : 0,
                  "tables separated by commas aren't supported",
                  "FROM child JOIN parent ON parent.id = child.parent_id");
  if (from.from_clause[0]->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR)
    read_join(*from.from_clause[0]->join_expr, out);
  else
    out.from = table_of(*from.from_clause[0]);
}

} // namespace

select_tree parse_select(const std::string& sql) {
  auto tree = parse(sql);
  auto* statement = tree->stmts[0]->stmt;
  if (!statement || statement->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    refuse_syntax(0, "the statement isn't a SELECT", "write a SELECT: a figure only reads");
  auto& from = *statement->select_stmt;
  refuse_clauses(from);
  select_tree out;
  read_from(from, out);
  for (std::size_t i = 0; i < from.n_target_list; ++i) {
    auto& item = *from.target_list[i]->res_target;
    out.items.push_back({to_expression(*item.val, item.location), item.name});
  }
  if (out.items.empty())
    refuse_syntax(0, "the SELECT has no columns");
  if (from.where_clause)
    add_terms(to_expression(*from.where_clause, 0), out.where);
  for (std::size_t i = 0; i < from.n_group_clause; ++i)
    out.group_by.push_back(to_expression(*from.group_clause[i], place_of(from.group_clause[i])));
  if (from.having_clause)
    out.having = to_expression(*from.having_clause, place_of(from.having_clause));
  return out;
}

} // namespace millrace
