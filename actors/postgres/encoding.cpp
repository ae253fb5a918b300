#include "actors/postgres/encoding.hpp"

namespace millrace::postgres {

namespace {

/// Asks whether PostgreSQL can convert the encoding. From SQL_ASCII, whose bytes have no defined meaning, it
/// can't.
constexpr auto encoding_sql = R"(
SELECT getdatabaseencoding(), getdatabaseencoding() = 'UTF8' OR EXISTS (
  SELECT FROM pg_conversion WHERE condefault AND conforencoding = pg_char_to_encoding(getdatabaseencoding())
    AND contoencoding = pg_char_to_encoding('UTF8')))";

} // namespace

result<std::string> encoding_trouble(session& db) {
  auto rows = db.query_rows(encoding_sql);
  if (!rows)
    return rows.why();
  auto& row = rows->rows.at(0);
  if (row[1] == "t")
    return std::string();
  return "the database's encoding is " + row[0].value_or("unknown")
         + ", which PostgreSQL can't convert to UTF-8: a text beyond ASCII stops its figures. Move it to a "
           "database of ENCODING 'UTF8' (pg_dump --encoding with the encoding that the texts are really in, "
           "then restore)";
}

} // namespace millrace::postgres
