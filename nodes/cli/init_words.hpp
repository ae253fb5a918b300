#pragma once

/// What `init` says of what it wrote, and of what comes next.

#include "actors/postgres/session.hpp"
#include "actors/project/examples.hpp"
#include "actors/project/preparation.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace millrace {

/// Returns the unit of the package's that serves a folder: its name in /etc/millrace is the instance.
std::string unit_of(const std::filesystem::path& folder);

/// Prints the tables, the largest first, with the examples that were written for them.
void print_tables(const project::examples& written);

/// Prints what the database lacks, and the commands to run.
void print_next(const std::filesystem::path& folder, const postgres::settings& db,
                const std::vector<project::lack>& lacks);

} // namespace millrace
