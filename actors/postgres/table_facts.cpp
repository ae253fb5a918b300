#include "actors/postgres/table_facts.hpp"

#include <nlohmann/json.hpp>

namespace millrace::postgres {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(column_facts, number, type, modifier, type_name, collation, generated,
                                   labels)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(publication_facts, exists, member, version, filters_rows, hides,
                                   leaves_out)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(reader_facts, role, reads, sees_all)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(table_facts, oid, file, kind, persistence, identity, parent, children, key,
                                   deferrable_key, columns, publication, readers)

namespace {

using json = nlohmann::json;

/// The JSON names are those of the structs. to_jsonb() of a catalog row gives NULL for a column that an
/// older server lacks.
constexpr auto facts_sql = R"(
WITH RECURSIVE wanted AS (
  SELECT w.schema, w.name, ARRAY(SELECT jsonb_array_elements_text(w.columns)) AS columns
  FROM jsonb_to_recordset($wanted) AS w (schema text, name text, columns jsonb)
), found AS (
  SELECT w.*, c.oid AS relid FROM wanted w JOIN pg_namespace n ON n.nspname = w.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), used AS (
  SELECT a.* FROM found f JOIN pg_attribute a ON a.attrelid = f.relid AND a.attname = ANY (f.columns)
  WHERE a.attnum > 0 AND NOT a.attisdropped
), base AS (
  SELECT DISTINCT atttypid AS outer_type, atttypid AS type FROM used
  UNION
  SELECT b.outer_type, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.type AND t.typtype = 'd'
), enum AS (
  SELECT b.outer_type, jsonb_object_agg(e.oid::text, e.enumlabel) AS labels
  FROM base b JOIN pg_enum e ON e.enumtypid = b.type GROUP BY 1
), cols AS (
  SELECT u.attrelid, jsonb_object_agg(u.attname, jsonb_build_object(
    'number', u.attnum, 'type', u.atttypid::bigint, 'modifier', u.atttypmod,
    'type_name', format_type(u.atttypid, u.atttypmod), 'collation', u.attcollation::bigint,
    'generated', u.attgenerated <> '', 'labels', coalesce(e.labels, '{}'))) AS columns
  FROM used u LEFT JOIN enum e ON e.outer_type = u.atttypid GROUP BY 1
), pub AS (
  SELECT oid, pubname, xmin::text AS version, to_jsonb(array_remove(ARRAY[
    CASE WHEN NOT pubinsert THEN 'insert' END, CASE WHEN NOT pubupdate THEN 'update' END,
    CASE WHEN NOT pubdelete THEN 'delete' END, CASE WHEN NOT pubtruncate THEN 'truncate' END], NULL)) AS leaves_out
  FROM pg_publication WHERE pubname = $publication
), member AS (
  SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $publication
), published AS (
  SELECT r.prrelid, pub.oid AS pubid, r.oid AS version, to_jsonb(r) ->> 'prqual' IS NOT NULL AS filters_rows,
    to_jsonb(r) -> 'prattrs' AS list
  FROM pg_publication_rel r JOIN pub ON pub.oid = r.prpubid
)
SELECT w.schema || '.' || w.name, format('%I.%I', w.schema, w.name), pg_current_wal_insert_lsn(),
  quote_ident($publication),
  CASE WHEN c.oid IS NOT NULL THEN jsonb_build_object(
    'oid', c.oid::bigint, 'file', c.relfilenode::bigint, 'kind', c.relkind::text,
    'persistence', c.relpersistence::text, 'identity', c.relreplident::text,
    'parent', coalesce((SELECT format('%I.%I', pn.nspname, p.relname) FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
      WHERE i.inhrelid = c.oid AND c.relispartition), ''),
    'children', to_jsonb(ARRAY(SELECT format('%I.%I', hn.nspname, h.relname) FROM pg_inherits i
      JOIN pg_class h ON h.oid = i.inhrelid JOIN pg_namespace hn ON hn.oid = h.relnamespace
      WHERE i.inhparent = c.oid ORDER BY 1)),
    'key', to_jsonb(ARRAY(SELECT a.attname::text FROM pg_constraint k,
      unnest(k.conkey) WITH ORDINALITY AS u (attnum, place), pg_attribute a
      WHERE k.contype = 'p' AND k.conrelid = c.oid AND a.attrelid = c.oid AND a.attnum = u.attnum ORDER BY u.place)),
    'deferrable_key', EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'p' AND k.conrelid = c.oid AND k.condeferrable),
    'columns', coalesce(cols.columns, '{}'),
    'publication', jsonb_build_object('exists', pub.oid IS NOT NULL, 'member', m.tablename IS NOT NULL,
      'version', coalesce(pub.version || ':' || coalesce(r.version::text, ''), ''),
      'filters_rows', coalesce(r.filters_rows, false), 'leaves_out', coalesce(pub.leaves_out, '[]'),
      'hides', to_jsonb(ARRAY(SELECT u.attname::text FROM used u WHERE u.attrelid = c.oid
        AND jsonb_typeof(r.list) = 'array' AND NOT r.list @> to_jsonb(u.attnum) ORDER BY 1))),
    'readers', coalesce((SELECT jsonb_agg(jsonb_build_object('role', quote_ident(l.rolname),
        'reads', has_schema_privilege(l.oid, n.oid, 'USAGE') AND NOT EXISTS (SELECT FROM used u
          WHERE u.attrelid = c.oid AND NOT has_column_privilege(l.oid, c.oid, u.attnum, 'SELECT')),
        'sees_all', NOT c.relrowsecurity OR l.rolsuper OR l.rolbypassrls
          OR pg_has_role(l.oid, c.relowner, 'USAGE') AND NOT c.relforcerowsecurity) ORDER BY l.rolname)
      FROM pg_roles l WHERE to_jsonb(l.rolname::text) <@ $roles), '[]')) END
FROM wanted w LEFT JOIN found f USING (schema, name) LEFT JOIN pg_class c ON c.oid = f.relid
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN cols ON cols.attrelid = c.oid LEFT JOIN pub ON true
LEFT JOIN member m ON m.schemaname = w.schema AND m.tablename = w.name LEFT JOIN published r ON r.prrelid = c.oid)";

