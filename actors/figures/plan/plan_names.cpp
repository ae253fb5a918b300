/// Resolves names with the catalog: tables that Debezium can capture, and columns that the stream contains.

#include "actors/figures/plan/plan_draft.hpp"
#include "messages/visible.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using postgres::table_kind;
using postgres::written_name;

const postgres::table* look_up(const table_reference& from, const figure_context& with) {
  auto in = [&](const std::string& schema) -> const postgres::table* {
    auto at = std::find_if(with.catalog.begin(), with.catalog.end(),
                           [&](auto& x) { return x.schema == schema && x.name == from.name; });
    return at == with.catalog.end() ? nullptr : &*at;
  };
  if (!from.schema.empty())
    return in(from.schema);
  for (auto& schema : with.schemas)
    if (auto* found = in(schema))
      return found;
  return nullptr;
}

/// Returns what a table is that can't be captured, and what to read instead.
std::pair<const char*, const char*> why_not(table_kind kind) {
  switch (kind) {
  case table_kind::view:
    return {"a view: nothing is written to it", "the table that it reads"};
  case table_kind::partitioned:
    return {"a partitioned table", "an ordinary table"};
  case table_kind::partition:
    return {"a partition", "an ordinary table"};
  case table_kind::foreign:
    return {"a foreign table: its changes aren't in this database's log", "a table of this database"};
  default:
    return {"unlogged, or has tables that inherit from it", "a logged table that stands alone"};
  }
}

void check_kind(const postgres::table& table, int at) {
  if (table.kind == table_kind::ordinary)
    return;
  auto [what, advice] = why_not(table.kind);
  refuse_figure(at, sql_name(table) + " is " + what, advice);
}

/// Refuses such a table: Debezium's task fails on it (3.6.3: a NullPointerException), whatever columns
/// figures use.
void check_domains(const postgres::table& table, int at) {
  for (auto& column : table.columns)
    if (column.domain && column.type == postgres::column_type::enumeration)
      refuse_figure(at,
                    sql_name(table) + "'s column " + column.name + " is of a domain over an enum ("
                        + column.type_name + "), which Debezium can't read",
                    "ALTER TABLE " + sql_name(table) + " ALTER COLUMN " + written_name(column.name)
                        + " TYPE the enum itself");
}

/// Refuses a name with control characters. It would reach scripts, logs, topics and keys, where these have a
/// meaning.
void check_names(const postgres::table& table, int at) {
  auto refuse = [&](const std::string& what, const std::string& name) {
    refuse_figure(at, "the name of " + what + " " + visible(written_name(name)) + " has control characters",
                  "ALTER " + what.substr(what.find(' ') + 1) + " ... RENAME");
  };
  if (has_controls(table.schema))
    refuse("the schema", table.schema);
  if (has_controls(table.name))
    refuse("the table", table.name);
  for (auto& x : table.columns)
    if (has_controls(x.name))
      refuse_figure(at,
                    "the name of the column " + visible(written_name(x.name)) + " of " + sql_name(table)
                        + " has control characters",
                    "ALTER TABLE " + sql_name(table) + " RENAME COLUMN ...");
}

/// Returns the statement that makes the key not deferrable. PostgreSQL names an unnamed constraint
/// TABLE_pkey.
std::string plain_key(const postgres::table& table) {
  std::string columns;
  for (auto number : table.primary_key)
    columns += (columns.empty() ? "" : ", ") + written_name(table.columns[number].name);
  return "ALTER TABLE " + sql_name(table) + " DROP CONSTRAINT " + written_name(table.name + "_pkey")
         + ", ADD PRIMARY KEY (" + columns + ")";
}

void check_key(const postgres::table& table, int at) {
  auto name = sql_name(table);
  if (table.primary_key.empty())
    refuse_figure(at, name + " has no primary key", "ALTER TABLE " + name + " ADD PRIMARY KEY (...)");
  if (table.deferrable_key)
    refuse_figure(at, name + "'s primary key is deferrable, so its changes can't be ordered",
                  plain_key(table));
  for (auto number : table.primary_key) {
    auto& column = table.columns[number];
    if (!is_key_type(column) || column.generated)
      refuse_figure(at,
                    name + "'s primary key has the column " + column.name + " of type " + column.type_name
                        + (column.generated ? ", generated" : "") + ", which can't be a key here",
                    "a key of integers, numeric(p,s), text, uuid, dates or times");
  }
}

} // namespace

