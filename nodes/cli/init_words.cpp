#include "nodes/cli/init_words.hpp"

#include "messages/visible.hpp"
#include "nodes/cli/project_folder.hpp"
#include "nodes/settings/config.hpp"

#include <iomanip>
#include <iostream>

namespace millrace {

namespace {

namespace fs = std::filesystem;

std::string size_of(std::uint64_t bytes) {
  return bytes < 1u << 20 ? std::to_string((bytes + 1023) >> 10) + " kB"
                          : std::to_string(bytes >> 20) + " MB";
}

/// Prints how to serve a project without the front door: with the package's unit, and with the program's
/// verbs and the folder's settings.
void print_next_installed(const fs::path& folder) {
  auto verb = [&](const std::string& words) {
    std::cout << "  (cd " << shell_quoted(folder.string()) << " && set -a && . ./millrace.env && millrace "
              << words << ")\n";
  };
  verb("connector register");
  if (fs::absolute(folder).parent_path() == "/etc/millrace")
    std::cout << "  systemctl enable --now " << unit_of(folder) << "\n";
  else
    verb("node");
  verb("verify --wait 60");
}

} // namespace

std::string unit_of(const std::filesystem::path& folder) {
  return "millrace@" + fs::absolute(folder).filename().string();
}

void print_tables(const project::examples& written) {
  std::cout << "\nTables, the largest first\n";
  for (auto& x : written.tables)
    std::cout << "  " << std::left << std::setw(36) << visible(x.name.first + "." + x.name.second)
              << std::right << std::setw(9) << size_of(x.bytes) << "  "
              << (!x.refused.empty() ? "can't be served: " + x.refused
                  : x.file.empty()   ? "can be served; no example was written for it"
                                     : "figures/" + x.file + ", " + std::to_string(x.figures) + " figures")
              << "\n";
}

void print_next(const std::filesystem::path& folder, const postgres::settings& db,
                const std::vector<project::lack>& lacks) {
  if (lacks.empty())
    std::cout << "\nThe database lacks nothing.\n";
  else
    std::cout << "\nThe database lacks " << lacks.size() << " things, and prepare.sql has them as SQL\n";
  for (auto& lack : lacks)
    std::cout << "  - " << lack.what << "\n";
  std::cout << "\nNext\n";
  if (!lacks.empty())
    std::cout << "  psql -h " << db.host << " -p " << db.port << " -U ADMINISTRATOR -d "
              << shell_quoted(db.database) << " -f " << shell_quoted((folder / "prepare.sql").string())
              << "\n";
  if (is_installed())
    return print_next_installed(folder);
  std::cout << "  deploy/millrace up --project " << shell_quoted(folder.string()) << " --detach\n"
            << "  deploy/millrace verify --project " << shell_quoted(folder.string()) << " --wait 60\n";
}

} // namespace millrace
