#pragma once

/// A live query as a small tree. It contains only the live subset of PostgreSQL's grammar; all else is
/// refused. Names aren't resolved yet.

#include <optional>
#include <string>
#include <vector>

namespace millrace {

struct expression {
  enum class kind : std::uint8_t {
    column,   ///< names: [[schema,] table,] column
    star,     ///< * or names.*
    constant, ///< text, literal, cast
    function, ///< text (lower case), args, filter, star_argument
    coalesce, ///< args
    product,  ///< args[0] * args[1]
    clock,    ///< now()
    interval, ///< a constant: text
    shift,    ///< args[0] text args[1], with text + or -, and now() on one side
    compare,  ///< args[0] text args[1]
    in,       ///< args[0] IN (args[1] ...)
    between,  ///< args[0] BETWEEN args[1] AND args[2]
    is_null,
    is_not_null,
    like, ///< args[0] LIKE args[1]
    negation,
    conjunction,
    disjunction, ///< args
  };
  enum class literal_kind : std::uint8_t { null, integer, decimal, text, boolean };

  kind what = kind::column;
  int at = 0; ///< byte in the SQL
  std::vector<std::string> names;
  std::string text;
  literal_kind literal = literal_kind::null;
  std::string cast; ///< constant: the type of its cast; empty: no cast
  std::vector<expression> args;
  std::vector<expression> filter; ///< zero or one
  bool star_argument = false;
};

struct table_reference {
  std::string schema, name, alias; ///< schema and alias can be empty
  int at = 0;
};

struct select_item {
  expression what;
  std::string alias; ///< empty: PostgreSQL's default name
};

struct select_tree {
  std::vector<select_item> items;
  table_reference from;
  std::optional<table_reference> joined;
  std::vector<expression> on; ///< conjunction
  std::vector<expression> where;
  std::vector<expression> group_by;
  int group_at = 0;
  std::optional<expression> having;
};

/// Parses one statement with PostgreSQL's grammar, and accepts only the live subset. Throws
/// figure_refused.
select_tree parse_select(const std::string& sql);

/// Returns whether now() is in the expression.
bool has_clock(const expression& x);

/// Where the clock can stand.
constexpr const char* window_advice =
    "now() in a condition joined by AND: column > now() - interval '5 minutes'; or a bucket (to_char, "
    "date_trunc) with a ttl";

/// The end of most advice.
constexpr const char* batch_later =
    "(or add `every 60s` to the target line: any query that PostgreSQL takes runs as a batch)";

} // namespace millrace
