#pragma once

/// A live query as a small tree: what is left of PostgreSQL's grammar once all
/// but the live subset is refused. Names aren't resolved yet.

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
  std::string cast; ///< constant: the type it is cast to; empty: none
  std::vector<expression> args;
  std::vector<expression> filter; ///< none or one
  bool star_argument = false;
};

struct table_reference {
  std::string schema, name, alias; ///< schema and alias may be empty
  int at = 0;
};

struct select_item {
  expression what;
  std::string alias; ///< empty: PostgreSQL's own name for it
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

/// Parses one statement by PostgreSQL's grammar and white list. Throws
/// figure_refused.
select_tree parse_select(const std::string& sql);

/// What most advice ends with: what comes later can't be advised yet.
constexpr const char* batch_later =
    "(any query that PostgreSQL takes will run as a batch, every N seconds, with a later version)";

} // namespace millrace
