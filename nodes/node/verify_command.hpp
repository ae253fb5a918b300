#pragma once

/// The command by which a node compares its figures.

#include <string>
#include <vector>

namespace millrace {

/// Returns `millrace verify` of this program, with the options that this process was given. It records its
/// result in Redis, and pauses no writer.
std::vector<std::string> verify_command();

} // namespace millrace
