/// Reads the catalog: tables, columns, keys, and the columns of a query.

#include "actors/postgres/connection.hpp"
#include "messages/visible.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace millrace::postgres {

namespace {

constexpr auto tables_sql = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.relreplident = 'f',
  c.relpersistence = 'u' OR (c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

// A domain counts as its base type, with the modifier of the outermost domain that has one.
constexpr auto columns_sql = R"(
WITH RECURSIVE col AS (
  SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.attgenerated <> '' AS generated, a.attcollation,
         a.atttypid AS type, a.atttypmod AS modifier, format_type(a.atttypid, a.atttypmod) AS shown
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
), base AS (
  SELECT col.*, 0 AS depth FROM col
  UNION ALL
  SELECT b.attrelid, b.attnum, b.attname, b.attnotnull OR t.typnotnull, b.generated, b.attcollation, t.typbasetype,
         CASE WHEN b.modifier >= 0 THEN b.modifier ELSE t.typtypmod END, b.shown, b.depth + 1
  FROM base b JOIN pg_type t ON t.oid = b.type AND t.typtype = 'd'
)
SELECT DISTINCT ON (b.attrelid, b.attnum) b.attrelid, b.attname, b.type, b.modifier, b.shown, b.attnotnull,
       b.generated, coalesce(l.collisdeterministic, true), t.typtype, b.depth > 0,
       (SELECT string_agg(e.enumlabel::text, '') FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM base b JOIN pg_type t ON t.oid = b.type LEFT JOIN pg_collation l ON l.oid = b.attcollation
ORDER BY b.attrelid, b.attnum, b.depth DESC)";

constexpr auto primary_keys_sql = R"(
SELECT k.conrelid, k.condeferrable, a.attname
FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY AS u (attnum, place), pg_attribute a
WHERE k.contype = 'p' AND a.attrelid = k.conrelid AND a.attnum = u.attnum
ORDER BY k.conrelid, u.place)";

constexpr auto foreign_keys_sql = R"(
SELECT k.conrelid, k.oid, n.nspname, c.relname, a.attname, r.attname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
     unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (mine, theirs, place), pg_attribute a, pg_attribute r
WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND a.attnum = u.mine AND r.attrelid = k.confrelid
  AND r.attnum = u.theirs
ORDER BY k.conrelid, k.conname COLLATE "C", k.oid, u.place)";

using tables_by_oid = std::map<std::string, table>;

/// `apart`: the table is unlogged, or other tables inherit from it.
table_kind kind_of(const std::string& relkind, bool is_partition, bool apart) {
  if (relkind == "v" || relkind == "m")
    return table_kind::view;
  if (relkind == "f")
    return table_kind::foreign;
  if (relkind == "p")
    return table_kind::partitioned;
  if (apart)
    return table_kind::other;
  return is_partition ? table_kind::partition : table_kind::ordinary;
}

/// PostgreSQL's OIDs of its own types are fixed (pg_type.dat).
column_type type_of(std::uint32_t oid, char typtype) {
  switch (oid) {
  case 16:
    return column_type::boolean;
  case 17:
    return column_type::bytea;
  case 20:
    return column_type::bigint;
  case 21:
    return column_type::smallint;
  case 23:
    return column_type::integer;
  case 25:
    return column_type::text;
  case 114:
    return column_type::json;
  case 700:
    return column_type::real;
  case 701:
    return column_type::double_precision;
  case 1042:
    return column_type::bpchar;
  case 1043:
    return column_type::varchar;
  case 1082:
    return column_type::date;
  case 1083:
    return column_type::time;
  case 1114:
    return column_type::timestamp;
  case 1184:
    return column_type::timestamptz;
  case 1700:
    return column_type::numeric_unscaled;
  case 2950:
    return column_type::uuid;
  case 3802:
    return column_type::jsonb;
  default:
    return typtype == 'e' ? column_type::enumeration : column_type::other;
  }
}

/// numeric's modifier contains the precision and an 11-bit signed scale (PostgreSQL 15).
template <class Column>
void read_numeric(Column& into, int modifier) {
  if (into.type != column_type::numeric_unscaled || modifier < 4)
    return;
  into.precision = ((modifier - 4) >> 16) & 0xffff;
  into.scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (into.scale >= 0 && into.scale <= into.precision && into.precision <= 18)
    into.type = column_type::numeric;
}

/// The modifier of a time type is the number of its fractional digits.
void read_fraction(column& into, int modifier) {
  auto of_times = into.type == column_type::timestamp || into.type == column_type::timestamptz
                  || into.type == column_type::time;
  if (of_times && modifier >= 0)
    into.fraction = modifier;
}

std::string text_at(const pg_result& from, int row, int column) {
  return field_of(from.get(), row, column).value_or("");
}

std::uint32_t number_of(const std::string& text) {
  return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
}

