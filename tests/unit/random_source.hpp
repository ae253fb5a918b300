#pragma once

/// Random numbers of a test: MILLRACE_SEED repeats a run, MILLRACE_CASES makes
/// it longer or shorter.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace millrace::test {

/// Returns MILLRACE_CASES, or how many cases a test tries otherwise.
inline std::size_t cases(std::size_t otherwise) {
  auto given = std::getenv("MILLRACE_CASES");
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

class random_source {
 public:
  random_source() : random_source(chosen_seed()) {}
  explicit random_source(std::uint64_t seed) : seed_(seed), engine_(seed) {}

  std::uint64_t seed() const { return seed_; }
  std::uint64_t bits() { return engine_(); }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& xs) {
    return xs[below(xs.size())];
  }

 private:
  static std::uint64_t chosen_seed() {
    if (auto given = std::getenv("MILLRACE_SEED"))
      return std::strtoull(given, nullptr, 10);
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())
           % 1'000'000'007;
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

} // namespace millrace::test