std::string filled(std::string sql, const std::map<std::string, std::string>& literals) {
  for (auto& [place, value] : literals)
    for (auto at = sql.find(place); at != sql.npos; at = sql.find(place, at)) {
      sql.replace(at, place.size(), value);
      at += value.size();
    }
  return sql;
}

} // namespace

result<catalog_picture> look_at_tables(session& db, const std::vector<wanted_facts>& wanted,
                                       const std::string& publication,
                                       const std::vector<std::string>& roles) {
  auto list = json::array();
  for (auto& x : wanted)
    list.push_back({{"schema", x.schema}, {"name", x.name}, {"columns", x.columns}});
  auto rows = db.query_rows(filled(facts_sql, {{"$publication", quoted_text(publication)},
                                               {"$roles", quoted_text(json(roles).dump()) + "::jsonb"},
                                               {"$wanted", quoted_text(list.dump()) + "::jsonb"}}));
  if (!rows)
    return rows.why();
  catalog_picture out;
  for (auto& x : rows->rows) {
    auto& table = out.tables[x[0].value_or("")];
    table.sql_name = x[1].value_or("");
    out.at = std::max(out.at, lsn_from_text(x[2].value_or("")));
    out.publication = x[3].value_or("");
    if (x[4])
      table.facts = json::parse(*x[4]).get<table_facts>();
  }
  return out;
}

std::string to_json(const table_facts& x) { return json(x).dump(); }

std::optional<table_facts> table_facts_from_json(const std::string& text) {
  try {
    return json::parse(text).get<table_facts>();
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace millrace::postgres
