#pragma once

/// Says how to repeat a random case, but only if it fails.

#include <cstdint>
#include <iostream>

namespace millrace::test {

class case_seed {
 public:
  explicit case_seed(std::uint64_t seed) : seed_(seed) {}
  case_seed(const case_seed&) = delete;
  case_seed& operator=(const case_seed&) = delete;
  ~case_seed() {
    if (!passed)
      std::cerr << "to repeat the case that failed: MILLRACE_SEED=" << seed_ << " MILLRACE_CASES=1\n";
  }
  bool passed = false;

 private:
  std::uint64_t seed_;
};

} // namespace millrace::test
