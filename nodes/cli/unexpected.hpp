#pragma once

/// The one place for what a verb didn't expect: a message that says where to
/// report it, and an exit code of its own.

#include <functional>
#include <string>

namespace millrace {

/// EX_SOFTWARE of sysexits.h: a mistake of Millrace's, and not of a setting's, a figure's or a server's.
constexpr int exit_unexpected = 70;

/// Runs a verb and returns its exit code; what it throws becomes a message on
/// stderr and exit_unexpected. From the first call on the same ends the process
/// where another thread throws.
int run_guarded(const std::string& verb, const std::function<int()>& run);

/// Says on stderr that `verb` met something unexpected; returns exit_unexpected.
int report_unexpected(const std::string& verb, const std::string& what);

} // namespace millrace
