#define CAF_SUITE generator.dice
#include "actors/generator/dice.hpp"

#include <cmath>

#include "caf/test/unit_test.hpp"

using namespace millrace::generator;

namespace {

std::vector<double> shares(double exponent, std::size_t size, int draws) {
  dice chance(7);
  zipf law(exponent);
  std::vector<double> out(size);
  for (int i = 0; i < draws; ++i)
    out.at(law.rank(chance, size)) += 1.0 / draws;
  return out;
}

} // namespace

CAF_TEST(ranks come up as Zipf has it) {
  for (auto exponent : {0.6, 1.0, 1.5}) {
    constexpr std::size_t size = 50;
    double all = 0;
    for (std::size_t k = 1; k <= size; ++k)
      all += std::pow(static_cast<double>(k), -exponent);
    auto seen = shares(exponent, size, 400'000);
    for (std::size_t k = 1; k <= size; ++k) {
      auto expected = std::pow(static_cast<double>(k), -exponent) / all;
      CAF_CHECK(std::abs(seen[k - 1] - expected) < 0.003);
    }
  }
}

CAF_TEST(a population of one is always the same one) {
  dice chance(1);
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(zipf(1.0).rank(chance, 1), 0u);
}

CAF_TEST(a large population costs no more and keeps its tail) {
  dice chance(3);
  std::size_t far = 0;
  for (int i = 0; i < 100'000; ++i)
    far += zipf(0.8).rank(chance, 100'000'000) > 1'000'000;
  CAF_CHECK(far > 50'000); // 1 - 0.01^0.2 of them, roughly
}

CAF_TEST(the same seed gives the same numbers) {
  // Fixed numbers: another machine's library has to agree.
  dice one(42), other(42), third(43);
  std::vector<std::int64_t> a, b, c;
  for (int i = 0; i < 5; ++i) {
    a.push_back(one.between(1, 1000));
    b.push_back(other.between(1, 1000));
    c.push_back(third.between(1, 1000));
  }
  CAF_CHECK(a == b);
  CAF_CHECK(a != c);
  CAF_CHECK_EQUAL(a.front(), 756);
}

CAF_TEST(weights say how often) {
  dice chance(5);
  std::vector<int> seen(3);
  for (int i = 0; i < 30'000; ++i)
    ++seen[chance.weighted({1, 0, 3})];
  CAF_CHECK_EQUAL(seen[1], 0);
  CAF_CHECK(std::abs(seen[2] - 22'500) < 500);
}
