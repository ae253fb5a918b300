#include "actors/project/preparation.hpp"

#include "messages/visible.hpp"

#include <algorithm>

namespace millrace::project {

namespace {

using postgres::quoted_name;
using postgres::quoted_text;

/// PostgreSQL 11 is the first version that publishes TRUNCATE.
constexpr int oldest_version = 110000;

table_name name_of(const postgres::table& x) { return {x.schema, x.name}; }

/// Returns SQL that runs `statement` unless `there` returns a row.
std::string unless(const std::string& there, const std::string& statement) {
  return "SELECT " + quoted_text(statement) + "\nWHERE NOT EXISTS (" + there + ") \\gexec";
}

/// Returns SQL that fails if the schema or a table in it belongs to a role that is neither the current one
/// nor a superuser, or if a table has triggers. Triggers, defaults and checks would run with the rights of
/// whoever runs the script.
std::string only_of_ours(const std::string& schema) {
  auto name = quoted_text(schema);
  auto body =
      "DECLARE found text; BEGIN"
      " SELECT pg_catalog.string_agg(DISTINCT r.rolname, ', ') INTO found FROM"
      " (SELECT nspowner AS owner FROM pg_catalog.pg_namespace WHERE nspname = "
      + name
      + " UNION ALL SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid = c.relnamespace WHERE n.nspname = "
      + name
      + ") o JOIN pg_catalog.pg_roles r ON r.oid = o.owner WHERE NOT r.rolsuper AND r.rolname <> "
        "current_user;"
        " IF found IS NOT NULL THEN RAISE EXCEPTION 'the schema % or a table in it belongs to the role %,"
        " whose triggers would run as you: run this as that role, or drop the schema', "
      + name
      + ", found; END IF;"
        " SELECT pg_catalog.string_agg(t.tgname, ', ') INTO found FROM pg_catalog.pg_trigger t"
        " JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n"
        " ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = "
      + name
      + "; IF found IS NOT NULL THEN RAISE EXCEPTION 'a table in the schema % has the triggers %, which would"
        " run as you: drop them', "
      + name + ", found; END IF; END";
  return "DO " + quoted_text(body) + ";\n";
}

/// Collects what the database lacks, with one function per subject.
class inquiry {
 public:
  inquiry(const facts& there, const names& of, const needs& needed, const logins& in)
      : there_(there), of_(of), needed_(needed), in_(in) {}

  std::vector<lack> all() {
    server();
    role(of_.debezium_role, there_.debezium, in_.debezium, "debezium_password", true);
    if (of_.node_role != of_.debezium_role)
      role(of_.node_role, there_.node, in_.node, "node_password", false);
    own_tables();
    identities();
    publication();
    rights();
    return std::move(out_);
  }

 private:
  void add(std::string what, std::string sql, bool in_transaction = true) {
    out_.push_back({visible(what), std::move(sql), in_transaction});
  }

  std::string named(const table_name& x) const { return sql_name(x, there_.keywords); }

  void server() {
    if (there_.standby)
      add("this server is a standby: a slot is made on the primary, give its address", "");
    if (there_.version < oldest_version)
      add("this server is older than PostgreSQL 11: it doesn't tell of TRUNCATE", "");
    if (!there_.encoding_trouble.empty())
      add(there_.encoding_trouble, "");
    if (there_.wal_level != "logical")
      add("wal_level is " + there_.wal_level
              + "; reading changes from the log takes logical. PostgreSQL has to be started again after this "
                "(with a "
                "provider it is a parameter of theirs, such as rds.logical_replication)",
          "ALTER SYSTEM SET wal_level = 'logical';", false);
    if (there_.slot_database.empty() && there_.slots_taken >= there_.slots)
      add("all " + std::to_string(there_.slots)
              + " replication slots are taken; PostgreSQL has to be started again after this",
          "ALTER SYSTEM SET max_replication_slots = " + std::to_string(there_.slots_taken + 4) + ";", false);
    if (there_.senders < 1 || there_.senders < there_.slots_taken + 1)
      add("max_wal_senders is " + std::to_string(there_.senders)
              + ", too few for one more reader; PostgreSQL has to be started again after this",
          "ALTER SYSTEM SET max_wal_senders = " + std::to_string(there_.slots_taken + 5) + ";", false);
    if (!there_.slot_database.empty() && there_.slot_database != there_.database)
      add("the replication slot " + of_.slot + " belongs to the database " + there_.slot_database
              + ": a project of this name is there. Choose another name for this one (MILLRACE_PROJECT)",
          "");
  }

