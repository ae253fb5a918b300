#include "actors/generator/dice.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace millrace::generator {

std::size_t dice::weighted(const std::vector<double>& weights) {
  auto point = unit() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (point < weights[i])
      return i;
    point -= weights[i];
  }
  return weights.size() - 1;
}

namespace {

/// log(1 + x) / x and (exp(x) - 1) / x, numerically stable around 0, where the exponent is 1.
double log_part(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }
double exp_part(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }

} // namespace

double zipf::density(double x) const { return std::exp(-exponent_ * std::log(x)); }

/// Returns the integral of the density from 1 to x.
double zipf::integral(double x) const {
  auto log_x = std::log(x);
  return exp_part((1 - exponent_) * log_x) * log_x;
}

double zipf::integral_inverse(double x) const {
  auto t = std::max(-1.0, x * (1 - exponent_));
  return std::exp(log_part(t) * x);
}

std::size_t zipf::rank(dice& chance, std::size_t size) const {
  const auto n = static_cast<double>(size);
  const auto low = integral(1.5) - 1;
  const auto high = integral(n + 0.5);
  const auto squeeze = 2 - integral_inverse(integral(2.5) - density(2));
  for (;;) {
    auto u = high + chance.unit() * (low - high);
    auto x = integral_inverse(u);
    auto k = std::clamp(std::floor(x + 0.5), 1.0, n);
    if (k - x <= squeeze || u >= integral(k + 0.5) - density(k))
      return static_cast<std::size_t>(k) - 1;
  }
}

} // namespace millrace::generator