void refuse_figure(int at, std::string message, std::string advice) {
  throw figure_refused{at, std::move(message), std::move(advice), false};
}

void refuse_target(int at, std::string message, std::string advice) {
  throw figure_refused{at, std::move(message), std::move(advice), true};
}

std::string sql_name(const postgres::table& x) { return written_name(x.schema) + "." + written_name(x.name); }

const postgres::table& find_table(const table_reference& from, const figure_context& with) {
  auto* found = look_up(from, with);
  if (!found) {
    std::string path;
    for (auto& x : with.schemas)
      path += (path.empty() ? "" : ", ") + written_name(x);
    refuse_figure(from.at,
                  "there is no table " + (from.schema.empty() ? "" : written_name(from.schema) + ".")
                      + written_name(from.name) + (from.schema.empty() ? " in " + path : ""),
                  "a table's name, with its schema if it is another than " + path);
  }
  check_names(*found, from.at);
  check_kind(*found, from.at);
  check_domains(*found, from.at);
  check_key(*found, from.at);
  return *found;
}

found_column find_column(const expression& from, const std::vector<scope_table>& scope) {
  if (from.what != expression::kind::column || from.names.empty())
    refuse_figure(from.at, "an expression where a plain column should stand", "the column's name");
  auto& name = from.names.back();
  std::vector<found_column> found;
  for (auto& x : scope) {
    if (from.names.size() > 3 || (from.names.size() == 3 && (x.aliased || x.table->schema != from.names[0])))
      continue;
    if (from.names.size() > 1 && x.name != from.names[from.names.size() - 2])
      continue;
    if (auto number = x.table->find(name))
      found.push_back({&x, *number, from.at});
  }
  if (found.empty())
    refuse_figure(from.at, "there is no column " + name + " in " + sql_name(*scope.front().table)
                               + (scope.size() > 1 ? " or " + sql_name(*scope.back().table) : ""));
  if (found.size() > 1)
    refuse_figure(from.at, "the column " + name + " is in both tables",
                  scope.front().name + "." + name + " or " + scope.back().name + "." + name);
  return found.front();
}

void check_usable(const found_column& x) {
  auto& table = *x.of->table;
  if (x.it().generated)
    refuse_figure(x.at,
                  "the column " + x.it().name + " is generated: snapshots have it, the change stream doesn't",
                  "the columns that it is computed from");
  if (x.it().type == postgres::column_type::other)
    refuse_figure(x.at,
                  "the column " + x.it().name + " is of type " + x.it().type_name + ", which isn't supported",
                  "the other columns by name");
  if (x.it().unprintable_type)
    refuse_figure(x.at,
                  "the column " + x.it().name + " is of the type " + visible(x.it().type_name)
                      + ", whose name or labels have control characters",
                  "ALTER TYPE ... RENAME, or RENAME VALUE");
  if (may_be_toasted(x.it().type) && !table.full_identity)
    refuse_figure(x.at,
                  "the column " + x.it().name + " is of type " + x.it().type_name
                      + ": PostgreSQL leaves unchanged long values (TOAST) out of the WAL",
                  "ALTER TABLE " + sql_name(table) + " REPLICA IDENTITY FULL");
}

void check_key_type(const found_column& x, const std::string& use) {
  if (is_key_type(x.it()))
    return;
  auto loose = is_text(x.it().type);
  refuse_figure(x.at,
                "the column " + x.it().name + " of type " + x.it().type_name
                    + (loose ? " has a nondeterministic collation, and" : "") + " can't be " + use
                    + ": equal values may print differently",
                "integers, numeric(p,s), text, uuid, boolean, an enum, dates or times");
}

} // namespace millrace