  void role(const std::string& name, const role_facts& has, bool gets_in, const std::string& password,
            bool replicates) {
    auto wanted = std::string(" LOGIN") + (replicates ? " REPLICATION" : "");
    if (!has.exists)
      add("there is no role " + name
              + (replicates ? ", as which Debezium reads the log" : ", as which a node reads"),
          unless("SELECT FROM pg_roles WHERE rolname = " + quoted_text(name),
                 "CREATE ROLE " + quoted_name(name) + wanted));
    else if (!has.login || (replicates && !has.replication))
      add("the role " + name + " may not " + (has.login ? "read the log (REPLICATION)" : "log in"),
          "ALTER ROLE " + quoted_name(name) + wanted + ";");
    if (!has.exists || !gets_in)
      add(has.exists ? "the role " + name + " can't log in with the password that the settings have"
                     : "the role " + name + " has no password yet",
          "ALTER ROLE " + quoted_name(name) + " PASSWORD :'" + password + "';");
  }

  void own_tables() {
    auto schema = quoted_name(of_.own_schema);
    auto guard = only_of_ours(of_.own_schema);
    if (auto& strangers = there_.strangers; !strangers.empty())
      add("the schema " + of_.own_schema + " or a table in it belongs to " + strangers
              + ", who could run code as whoever writes there: drop the schema, or give it to an "
                "administrator",
          guard);
    if (!there_.own_schema)
      add("there is no schema " + of_.own_schema + " for Millrace's own two tables",
          "CREATE SCHEMA IF NOT EXISTS " + schema + ";\n" + guard);
    if (!there_.signal_table)
      add("there is no table " + of_.own_schema + ".debezium_signal, by which a snapshot is asked for",
          guard + "CREATE TABLE IF NOT EXISTS " + schema
              + ".debezium_signal (id varchar(64) PRIMARY KEY, type varchar(32), data text);\nALTER TABLE "
              + schema + ".debezium_signal REPLICA IDENTITY FULL;");
    if (!there_.anchor_table)
      add("there is no table " + of_.own_schema + ".anchor, whose one row tells where a snapshot begins",
          guard + "CREATE TABLE IF NOT EXISTS " + schema
              + ".anchor (id integer PRIMARY KEY CHECK (id = 1), note text);\nALTER TABLE " + schema
              + ".anchor REPLICA IDENTITY FULL;");
    if (!there_.anchor_row)
      add("the table " + of_.own_schema + ".anchor lacks its row",
          guard + "INSERT INTO " + schema
              + ".anchor VALUES (1, 'Read by Millrace in every snapshot. Leave it here.') ON CONFLICT DO "
                "NOTHING;");
  }

  void identities() {
    for (auto& name : needed_.tables) {
      auto at = there_.tables.find(name);
      auto identity = at == there_.tables.end() ? 'd' : at->second.identity;
      if (identity == 'f' || (identity == 'd' && !needed_.full_identity.count(name)))
        continue;
      add("the log doesn't have the old rows of " + named(name) + ", which figures need",
          "ALTER TABLE " + named(name) + " REPLICA IDENTITY FULL;");
    }
  }

