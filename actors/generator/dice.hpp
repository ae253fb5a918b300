#pragma once

/// Repeatable randomness: a seed gives the same numbers on every machine. The standard guarantees that
/// for its engines, but not for its distributions.

#include <cstdint>
#include <random>
#include <vector>

namespace millrace::generator {

/// A seeded random source.
class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  /// Returns a number in [0, 1).
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

  /// Returns an integer n with low <= n <= high.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    auto n = low + static_cast<std::int64_t>(unit() * static_cast<double>(high - low + 1));
    return n > high ? high : n;
  }

  /// Returns true with the probability `share`, 0 to 1.
  bool chance(double share) { return unit() < share; }

  /// Returns a uniform index below `size`; `size` > 0.
  std::size_t index(std::size_t size) {
    return static_cast<std::size_t>(between(0, static_cast<std::int64_t>(size) - 1));
  }

  /// Returns a uniform element of `from`, which isn't empty.
  template <class Range>
  const auto& one_of(const Range& from) {
    return from[index(from.size())];
  }

  /// Returns an index with the probability of its weight. Weights are >= 0, and one is positive.
  std::size_t weighted(const std::vector<double>& weights);

 private:
  std::mt19937_64 engine_;
};

/// Zipf's law over ranks: rank k (from 0) has a probability proportional to 1 / (k + 1)^exponent. A few
/// ranks are frequent, most are rare.
class zipf {
 public:
  /// `exponent` > 0; 1 is the classical law.
  explicit zipf(double exponent) : exponent_(exponent) {}

  /// Returns a rank below `size`; `size` > 0. Takes constant time for any size, so the population can
  /// grow between two calls.
  /// Source: Hörmann and Derflinger 1996, rejection-inversion.
  std::size_t rank(dice& chance, std::size_t size) const;

 private:
  double integral(double x) const;
  double integral_inverse(double x) const;
  double density(double x) const;

  double exponent_;
};

} // namespace millrace::generator
