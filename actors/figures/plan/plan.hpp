#pragma once

/// What figures come to: tables, entities, routes and a plan per figure. Plain
/// data: the planner fills it, the router and the cells follow it.

#include "actors/postgres/catalog.hpp"
#include "messages/units.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A table that figures use, or whose key is some figure's entity.
struct table_plan {
  postgres::table table;
  bool captured = true; ///< some figure reads its rows: it has a change topic
};

/// The way of a table's rows to the cells of an entity.
struct route {
  table_id table;
  entity_id entity;              ///< entities are numbered like the tables whose keys they are
  bool own = false;              ///< by the table's own primary key: counts records, shows projections
  std::vector<std::uint16_t> by; ///< the table's columns that hold the entity's key, in key order
  /// The table's columns that travel, those that rest in the cell first.
  std::vector<std::uint16_t> columns;
  std::uint16_t kept = 0; ///< so many of `columns` rest in the cell
};

/// Which table of a figure a column belongs to.
enum class side : std::uint8_t { child, parent };

/// A column as a figure sees it: `column` indexes its route's `columns`.
struct column_use {
  side from = side::child;
  std::uint16_t column = 0;
  postgres::column_type type = postgres::column_type::other;
  int scale = 0; ///< numeric
};

enum class comparison : std::uint8_t { eq, ne, lt, le, gt, ge };

/// A constant in its column's form; numeric and integers keep a scale of their own.
struct constant {
  value content;
  int scale = 0;
};

/// A condition over one row, three-valued as in SQL. All columns of one side.
struct predicate {
  enum class kind : std::uint8_t {
    compare_constant, ///< column cmp constants[0]
    compare_column,   ///< column cmp other
    in,               ///< column = any of constants (NOT IN: under negation)
    between,          ///< constants[0] <= column <= constants[1]
    is_null,
    is_not_null,
    is_true,     ///< a boolean column by itself
    like_prefix, ///< text begins with constants[0]
    negation,    ///< NOT terms[0]
    disjunction, ///< terms[0] OR terms[1] ...
    conjunction, ///< terms[0] AND terms[1] ...
  };
  kind what = kind::is_true;
  column_use column, other;
  comparison cmp = comparison::eq;
  std::vector<constant> constants;
  std::vector<predicate> terms;
};

/// A group key: a column, or a bucket of it.
struct key_expression {
  enum class kind : std::uint8_t { column, date_trunc, to_char, coalesce };
  kind what = kind::column;
  column_use column;
  std::string argument; ///< date_trunc's unit, to_char's format
  constant fallback;    ///< coalesce's second argument, in the column's form
};

enum class aggregate_kind : std::uint8_t { count_rows, count, sum, avg, min, max };

struct aggregate {
  aggregate_kind what = aggregate_kind::count_rows;
  std::vector<column_use> factors; ///< none for count(*); two for a product
  std::vector<predicate> filter;   ///< FILTER, a conjunction; each term of one side
  int scale = 0;                   ///< of the values summed: the factors' scales added
  postgres::column_type type = postgres::column_type::bigint; ///< of the result as PostgreSQL has it
};

/// HAVING aggregates[aggregate] cmp bound.
struct having_condition {
  std::uint16_t aggregate = 0;
  comparison cmp = comparison::eq;
  constant bound;
};

/// A column of the query's result.
struct output_column {
  enum class kind : std::uint8_t { key, aggregate, column };
  std::string name;
  kind what = kind::column;
  std::uint16_t index = 0; ///< into keys, aggregates, or the own route's columns (projection)
  postgres::column_type type = postgres::column_type::other;
  int scale = 0;
};

/// A key, field or member with placeholders: literal and output column in turn.
struct name_template {
  struct piece {
    std::string literal;                 ///< used if `output` is empty
    std::optional<std::uint16_t> output; ///< index into figure_plan::outputs
  };
  std::vector<piece> pieces;
  bool encode = false; ///< percent-encode `:` and `%` of text values
};

enum class target_kind : std::uint8_t { string, hash, hash_field, zset, json };

struct target {
  target_kind what = target_kind::string;
  name_template key;
  name_template member;    ///< hash field or zset member
  std::uint16_t shown = 0; ///< string, field: the output shown; zset: the score
  std::uint32_t ttl_seconds = 0;
};

enum class figure_kind : std::uint8_t { projection, keyed, rolled_up };

struct figure_plan {
  std::string name;
  std::string file; ///< where it was declared
  int line = 0;
  std::string sql; ///< the figure's own text, without the target line
  std::string target_line;
  figure_kind what = figure_kind::projection;
  entity_id entity;
  route_id child;                 ///< the rows that are counted (or shown)
  std::optional<route_id> parent; ///< join: the entity's own route
  std::vector<predicate> where;   ///< a conjunction; each term of one side
  std::vector<key_expression> keys;
  std::vector<aggregate> aggregates; ///< those shown, then one only in HAVING, if any
  std::optional<having_condition> having;
  std::vector<output_column> outputs; ///< in the query's order
  target place;
  /// Rolled up with ttl: the key whose bucket closes.
  std::optional<std::uint16_t> time_key;
  std::uint64_t version = 0; ///< a hash of the plan
  std::uint32_t refills = 0; ///< how often the ledger's figure was filled again as it is
};

/// All figures of a project. Route, table, entity and figure ids index it.
struct plan_set {
  std::vector<table_plan> tables;
  std::vector<route> routes; ///< every captured table's own route among them
  std::vector<figure_plan> figures;
  std::string key_prefix; ///< before every key of a figure (there already) and of a counter
  /// Returns a hash of everything that state and positions depend on.
  std::uint64_t fingerprint() const;
};

/// Makes the figure of this name one that has to be filled again. Returns false if there is none.
bool fill_again(plan_set& plans, const std::string& name);

/// Returns the plans as JSON text, and back. A ledger keeps them, so that the
/// places of figures that have gone can be found again.
std::string to_json(const plan_set& plans);
/// Throws std::runtime_error on text that to_json() didn't write.
plan_set plans_from_json(const std::string& text);

} // namespace millrace
