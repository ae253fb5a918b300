#pragma once

#include <string>

namespace millrace {

/// What was built.
struct build_report {
  std::string version; ///< 0.1.0
  std::string commit;  ///< of the sources, shortened; "unknown" without a repository
};

build_report this_build();

} // namespace millrace
