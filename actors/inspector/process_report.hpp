#pragma once

/// What the kernel counts for a process.

#include <cstdint>
#include <filesystem>

namespace millrace {

struct process_report {
  double cpu_seconds = 0;   ///< user and system
  double start_time = 0;    ///< Unix time, s
  double virtual_bytes = 0; ///< reserved addresses
  double resident_bytes = 0;
  double open_fds = 0, max_fds = 0;
  double threads = 0;
};

/// Returns the counts of this process, from the folder in which /proc is mounted. A count that can't be read
/// is 0.
process_report read_process(const std::filesystem::path& proc = "/proc");

} // namespace millrace
