#include "actors/inspector/build_report.hpp"

namespace millrace {

/// CMake gives MILLRACE_COMMIT to this file alone, so that a commit compiles no other again.
build_report this_build() { return {MILLRACE_VERSION, MILLRACE_COMMIT}; }

} // namespace millrace
