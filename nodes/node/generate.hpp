#pragma once

/// The verb `generate`: a process with one actor.

#include "nodes/settings/config.hpp"

#include <cstdint>

namespace millrace {

struct generate_options {
  double rate = -1; ///< rows per second; -1: from the environment, else 200
  std::uint64_t seed = 1;
  std::uint16_t control_port = 0;
};
/// Writes the shop's rows until SIGTERM.
int run_generate(const settings& how, const generate_options& options);

} // namespace millrace
