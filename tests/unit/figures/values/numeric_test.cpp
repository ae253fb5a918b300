// 256 bits against arithmetic that needs no proof, averages against PostgreSQL.

#include "actors/figures/values/numeric.hpp"
#include "tests/unit/postgres_server.hpp"
#include "tests/unit/random_source.hpp"

#define CAF_SUITE figures.numeric
#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

std::string random_digits(test::random_source& random, std::size_t most) {
  std::string out = random.one_in(2) ? "-" : "";
  out += static_cast<char>('1' + random.below(9));
  for (auto length = random.below(most); length-- > 0;)
    out += static_cast<char>('0' + (random.one_in(3) ? 9 : random.below(10)));
  return out;
}

std::string scaled_literal(const std::string& digits, int scale) {
  return "(" + digits + "e-" + std::to_string(scale) + ")";
}

} // namespace

CAF_TEST(a wide number prints the digits that it was read from) {
  test::random_source random;
  for (std::size_t i = 0; i < test::cases(2000); ++i) {
    auto digits = random_digits(random, 75);
    CAF_REQUIRE_EQUAL(to_text(wide_decimal{wide::from_text(digits), 0}), digits);
    CAF_REQUIRE(wide(wide::from_text(digits).limbs()) == wide::from_text(digits));
  }
}

CAF_TEST(limbs are the complement of two with the least significant first) {
  auto minus_one = wide(std::int64_t{-1}).limbs();
  for (auto limb : minus_one.limb)
    CAF_CHECK_EQUAL(limb, ~std::uint64_t{0});
  auto big = wide::from_text("18446744073709551617").limbs(); // 2^64 + 1
  CAF_CHECK_EQUAL(big.limb[0], 1u);
  CAF_CHECK_EQUAL(big.limb[1], 1u);
}

CAF_TEST(what is added and taken away again leaves nothing) {
  test::random_source random;
  wide sum;
  std::vector<wide> added;
  for (int i = 0; i < 1000; ++i)
    sum += added.emplace_back(wide::from_text(random_digits(random, 70)));
  for (auto& x : added)
    sum -= x;
  CAF_CHECK(sum == wide{});
}

CAF_TEST(products of two 18 - digit numbers are exact) {
  auto most = static_cast<int128>(999'999'999'999'999'999);
  CAF_CHECK_EQUAL(to_text(wide_decimal{wide(most * -most), 4}), "-99999999999999999800000000000000.0001");
}

CAF_TEST(decimals compare by value whatever their scales) {
  auto of = [](const char* digits, int scale) { return wide_decimal{wide::from_text(digits), scale}; };
  CAF_CHECK(compare(of("10", 1), of("100", 2)) == 0);
  CAF_CHECK(compare(of("-11", 1), of("-1", 0)) < 0);
  CAF_CHECK(compare(of("5", 20), of("-7", 0)) > 0);
}

CAF_TEST(an average has the scale and rounding of PostgreSQL) {
  auto avg = [](std::int64_t sum, int scale, std::int64_t count) {
    return to_text(average({wide(sum), scale}, count));
  };
  CAF_CHECK_EQUAL(avg(1, 0, 3), "0.33333333333333333333");
  CAF_CHECK_EQUAL(avg(0, 2, 5), "0.00000000000000000000");
  CAF_CHECK_EQUAL(avg(-1000000, 2, 3), "-3333.3333333333333333");
}

CAF_TEST(averages of random sums are what PostgreSQL prints) {
  test::random_source random;
  auto server = test::postgres_server::start(15625);
  auto db = postgres::session::open(server->settings());
  CAF_REQUIRE(static_cast<bool>(db));
  std::string sql = "VALUES ('')";
  std::vector<std::string> expected{""};
  for (std::size_t i = 0; i < test::cases(4000); ++i) {
    auto scale = static_cast<int>(random.below(random.one_in(2) ? 4 : 37));
    auto digits = random.one_in(20) ? std::string("0") : random_digits(random, random.one_in(2) ? 12 : 55);
    auto count = 1 + static_cast<std::int64_t>(random.bits() >> (1 + random.below(63))) / 2;
    sql += ",((" + scaled_literal(digits, scale) + "::numeric(200," + std::to_string(scale) + ") / "
           + std::to_string(count) + "::numeric)::text)";
    expected.push_back(to_text(average({wide::from_text(digits), scale}, count)));
  }
  auto rows = db->query_rows(sql);
  CAF_REQUIRE(static_cast<bool>(rows));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (auto& got = *rows->rows[i][0]; got != expected[i] && ++wrong <= 10)
      CAF_ERROR("case " << i << " is " << got << ", not " << expected[i] << " (seed " << random.seed()
                        << ")");
  CAF_CHECK_EQUAL(wrong, 0u);
}