void add_columns(const pg_result& from, tables_by_oid& to) {
  for (int i = 0; i < PQntuples(from.get()); ++i) {
    auto at = to.find(text_at(from, i, 0));
    if (at == to.end())
      continue;
    column x;
    x.name = text_at(from, i, 1);
    x.type = type_of(number_of(text_at(from, i, 2)), text_at(from, i, 8)[0]);
    auto modifier = std::atoi(text_at(from, i, 3).c_str());
    read_numeric(x, modifier);
    read_fraction(x, modifier);
    x.type_name = text_at(from, i, 4);
    x.not_null = text_at(from, i, 5) == "t";
    x.generated = text_at(from, i, 6) == "t";
    x.deterministic = text_at(from, i, 7) == "t";
    x.domain = text_at(from, i, 9) == "t";
    x.unprintable_type = has_controls(x.type_name) || has_controls(text_at(from, i, 10));
    at->second.columns.push_back(std::move(x));
  }
}

void add_primary_keys(const pg_result& from, tables_by_oid& to) {
  for (int i = 0; i < PQntuples(from.get()); ++i)
    if (auto at = to.find(text_at(from, i, 0)); at != to.end()) {
      at->second.deferrable_key = text_at(from, i, 1) == "t";
      if (auto column = at->second.find(text_at(from, i, 2)))
        at->second.primary_key.push_back(*column);
    }
}

void add_foreign_keys(const pg_result& from, tables_by_oid& to) {
  std::string last;
  for (int i = 0; i < PQntuples(from.get()); ++i) {
    auto at = to.find(text_at(from, i, 0));
    if (at == to.end())
      continue;
    auto& keys = at->second.foreign_keys;
    if (auto key = text_at(from, i, 1); key != last) {
      keys.push_back({{}, text_at(from, i, 2), text_at(from, i, 3), {}});
      last = key;
    }
    if (auto column = at->second.find(text_at(from, i, 4)))
      keys.back().columns.push_back(*column);
    keys.back().referred.push_back(text_at(from, i, 5));
  }
}

} // namespace

result<std::vector<table>> session::load_catalog() {
  std::vector<pg_result> read;
  for (auto sql : {tables_sql, columns_sql, primary_keys_sql, foreign_keys_sql}) {
    auto done = impl_->run(sql);
    if (!done)
      return done.why();
    read.push_back(std::move(*done));
  }
  tables_by_oid by_oid;
  std::vector<std::string> order;
  for (int i = 0; i < PQntuples(read[0].get()); ++i) {
    auto& x = by_oid[order.emplace_back(text_at(read[0], i, 0))];
    x.schema = text_at(read[0], i, 1);
    x.name = text_at(read[0], i, 2);
    x.kind = kind_of(text_at(read[0], i, 3), text_at(read[0], i, 4) == "t", text_at(read[0], i, 6) == "t");
    x.full_identity = text_at(read[0], i, 5) == "t";
  }
  add_columns(read[1], by_oid);
  add_primary_keys(read[2], by_oid);
  add_foreign_keys(read[3], by_oid);
  std::vector<table> out;
  for (auto& oid : order)
    out.push_back(std::move(by_oid[oid]));
  return out;
}

result<description> session::describe(const std::string& sql) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  auto* db = impl_->db.get();
  description out;
  // An unnamed statement: the next one replaces it.
  pg_result prepared(PQprepare(db, "", sql.c_str(), 0, nullptr));
  if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
    auto why = error_of(db, prepared.get());
    if (why.code == errc::unavailable)
      return why;
    auto field = [&](int what) {
      auto* text = PQresultErrorField(prepared.get(), what);
      return std::string(text ? text : "");
    };
    out.refused = {field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_MESSAGE_HINT),
                   std::atoi(field(PG_DIAG_STATEMENT_POSITION).c_str())};
    return out;
  }
  pg_result described(PQdescribePrepared(db, ""));
  if (PQresultStatus(described.get()) != PGRES_COMMAND_OK)
    return error_of(db, described.get());
  for (int i = 0; i < PQnfields(described.get()); ++i) {
    auto oid = PQftype(described.get(), i);
    auto modifier = PQfmod(described.get(), i);
    auto shown = impl_->run("SELECT format_type($1::oid, $2::int), typtype FROM pg_type WHERE oid = $1::oid",
                            {std::to_string(oid), std::to_string(modifier)});
    if (!shown)
      return shown.why();
    described_column x;
    x.name = PQfname(described.get(), i);
    x.type = type_of(oid, PQntuples(shown->get()) == 1 ? text_at(*shown, 0, 1)[0] : 'b');
    read_numeric(x, modifier);
    x.type_name = text_at(*shown, 0, 0);
    x.table = PQftable(described.get(), i);
    x.number = static_cast<std::int16_t>(PQftablecol(described.get(), i));
    out.columns.push_back(std::move(x));
  }
  return out;
}

} // namespace millrace::postgres
