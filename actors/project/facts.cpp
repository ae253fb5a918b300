#include "actors/project/facts.hpp"

#include "actors/postgres/encoding.hpp"
#include "messages/visible.hpp"

#include <nlohmann/json.hpp>

namespace millrace::project {

namespace {

using json = nlohmann::json;

/// $schema and the like are literals: a role or table that doesn't exist yet gives NULL, not an error.
constexpr auto facts_sql = R"(
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = $schema),
     own_table AS (SELECT c.oid, c.relname FROM pg_class c JOIN own ON own.oid = c.relnamespace WHERE c.relkind = 'r'),
     signal AS (SELECT oid FROM own_table WHERE relname = 'debezium_signal'),
     anchor AS (SELECT oid FROM own_table WHERE relname = 'anchor'),
     role AS (
       SELECT rolname, json_build_object('login', rolcanlogin, 'replication', rolreplication OR rolsuper,
         'signals', (SELECT has_table_privilege(r.oid, s.oid, 'INSERT') AND has_table_privilege(r.oid, s.oid, 'DELETE')
                       AND has_table_privilege(r.oid, s.oid, 'SELECT') FROM signal s),
         'anchor', (SELECT has_table_privilege(r.oid, a.oid, 'SELECT') FROM anchor a),
         'own_schema', (SELECT has_schema_privilege(r.oid, own.oid, 'USAGE') FROM own)) AS facts
       FROM pg_roles r)
SELECT json_build_object(
  'database', current_database(), 'user', current_user,
  'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
  'may_create', has_database_privilege(current_database(), 'CREATE'),
  'standby', pg_is_in_recovery(), 'version', current_setting('server_version_num')::int,
  'wal_level', current_setting('wal_level'), 'slots', current_setting('max_replication_slots')::int,
  'slots_taken', (SELECT count(*) FROM pg_replication_slots WHERE slot_name <> $slot),
  'senders', current_setting('max_wal_senders')::int,
  'slot_database', (SELECT database FROM pg_replication_slots WHERE slot_name = $slot),
  'node', (SELECT facts FROM role WHERE rolname = $node),
  'debezium', (SELECT facts FROM role WHERE rolname = $debezium),
  'own_schema', EXISTS (SELECT FROM own), 'signal_table', EXISTS (SELECT FROM signal),
  'anchor_table', EXISTS (SELECT FROM anchor),
  'strangers', (SELECT string_agg(DISTINCT r.rolname::text, ', ')
                FROM (SELECT nspowner AS owner FROM pg_namespace WHERE nspname = $schema
                      UNION ALL SELECT c.relowner FROM pg_class c JOIN own_table t ON t.oid = c.oid) o
                JOIN pg_roles r ON r.oid = o.owner
                WHERE NOT r.rolsuper AND NOT r.rolcreaterole AND r.rolname <> current_user
                  AND r.oid <> (SELECT datdba FROM pg_database WHERE datname = current_database())),
  'publication', (SELECT json_build_object('all_tables', puballtables,
                    'all_changes', pubinsert AND pubupdate AND pubdelete AND pubtruncate)
                  FROM pg_publication WHERE pubname = $slot),
  'published', (SELECT json_agg(json_build_array(schemaname, tablename)) FROM pg_publication_tables WHERE pubname = $slot),
  'keywords', (SELECT json_agg(word) FROM pg_get_keywords() WHERE catcode <> 'U')))";

constexpr auto tables_sql = R"(
SELECT n.nspname, c.relname, c.relreplident, pg_table_size(c.oid),
       coalesce((SELECT has_table_privilege(r.oid, c.oid, 'SELECT') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
                 FROM pg_roles r WHERE r.rolname = $node), false),
       coalesce((SELECT has_table_privilege(r.oid, c.oid, 'SELECT') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
                 FROM pg_roles r WHERE r.rolname = $debezium), false),
       coalesce((SELECT c.relrowsecurity AND NOT $unbound FROM pg_roles r WHERE r.rolname = $node), false),
       coalesce((SELECT c.relrowsecurity AND NOT $unbound FROM pg_roles r WHERE r.rolname = $debezium), false),
       c.relrowsecurity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')";

/// The roles to which row-level security doesn't apply: PostgreSQL's own rule (check_enable_rls).
constexpr auto unbound = R"((r.rolsuper OR r.rolbypassrls
         OR (NOT c.relforcerowsecurity AND pg_has_role(r.oid, c.relowner, 'USAGE'))))";

