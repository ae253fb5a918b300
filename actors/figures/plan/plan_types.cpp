/// Which types figures can use, and how (table in sql/README.md).

#include "actors/figures/plan/plan_draft.hpp"

namespace millrace {

using postgres::column_type;

bool is_integer(column_type x) {
  return x == column_type::smallint || x == column_type::integer || x == column_type::bigint;
}

bool is_number(column_type x) { return is_integer(x) || x == column_type::numeric; }

bool is_text(column_type x) { return x == column_type::text || x == column_type::varchar; }

bool is_key_type(const postgres::column& x) {
  switch (x.type) {
  case column_type::boolean:
  case column_type::uuid:
  case column_type::date:
  case column_type::timestamp:
  case column_type::timestamptz:
  case column_type::time:
  case column_type::enumeration:
    return true;
  case column_type::text:
  case column_type::varchar:
    return x.deterministic;
  default:
    return is_number(x.type);
  }
}

bool is_ordered(column_type x) {
  return is_number(x) || x == column_type::date || x == column_type::timestamp
         || x == column_type::timestamptz || x == column_type::time;
}

bool may_be_toasted(column_type x) {
  switch (x) {
  case column_type::text:
  case column_type::varchar:
  case column_type::bpchar:
  case column_type::json:
  case column_type::jsonb:
  case column_type::bytea:
  case column_type::numeric_unscaled:
    return true;
  default:
    return false;
  }
}

bool same_form(const postgres::column& a, const postgres::column& b) {
  if (is_integer(a.type) && is_integer(b.type))
    return true;
  if (is_text(a.type) && is_text(b.type))
    return true;
  if (a.type != b.type)
    return false;
  if (a.type == column_type::numeric)
    return a.scale == b.scale;
  return a.type != column_type::enumeration || a.type_name == b.type_name;
}

} // namespace millrace
