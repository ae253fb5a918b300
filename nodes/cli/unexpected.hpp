#pragma once

/// Handles unexpected errors of verbs: a message that says where to report it, and its own exit code.

#include <functional>
#include <string>

namespace millrace {

/// EX_SOFTWARE of sysexits.h: a bug of Millrace, not of a setting, a figure or a server.
constexpr int exit_unexpected = 70;

/// Runs a verb and returns its exit code. An exception becomes a message on stderr and exit_unexpected.
/// After the first call, an exception in another thread ends the process in the same way.
int run_guarded(const std::string& verb, const std::function<int()>& run);

/// Reports on stderr that `verb` met an unexpected error. Returns exit_unexpected.
int report_unexpected(const std::string& verb, const std::string& what);

} // namespace millrace
