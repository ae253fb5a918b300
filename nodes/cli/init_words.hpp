#pragma once

/// What `init` prints: what it wrote, and the next steps.

#include "actors/postgres/session.hpp"
#include "actors/project/examples.hpp"
#include "actors/project/preparation.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace millrace {

/// Returns the package's systemd unit that serves a folder. The folder's name in /etc/millrace is the
/// instance.
std::string unit_of(const std::filesystem::path& folder);

/// Prints the tables, largest first, with the example figures written for them.
void print_tables(const project::examples& written);

/// Prints what the database lacks, and the commands to run next.
void print_next(const std::filesystem::path& folder, const postgres::settings& db,
                const std::vector<project::lack>& lacks);

} // namespace millrace