std::string filled(std::string sql, const names& of) {
  for (auto& [place, value] :
       {std::pair<std::string, std::string>{"$schema", postgres::quoted_text(of.own_schema)},
        {"$slot", postgres::quoted_text(of.slot)},
        {"$node", postgres::quoted_text(of.node_role)},
        {"$debezium", postgres::quoted_text(of.debezium_role)},
        {"$unbound", unbound}})
    for (auto at = sql.find(place); at != sql.npos; at = sql.find(place, at)) {
      sql.replace(at, place.size(), value);
      at += value.size();
    }
  return sql;
}

bool flag(const json& from, const char* name) {
  return from.is_object() && from.contains(name) && from[name].is_boolean() && from[name].get<bool>();
}

role_facts role_of(const json& x) {
  return {x.is_object(),      flag(x, "login"),  flag(x, "replication"),
          flag(x, "signals"), flag(x, "anchor"), flag(x, "own_schema")};
}

facts read(const json& x) {
  facts out;
  out.database = x["database"];
  out.user = x["user"];
  out.superuser = flag(x, "superuser");
  out.user_may_create = flag(x, "may_create");
  out.standby = flag(x, "standby");
  out.version = x["version"];
  out.wal_level = x["wal_level"];
  out.slots = x["slots"];
  out.slots_taken = x["slots_taken"];
  out.senders = x["senders"];
  out.slot_database = x["slot_database"].is_string() ? x["slot_database"].get<std::string>() : "";
  out.node = role_of(x["node"]);
  out.debezium = role_of(x["debezium"]);
  out.own_schema = flag(x, "own_schema");
  out.signal_table = flag(x, "signal_table");
  out.anchor_table = flag(x, "anchor_table");
  out.strangers = x["strangers"].is_string() ? x["strangers"].get<std::string>() : "";
  out.publication = x["publication"].is_object();
  out.publishes_all_tables = flag(x["publication"], "all_tables");
  out.publishes_all_changes = flag(x["publication"], "all_changes");
  for (auto& name : x["published"].is_array() ? x["published"] : json::array())
    out.published.emplace(name[0], name[1]);
  out.keywords = x["keywords"].get<std::set<std::string>>();
  return out;
}

result<void> add_tables(postgres::session& db, const names& of, facts& to) {
  auto rows = db.query_rows(filled(tables_sql, of));
  if (!rows)
    return rows.why();
  for (auto& x : rows->rows) {
    auto text = [&](std::size_t i) { return x[i].value_or(""); };
    auto yes = [&](std::size_t i) { return text(i) == "t"; };
    to.tables[{text(0), text(1)}] = {
        text(2)[0], std::strtoull(text(3).c_str(), nullptr, 10), yes(4), yes(5), yes(8), yes(6), yes(7)};
  }
  return {};
}

/// Refuses names with control characters, because scripts and settings contain them.
result<void> check_names(const facts& there, const names& of) {
  for (auto& [what, name] : {std::pair<const char*, const std::string&>{"database", there.database},
                             {"role", there.user},
                             {"role", of.node_role},
                             {"role", of.debezium_role},
                             {"schema", of.own_schema}})
    if (has_controls(name))
      return error{errc::bad_setting, std::string("the name of the ") + what + " "
                                          + visible(postgres::quoted_name(name))
                                          + " has control characters, and isn't served: rename it"};
  return {};
}

} // namespace

result<facts> look_at(postgres::session& db, const names& of) {
  auto rows = db.query_rows(filled(facts_sql, of));
  if (!rows)
    return rows.why();
  auto out = read(json::parse(rows->rows.at(0)[0].value_or("{}")));
  if (auto named = check_names(out, of); !named)
    return named.why();
  if (auto added = add_tables(db, of, out); !added)
    return added.why();
  auto encoding = postgres::encoding_trouble(db);
  if (!encoding)
    return encoding.why();
  out.encoding_trouble = *encoding;
  // If the user can't read the table, assume that its row exists: the table's creator inserts it.
  if (out.anchor_table) {
    auto anchor =
        db.query_rows("SELECT 1 FROM " + postgres::quoted_name(of.own_schema) + ".anchor WHERE id = 1");
    out.anchor_row = !anchor || !anchor->rows.empty();
  }
  return out;
}

std::string sql_name(const std::string& name, const std::set<std::string>& keywords) {
  return keywords.count(name) ? postgres::quoted_name(name) : postgres::written_name(name);
}

std::string sql_name(const table_name& name, const std::set<std::string>& keywords) {
  return sql_name(name.first, keywords) + "." + sql_name(name.second, keywords);
}

} // namespace millrace::project
