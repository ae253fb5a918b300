#pragma once

/// The project's library of Redis functions, made from functions/*.lua.

#include <string>
#include <vector>

namespace millrace::redis {

/// Returns the texts of functions/*.lua, which CMake embeds. Each comes after the files that its
/// first line says it uses.
const std::vector<std::string>& redis_functions();

/// Returns `millrace_PROJECT`. Characters that Redis doesn't allow in a name become _HH, so two
/// projects never share a library.
std::string library_name(const std::string& project);

/// Returns the text of the library, for FUNCTION LOAD.
std::string library_text(const std::string& project);

/// Returns the prefix of the project's own keys, `millrace:PROJECT:`.
std::string key_prefix(const std::string& project);

} // namespace millrace::redis
