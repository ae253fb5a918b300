#pragma once

/// Tables, entities, routes and one plan per figure, as plain data. The planner fills them in; the
/// router and the cells execute them.

#include "actors/postgres/catalog.hpp"
#include "messages/units.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A table that figures read, or whose primary key is a figure's entity.
struct table_plan {
  postgres::table table;
  bool captured = true; ///< a figure reads its rows, so it has a change topic
};

/// How a table's rows reach the cells of an entity.
struct route {
  table_id table;
  entity_id entity;              ///< has the number of the table whose key it is
  bool own = false;              ///< by the table's own primary key: counts records, writes projections
  std::vector<std::uint16_t> by; ///< the table's columns that hold the entity's key, in key order
  /// The columns that a batch contains. Those that the cell stores come first.
  std::vector<std::uint16_t> columns;
  std::uint16_t kept = 0; ///< how many of `columns` the cell stores
};

/// Which table of a figure a column belongs to.
enum class side : std::uint8_t { child, parent };

/// A column as a figure uses it: `column` indexes its route's `columns`.
struct column_use {
  side from = side::child;
  std::uint16_t column = 0;
  postgres::column_type type = postgres::column_type::other;
  int scale = 0; ///< numeric
};

enum class comparison : std::uint8_t { eq, ne, lt, le, gt, ge };

/// A constant in its column's form. Numerics and integers have a scale of their own.
struct constant {
  value content;
  int scale = 0;
};

/// A condition over one row, in SQL's three-valued logic. All its columns are of one side.
struct predicate {
  enum class kind : std::uint8_t {
    compare_constant, ///< column cmp constants[0]
    compare_column,   ///< column cmp other
    in,               ///< column = any of constants (NOT IN is a negation of this)
    between,          ///< constants[0] <= column <= constants[1]
    is_null,
    is_not_null,
    is_true,     ///< a boolean column alone
    like_prefix, ///< text begins with constants[0]
    negation,    ///< NOT terms[0]
    disjunction, ///< terms[0] OR terms[1] ...
    conjunction, ///< terms[0] AND terms[1] ...
    window,      ///< column cmp now() - constants[0], which is in microseconds. Never under OR or NOT
  };
  kind what = kind::is_true;
  column_use column, other;
  comparison cmp = comparison::eq;
  std::vector<constant> constants;
  std::vector<predicate> terms;
};

/// A group key: a column, or a time bucket of one.
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
  int scale = 0;                   ///< of the values summed: the sum of the factors' scales
  postgres::column_type type = postgres::column_type::bigint; ///< of the result, as in PostgreSQL
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
  std::uint16_t index = 0; ///< into keys, aggregates, or (projection) the own route's columns
  postgres::column_type type = postgres::column_type::other;
  int scale = 0;
};

/// The template of a key, field or member: literals and output columns.
struct name_template {
  struct piece {
    std::string literal;                 ///< used if `output` is empty
    std::optional<std::uint16_t> output; ///< index into figure_plan::outputs
  };
  std::vector<piece> pieces;
  bool encode = false; ///< percent-encode `:` and `%` of text values
};

/// `alert` has no place of its own: each row of the result is a subject, named by `key`.
enum class target_kind : std::uint8_t { string, hash, hash_field, zset, json, alert };

/// What an alert's line says besides its name.
struct alert_rule {
  std::string severity = "warning"; ///< info, warning or critical
  std::uint32_t for_seconds = 0;    ///< a subject is pending for so long before it fires
  std::uint32_t keep_seconds = 0;   ///< and recovering for so long before it is resolved
  bool at_first = false;            ///< rows that match when the alert is declared fire too
  bool operator==(const alert_rule&) const = default;
};

struct target {
  target_kind what = target_kind::string;
  name_template key;
  name_template member;    ///< hash field or zset member
  std::uint16_t shown = 0; ///< string, field: the output shown; zset: the score
  std::uint32_t ttl_seconds = 0;
  std::optional<alert_rule> alert; ///< alert; ttl_seconds is then that of a resolved subject
  std::string events, notify;      ///< stream and channel that get each change of a place; empty: none
  std::uint32_t events_maxlen = 0; ///< entries that the stream keeps, about
  std::string newest; ///< the key that holds a copy of the place with the greatest key; empty: none
};

enum class figure_kind : std::uint8_t { projection, keyed, rolled_up };

struct figure_plan {
  std::string name;
  std::string file; ///< of its declaration
  int line = 0;
  std::string sql; ///< the figure's own text, without the target line
  std::string target_line;
  figure_kind what = figure_kind::projection;
  entity_id entity;
  route_id child;                 ///< the rows that are aggregated (or shown)
  std::optional<route_id> parent; ///< join: the entity's own route
  std::vector<predicate> where;   ///< a conjunction; each term has columns of one side
  std::vector<key_expression> keys;
  std::vector<aggregate> aggregates; ///< those shown, then at most one that only HAVING uses
  std::optional<having_condition> having;
  std::vector<output_column> outputs; ///< in the query's order
  target place;
  /// The key whose bucket closes, for a rolled-up figure with ttl.
  std::optional<std::uint16_t> time_key;
  std::uint64_t version = 0; ///< a hash of the plan
  std::uint32_t refills = 0; ///< how often the unchanged figure was filled again
};

/// Calls `f` for each condition with now(), those of FILTER included.
void for_each_window(const figure_plan& plan, const std::function<void(const predicate&)>& f);

/// A batch figure: PostgreSQL runs its query at set times, and each result replaces the last one.
struct batch_plan {
  std::string name;
  std::string file; ///< of its declaration
  int line = 0;
  std::string sql; ///< the figure's own text, without the target line
  std::string target_line;
  std::uint32_t every_seconds = 0;    ///< 0: `cron` says when it runs
  std::string cron;                   ///< five fields, UTC
  std::vector<output_column> outputs; ///< in the query's order, all of kind `column`
  target place;
  std::vector<std::string> volatiles; ///< functions that it calls by name, neither immutable nor stable
  std::uint64_t version = 0;          ///< a hash of everything that decides its result and its times
};

/// All figures of a project. Route, table, entity and figure IDs are indexes into it.
struct plan_set {
  std::vector<table_plan> tables;
  std::vector<route> routes; ///< includes every captured table's own route
  std::vector<figure_plan> figures;
  std::vector<batch_plan> batches; ///< cells know nothing of them
  std::string key_prefix; ///< precedes every key of a figure (already included there) and of a counter
  /// Returns a hash of everything on which state and positions depend.
  std::uint64_t fingerprint() const;
};

/// Marks the figure of this name to be filled again. Returns false if no figure has this name.
bool fill_again(plan_set& plans, const std::string& name);

/// Returns the plans as JSON text. The ledger stores it, so that a later node can find the places of
/// removed figures.
std::string to_json(const plan_set& plans);
/// Parses text that to_json() wrote. Throws std::runtime_error for any other text.
plan_set plans_from_json(const std::string& text);

} // namespace millrace
