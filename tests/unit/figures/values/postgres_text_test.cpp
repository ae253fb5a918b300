// Random values of every type: our text and JSON are PostgreSQL's own.

#include "actors/figures/values/text.hpp"
#include "actors/figures/values/text_values.hpp"
#include "tests/unit/postgres_server.hpp"
#include "tests/unit/random_source.hpp"

#include "actors/figures/values/calendar.hpp"

#include <bit>
#include <cmath>

#define CAF_SUITE figures.postgres_text
#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

namespace {

/// Asks PostgreSQL for many expressions at once: one text each.
std::vector<std::string> answers(postgres::session& db, const std::vector<std::string>& expressions) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < expressions.size(); from += 500) {
    std::string sql = "VALUES ";
    for (auto i = from; i < std::min(from + 500, expressions.size()); ++i)
      sql += (i == from ? "(" : ",(") + expressions[i] + ")";
    auto rows = db.query_rows(sql);
    if (!rows)
      CAF_FAIL(rows.why().message);
    for (auto& x : rows->rows)
      out.push_back(x[0].value_or("NULL"));
  }
  return out;
}

double random_double(test::random_source& random) {
  switch (random.below(5)) {
  case 0:
    return std::ldexp(1.0, static_cast<int>(random.below(2098)) - 1074); // powers of two
  case 1:
    return static_cast<double>(random.between(-1'000'000'000, 1'000'000'000)) / 1000;
  case 2:
    return static_cast<double>(random.between(-9'007'199'254'740'993, 9'007'199'254'740'993)) * 16;
  case 3:
    return std::ldexp(static_cast<double>(random.below(64)), static_cast<int>(random.below(1000)) - 500);
  default:
    return std::bit_cast<double>(random.bits());
  }
}

float random_float(test::random_source& random) {
  switch (random.below(3)) {
  case 0:
    return std::ldexp(1.0F, static_cast<int>(random.below(277)) - 149);
  case 1:
    return static_cast<float>(random.between(-20'000'000, 20'000'000)) / 8;
  default:
    return std::bit_cast<float>(static_cast<std::uint32_t>(random.bits()));
  }
}

/// Whether a text is read as the value it was printed from. A column's numeric
/// has 18 digits at most, while sums that are printed have more.
bool reads_back(const value& x, column_type type, int scale) {
  constexpr std::int64_t most = 999'999'999'999'999'999;
  if (type == column_type::numeric && (std::get<std::int64_t>(x) > most || std::get<std::int64_t>(x) < -most))
    return true;
  postgres::column of;
  of.type = type;
  of.scale = scale;
  auto read = value_from_text(to_text(x, type, scale), of);
  return read && *read == x;
}

} // namespace

CAF_TEST(text and JSON of random values are what PostgreSQL prints) {
  test::random_source random;
  auto server = test::postgres_server::start(15620);
  auto db = postgres::session::open(server->settings());
  CAF_REQUIRE(static_cast<bool>(db));
  std::vector<std::string> expressions, expected;
  auto expect = [&](std::string sql, std::string text) {
    expressions.push_back("(" + std::move(sql) + ")::text");
    expected.push_back(std::move(text));
  };
  auto both = [&](const std::string& sql, const value& x, column_type type, int scale) {
    if (!reads_back(x, type, scale))
      CAF_ERROR(to_text(x, type, scale) << " isn't read as what it is (seed " << random.seed() << ")");
    expect(sql, to_text(x, type, scale));
    expect("to_json(" + sql + ")", to_json_text(x, type, scale));
  };
  auto cases = test::cases(4000);
  for (std::size_t i = 0; i < cases; ++i) {
    auto d = random_double(random);
    char exact[64];
    std::snprintf(exact, sizeof(exact), "'%.17g'::float8", d);
    both(exact, text_of_double(d), column_type::double_precision, 0);
    auto f = random_float(random);
    std::snprintf(exact, sizeof(exact), "'%.9g'::float4", static_cast<double>(f));
    both(exact, text_of_float(f), column_type::real, 0);
    auto at = random.between(-62'200'000'000, 300'000'000'000) * 1'000'000
              + (random.one_in(2) ? 0 : random.between(0, 999'999));
    auto sql = "(timestamp '1970-01-01' + " + std::to_string(at / 86'400'000'000) + " * interval '1 day' + "
               + std::to_string(at % 86'400'000'000) + " * interval '1 microsecond')";
    both(sql, at, column_type::timestamp, 0);
    both(sql + "::timestamptz", at, column_type::timestamptz, 0);
    both("(" + sql + ")::date", floor_div(at, microseconds_per_day), column_type::date, 0);
    both("(" + sql + ")::time", floor_mod(at, microseconds_per_day), column_type::time, 0);
    auto n = static_cast<std::int64_t>(random.bits()) >> random.below(63);
    both("'" + std::to_string(n) + "e-5'::numeric(30,5)", n, column_type::numeric, 5);
    std::string text;
    for (auto length = random.below(6); length-- > 0;)
      text += static_cast<char>(random.between(1, 126));
    std::string quoted;
    for (auto c : text)
      quoted += c == '\'' ? std::string("''") : std::string(1, c);
    both("'" + quoted + "'::text", text, column_type::text, 0);
  }
  auto got = answers(*db, expressions);
  CAF_REQUIRE_EQUAL(got.size(), expected.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (got[i] != expected[i] && ++wrong <= 10)
      CAF_ERROR(expressions[i] << " is " << got[i] << ", not " << expected[i] << " (seed " << random.seed()
                               << ")");
  CAF_CHECK_EQUAL(wrong, 0u);
}
