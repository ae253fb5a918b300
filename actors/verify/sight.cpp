#include "actors/verify/sight.hpp"

namespace millrace::verify {

namespace {

/// Returns the figures' tables as a SQL list. Empty if there are none.
std::string list_of(const plan_set& plans) {
  std::string out;
  for (auto& x : plans.tables)
    if (x.captured)
      out += (out.empty() ? "(" : ", (") + postgres::quoted_text(x.table.schema) + ", "
             + postgres::quoted_text(x.table.name) + ")";
  return out;
}

} // namespace

result<void> sees_every_row(postgres::session& sql, const plan_set& plans) {
  auto tables = list_of(plans);
  if (tables.empty())
    return {};
  auto hidden = sql.query_rows(
      "SELECT current_user, string_agg(n.nspname::text || '.' || c.relname::text, ', ' ORDER BY "
      "n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE row_security_active(c.oid) AND (n.nspname, c.relname) IN ("
      + tables + ")");
  if (!hidden)
    return hidden.why();
  auto& row = hidden->rows.at(0);
  if (!row[1])
    return {};
  auto role = row[0].value_or("");
  return error{errc::denied, "can't judge: row level security hides rows of " + *row[1] + " from the role "
                                 + role + "; a superuser runs: ALTER ROLE " + postgres::quoted_name(role)
                                 + " BYPASSRLS;"};
}

} // namespace millrace::verify
