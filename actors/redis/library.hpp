#pragma once

/// The project's library of Redis functions: functions/*.lua under its names.

#include <string>
#include <vector>

namespace millrace::redis {

/// The texts of functions/*.lua, each behind those that its first line says it uses; embedded by CMake.
const std::vector<std::string>& redis_functions();

/// Returns `millrace_PROJECT`, what Redis doesn't take in a name written as _HH:
/// two projects never share one.
std::string library_name(const std::string& project);

/// Returns the library's whole text, for FUNCTION LOAD.
std::string library_text(const std::string& project);

/// Returns the prefix of all the project's own keys, `millrace:PROJECT:`.
std::string key_prefix(const std::string& project);

} // namespace millrace::redis
