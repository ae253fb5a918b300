#include "actors/fill/table_changes.hpp"

#include <algorithm>

namespace millrace {

namespace {

using postgres::column_facts;
using postgres::table_facts;

std::string joined(const std::vector<std::string>& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

std::string in_words(const std::string& relkind) {
  return relkind == "p"                     ? "a partitioned table"
         : relkind == "f"                   ? "a foreign table"
         : relkind == "v" || relkind == "m" ? "a view"
                                            : "no ordinary table";
}

std::string identity_in_words(const std::string& relreplident) {
  return relreplident == "f"   ? "FULL"
         : relreplident == "n" ? "NOTHING"
         : relreplident == "i" ? "USING INDEX"
                               : "DEFAULT";
}

void check_table(const table_facts& x, const table_needs& of, std::vector<complaint>& out) {
  auto& t = of.sql_name;
  if (x.kind != "r")
    out.push_back({t + " is " + in_words(x.kind) + " now", "millrace apply"});
  if (x.persistence == "u")
    out.push_back(
        {t + " is unlogged: its changes aren't in PostgreSQL's log", "ALTER TABLE " + t + " SET LOGGED"});
  if (!x.parent.empty())
    out.push_back({t + " is a partition of " + x.parent + " now",
                   "ALTER TABLE " + x.parent + " DETACH PARTITION " + t});
  for (auto& child : x.children)
    out.push_back({child + " inherits from " + t + ": a query of " + t + " reads both tables",
                   "ALTER TABLE " + child + " NO INHERIT " + t});
  if (x.key.empty())
    out.push_back({t + " has no primary key any more", "ALTER TABLE " + t + " ADD PRIMARY KEY (...)"});
  if (x.deferrable_key)
    out.push_back({"the primary key of " + t + " is deferrable: its changes can't be put in order",
                   "ALTER TABLE " + t + " DROP CONSTRAINT ..., ADD PRIMARY KEY (...)"});
}

void check_identity(const table_facts& x, const table_needs& of, std::vector<complaint>& out) {
  if (x.identity == "f" || (x.identity == "d" && !of.full_identity))
    return;
  out.push_back({of.sql_name + " has REPLICA IDENTITY " + identity_in_words(x.identity)
                     + ": changes come without the old rows that figures need",
                 "ALTER TABLE " + of.sql_name + " REPLICA IDENTITY FULL"});
}

void check_publication(const table_facts& x, const table_needs& of, std::vector<complaint>& out) {
  auto& t = of.sql_name;
  auto& p = of.publication;
  auto& has = x.publication;
  auto altered = "ALTER PUBLICATION " + p;
  if (!has.exists)
    return out.push_back(
        {"there is no publication " + p, "CREATE PUBLICATION " + p + "; " + altered + " ADD TABLE " + t});
  if (!has.leaves_out.empty())
    out.push_back({"the publication " + p + " leaves out " + joined(has.leaves_out),
                   altered + " SET (publish = 'insert, update, delete, truncate')"});
  if (!has.member)
    return out.push_back({"the publication " + p + " lacks " + t, altered + " ADD TABLE " + t});
  auto again = altered + " DROP TABLE " + t + "; " + altered + " ADD TABLE " + t;
  if (has.filters_rows)
    out.push_back({"the publication " + p + " has a row filter on " + t, again});
  if (!has.hides.empty())
    out.push_back(
        {"the publication " + p + " has a column list on " + t + " without " + joined(has.hides), again});
}

/// A reader's rights change no row, so reading the table again is enough once they are back.
void check_readers(const table_facts& x, const table_needs& of, std::vector<complaint>& out) {
  auto& t = of.sql_name;
  for (auto& reader : x.readers) {
    if (!reader.reads)
      out.push_back({"the role " + reader.role + " may not SELECT from " + t
                         + ": nobody can read it again or verify it",
                     "GRANT SELECT ON " + t + " TO " + reader.role,
                     {},
                     true});
    if (!reader.sees_all)
      out.push_back({"row level security hides rows of " + t + " from the role " + reader.role,
                     "ALTER ROLE " + reader.role + " BYPASSRLS",
                     {},
                     true});
  }
}

complaint dropped(const std::string& column, const table_needs& of) {
  return {"column " + column + " of " + of.sql_name + " was dropped or renamed", "millrace apply", {column}};
}

complaint retyped(const std::string& column, const std::string& was, const std::string& is,
                  const table_needs& of) {
  return {"column " + column + " of " + of.sql_name + " has the type " + is + " (it had " + was + ")",
          "millrace apply",
          {column}};
}

void compare_column(const std::string& name, const column_facts& was, const column_facts& is,
                    const table_needs& of, std::vector<complaint>& out) {
  auto column = "column " + name + " of " + of.sql_name;
  if (was.type != is.type || was.modifier != is.modifier)
    out.push_back(retyped(name, was.type_name, is.type_name, of));
  if (was.number != is.number)
    out.push_back({column + " was dropped and added again", "", {name}});
  if (was.collation != is.collation)
    out.push_back({column + " has another collation", "millrace apply", {name}});
  if (was.generated != is.generated)
    out.push_back({column
                       + (is.generated ? " is generated now: such values never come in the log"
                                       : " isn't generated any more"),
                   "millrace apply",
                   {name}});
  for (auto& [oid, label] : was.labels)
    if (auto at = is.labels.find(oid); was.type == is.type && at != is.labels.end() && at->second != label)
      out.push_back({column + ": the label '" + label + "' of its type " + is.type_name + " is '" + at->second
                         + "' now",
                     "",
                     {name}});
}

void compare_columns(const table_facts& before, const table_facts& now, const table_needs& of,
                     std::vector<complaint>& out) {
  for (auto& [name, _] : of.columns) {
    auto was = before.columns.find(name), is = now.columns.find(name);
    if (was == before.columns.end())
      continue;
    if (is == now.columns.end())
      out.push_back(dropped(name, of));
    else
      compare_column(name, was->second, is->second, of, out);
  }
}

/// Compares with the plans, which have only the names of the columns' types.
std::vector<complaint> other_than_planned(const table_facts& now, const table_needs& of) {
  std::vector<complaint> out;
  for (auto& [name, type] : of.columns)
    if (auto at = now.columns.find(name); at == now.columns.end())
      out.push_back(dropped(name, of));
    else if (at->second.type_name != type)
      out.push_back(retyped(name, type, at->second.type_name, of));
  return out;
}

} // namespace

std::vector<complaint> standing(const table_facts& now, const table_needs& needs) {
  std::vector<complaint> out;
  check_table(now, needs, out);
  check_identity(now, needs, out);
  check_publication(now, needs, out);
  check_readers(now, needs, out);
  for (auto& x : out)
    x.stands = true;
  return out;
}

std::vector<complaint> happened(const table_facts& before, const table_facts& now, const table_needs& needs) {
  std::vector<complaint> out;
  auto& t = needs.sql_name;
  if (before.oid != now.oid)
    out.push_back({"another table is " + t + " now (dropped and created again, or renamed)", ""});
  else if (before.file != now.file)
    out.push_back({t + " was rewritten (TRUNCATE, VACUUM FULL, CLUSTER or an ALTER TABLE)", "", {}, true});
  compare_columns(before, now, needs, out);
  if (before.key != now.key && !now.key.empty())
    out.push_back(
        {"the primary key of " + t + " is (" + joined(now.key) + ") (it was (" + joined(before.key) + "))",
         "millrace apply"});
  auto &was = before.publication, &is = now.publication;
  if (before.oid == now.oid && was.exists && is.exists && was.member && is.member
      && was.version != is.version)
    out.push_back(
        {"the publication " + needs.publication + " was altered: changes of " + t + " may not have come",
         ""});
  auto stands = standing(now, needs);
  for (auto& x : standing(before, needs))
    if (std::none_of(stands.begin(), stands.end(), [&](auto& y) { return y.what == x.what; }))
      out.push_back({x.what + " (until it was mended)", "", {}, x.rewritten});
  return out;
}

std::vector<complaint> complaints(const std::optional<table_facts>& before, const postgres::seen_table& now,
                                  const table_needs& needs) {
  if (!now.facts)
    return {{"there is no table " + needs.sql_name + " any more (dropped or renamed)",
             "millrace apply",
             {},
             false,
             true}};
  auto out = standing(*now.facts, needs);
  for (auto& x : before ? happened(*before, *now.facts, needs) : other_than_planned(*now.facts, needs))
    out.push_back(std::move(x));
  return out;
}

} // namespace millrace