  void publication() {
    auto name = quoted_name(of_.slot);
    auto known = "SELECT FROM pg_publication WHERE pubname = " + quoted_text(of_.slot);
    if (!there_.publication)
      add("there is no publication " + of_.slot, unless(known, "CREATE PUBLICATION " + name));
    else if (!there_.publishes_all_changes)
      add("the publication " + of_.slot + " leaves some operations out",
          "ALTER PUBLICATION " + name + " SET (publish = 'insert, update, delete, truncate');");
    if (there_.publishes_all_tables)
      return;
    auto wanted = needed_.tables;
    wanted.emplace(of_.own_schema, "debezium_signal");
    wanted.emplace(of_.own_schema, "anchor");
    for (auto& table : wanted)
      if (!there_.published.count(table))
        add("the publication " + of_.slot + " lacks " + named(table),
            unless("SELECT FROM pg_publication_tables WHERE pubname = " + quoted_text(of_.slot)
                       + " AND schemaname = " + quoted_text(table.first)
                       + " AND tablename = " + quoted_text(table.second),
                   "ALTER PUBLICATION " + name + " ADD TABLE " + named(table)));
    if (!there_.publication && !there_.superuser && there_.user_may_create)
      add("the publication is " + there_.user
              + "'s, so that tables of new figures are added without asking again",
          "ALTER PUBLICATION " + name + " OWNER TO " + quoted_name(there_.user) + ";");
  }

  void rights() {
    rights_of(of_.debezium_role, there_.debezium, &table_facts::debezium_reads);
    every_row(of_.debezium_role, there_.debezium, &table_facts::debezium_misses);
    if (of_.node_role == of_.debezium_role)
      return;
    rights_of(of_.node_role, there_.node, &table_facts::node_reads);
    every_row(of_.node_role, there_.node, &table_facts::node_misses);
  }

  void rights_of(const std::string& name, const role_facts& has, bool table_facts::*reads) {
    auto role = quoted_name(name), schema = quoted_name(of_.own_schema);
    if (!has.own_schema || !has.anchor || !has.signals)
      add("the role " + name + " may not use Millrace's own tables",
          "GRANT USAGE ON SCHEMA " + schema + " TO " + role + ";\nGRANT SELECT ON ALL TABLES IN SCHEMA "
              + schema + " TO " + role + ";\nGRANT INSERT, DELETE ON " + schema + ".debezium_signal TO "
              + role + ";");
    std::string tables, schemas;
    std::set<std::string> seen;
    for (auto& table : needed_.tables) {
      auto at = there_.tables.find(table);
      if (at == there_.tables.end() || at->second.*reads)
        continue;
      tables += (tables.empty() ? "" : ", ") + named(table);
      if (seen.insert(table.first).second)
        schemas += (schemas.empty() ? "" : ", ") + sql_name(table.first, there_.keywords);
    }
    if (!tables.empty())
      add("the role " + name + " may not read " + tables, "GRANT USAGE ON SCHEMA " + schemas + " TO " + role
                                                              + ";\nGRANT SELECT ON " + tables + " TO " + role
                                                              + ";");
  }

  /// Policies would also filter the rows of a role that doesn't exist yet.
  void every_row(const std::string& name, const role_facts& has, bool table_facts::*misses) {
    std::string tables;
    for (auto& table : needed_.tables)
      if (auto at = there_.tables.find(table); at != there_.tables.end())
        if (has.exists ? at->second.*misses : at->second.row_security)
          tables += (tables.empty() ? "" : ", ") + named(table);
    if (!tables.empty())
      add("row level security hides rows of " + tables + " from the role " + name,
          "ALTER ROLE " + quoted_name(name) + " BYPASSRLS;");
  }

