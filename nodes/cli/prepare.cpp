#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project.hpp"

#include <filesystem>
#include <iostream>

namespace millrace {

int run_prepare(const settings& how, const std::string& secrets) {
  auto db = postgres::session::open(how.owner);
  if (!db)
    return complain(db.why());
  auto names = names_of(how);
  auto there = project::look_at(*db, names);
  if (!there)
    return complain(there.why());
  auto catalog = db->load_catalog();
  if (!catalog)
    return complain(catalog.why());
  std::vector<refusal> unread;
  auto files = read_figure_files(how.figures, unread);
  auto planned = project::plan_prepared(files, *catalog, how.owner.schemas, answers_of(*db), how.key_prefix);
  unread.insert(unread.end(), planned.plans.refusals.begin(), planned.plans.refusals.end());
  for (auto& x : unread)
    std::cerr << to_text(x) << "\n";
  if (!unread.empty())
    return std::cerr << unread.size() << " figures are refused\n", 2;
  auto lacks = project::find_lacks(*there, names, planned.needed, try_logins(how));
  for (auto& x : lacks)
    std::cerr << "- " << x.what << "\n";
  std::cout << project::to_script(lacks, *there, names, std::filesystem::absolute(secrets).string());
  return lacks.empty() ? 0 : 1;
}

} // namespace millrace
