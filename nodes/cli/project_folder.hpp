#pragma once

/// A project's folder on disk: millrace.env, prepare.sql, figures/, and secrets/, which only its owner can
/// read.

#include "messages/error.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace millrace {

/// Returns a value quoted for the settings file, which a shell reads.
std::string shell_quoted(const std::string& text);

/// Refuses (bad_setting) a folder that already has one of the project's files. Writes nothing.
result<void> check_unused(const std::filesystem::path& folder);

/// Writes files by their names in the folder, and secrets by their names in its secrets/. Errors
/// (bad_setting): a file exists, or can't be written.
result<void> write_project(const std::filesystem::path& at, const std::map<std::string, std::string>& files,
                           const std::map<std::string, std::string>& secrets);

} // namespace millrace