  const facts& there_;
  const names& of_;
  const needs& needed_;
  const logins& in_;
  std::vector<lack> out_;
};

std::string commented(const std::string& what) { return "-- " + visible(what) + ".\n"; }

/// Returns a file's path for psql's backquotes, which run a shell. Every character that ends the quotes, or
/// that psql or the shell would replace, is written as its octal number.
std::string shell_path(const std::string& file) {
  std::string out;
  for (unsigned char c : file) {
    auto plain = std::isalnum(c) || c >= 0x80
                 || std::string_view("_-./+,=@ ").find(static_cast<char>(c)) != std::string_view::npos;
    char octal[24];
    std::snprintf(octal, sizeof octal, "'\"$(printf '\\%03o')\"'", c);
    out += plain ? std::string(1, static_cast<char>(c)) : octal;
  }
  return "'" + out + "'";
}

/// Returns psql's command that sets a variable to a file's first line.
std::string read_from(const std::string& variable, const std::string& file) {
  return "\\if :{?" + variable + "}\n\\else\n  \\set " + variable + " `head -n 1 " + shell_path(file)
         + "`\n\\endif\n";
}

/// Returns a text as an argument of psql's commands, which interpret backslashes.
std::string psql_word(const std::string& text) {
  std::string out = "'";
  for (auto c : visible(text))
    out += c == '\'' ? "''" : c == '\\' ? "\\\\" : std::string(1, c);
  return out + "'";
}

} // namespace

prepared_plans plan_prepared(const std::vector<source_file>& files, std::vector<postgres::table> catalog,
                             const std::vector<std::string>& schemas, const database_answers& answers,
                             const std::string& key_prefix) {
  auto real = catalog;
  for (auto& table : catalog)
    table.full_identity = true;
  prepared_plans out;
  out.plans = plan_texts(files, catalog, schemas, answers, key_prefix);
  for (auto& x : out.plans.plans.tables)
    if (x.captured)
      out.needed.tables.insert(name_of(x.table));
  for (std::size_t i = 0; i < catalog.size(); ++i) {
    if (real[i].full_identity || !out.needed.tables.count(name_of(catalog[i])))
      continue;
    catalog[i].full_identity = false;
    if (!plan_texts(files, catalog, schemas, answers, key_prefix).refusals.empty())
      out.needed.full_identity.insert(name_of(catalog[i]));
    catalog[i].full_identity = true;
  }
  return out;
}

std::vector<lack> find_lacks(const facts& there, const names& of, const needs& needed, const logins& in) {
  return inquiry(there, of, needed, in).all();
}

std::string to_script(const std::vector<lack>& lacks, const facts& there, const names& of,
                      const std::string& secrets) {
  auto writes = [](auto& x) { return !x.sql.empty(); };
  std::string out = commented("What the database " + there.database
                              + " lacks so that Millrace can serve the project " + of.project)
                    + "-- For psql, as a superuser or as one who may do all of it; it may run again.\n";
  for (auto& x : lacks)
    if (x.sql.empty())
      out += commented("NOT BY SQL: " + x.what);
  if (std::none_of(lacks.begin(), lacks.end(), writes))
    return out + "-- Nothing is missing.\n";
  // A database can set another search_path, in which others' functions and operators hide PostgreSQL's.
  out += "\\set ON_ERROR_STOP on\nSET search_path = pg_catalog, pg_temp;\n";
  for (auto& [variable, file] :
       {std::pair<std::string, std::string>{"debezium_password", "MILLRACE_DEBEZIUM_PASSWORD"},
        {"node_password", "MILLRACE_NODE_PASSWORD"}})
    if (std::any_of(lacks.begin(), lacks.end(),
                    [&](auto& x) { return x.sql.find(":'" + variable) != x.sql.npos; }))
      out += read_from(variable, secrets + "/" + file);
  out += "SELECT current_database() <> " + quoted_text(there.database)
         + " AS wrong \\gset\n\\if :wrong\n  \\echo "
         + psql_word("This is for the database " + quoted_name(there.database) + ".")
         + "\n  \\quit\n\\endif\n\n";
  for (auto& x : lacks)
    if (writes(x) && !x.in_transaction)
      out += commented(x.what) + x.sql + "\n\n";
  out += "BEGIN ISOLATION LEVEL READ COMMITTED;\n\n";
  for (auto& x : lacks)
    if (writes(x) && x.in_transaction)
      out += commented(x.what) + x.sql + "\n\n";
  return out + "COMMIT;\n";
}

} // namespace millrace::project
