#include "messages/visible.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project_parts.hpp"
#include "nodes/settings/source_parts.hpp"

#include <iostream>
#include <numeric>

namespace millrace {

namespace {

using open_letters_map = std::map<std::string, dead_letter>;

result<std::int64_t> number_of(letter_box& box) {
  auto counted = box.count();
  if (!counted)
    return counted.why();
  return std::accumulate(counted->begin(), counted->end(), std::int64_t{0},
                         [](auto sum, auto& x) { return sum + x.second; });
}

/// Says how many letters are open besides those that are known one by one. Returns the exit code.
int tell_of_the_rest(letter_box& box) {
  auto left = number_of(box);
  if (!left)
    return complain(left.why());
  if (*left == 0)
    return 0;
  std::cout << *left << " dead letters are still open: `millrace resync TABLE` resolves all of a table's\n";
  return 1;
}

int list(letter_box& box, const open_letters_map& open) {
  auto counted = number_of(box);
  if (!counted)
    return complain(counted.why());
  for (auto& [origin, x] : open)
    std::cout << origin << "  " << visible(x.table) << "  " << visible(x.error) << "\n";
  auto all = *counted;
  std::cout << all << " dead letters are open\n";
  if (static_cast<std::size_t>(all) > open.size())
    std::cout << "These are the oldest. `millrace resync TABLE` resolves all of a table's.\n";
  return 0;
}

int show(letter_box& box, const open_letters_map& open, const std::string& which) {
  auto found = open.find(which);
  if (found == open.end())
    return complain({errc::bad_setting,
                     "no dead letter \"" + which + "\" is open: `dead-letters list` shows those that are"});
  auto content = box.read(which);
  if (!content)
    return complain(content.why());
  auto& x = found->second;
  std::cout << "from     " << x.origin << "\ntable    " << visible(x.table) << "\nerror    "
            << visible(x.error) << "\nkey      " << visible(content->key.value_or("(none)")) << "\npayload  "
            << visible(content->payload.value_or("(none)")) << "\n";
  return 0;
}

/// Resolves letters without reading their rows: the user says that they are handled.
int resolve_letters(letter_box& box, const open_letters_map& open, const std::string& which) {
  for (auto& [origin, _] : open) {
    if (which != "all" && which != origin)
      continue;
    if (auto resolved = box.resolve({origin}, "said to be dealt with"); !resolved)
      return complain(resolved.why());
    std::cout << origin << "  resolved\n";
  }
  if (which != "all")
    return 0;
  auto counted = box.count(); // those beyond the ones that are known one by one
  if (!counted)
    return complain(counted.why());
  for (auto& [table, count] : *counted)
    if (auto resolved = box.resolve_table(table, "said to be dealt with"); !resolved)
      return complain(resolved.why());
    else if (count > 0)
      std::cout << count << " more of " << visible(table) << "  resolved\n";
  return 0;
}

int replay_letters(const settings& how, letter_box& box, const open_letters_map& open,
                   const std::string& which) {
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return complain(db.why());
  auto plans = plan_project(how, *db);
  if (!plans)
    return complain(plans.why());
  std::vector<dead_letter> letters;
  for (auto& [origin, x] : open)
    if (which == "all" || which == origin)
      letters.push_back(x);
  auto failed = open_replay(how, box, *db, *plans)
                    ->all(letters, [](const dead_letter& x, const result<std::string>& how) {
                      std::cout << x.origin << "  " << (how ? *how : "NOT replayed: " + how.why().message)
                                << "\n";
                    });
  if (failed)
    return 1;
  return which == "all" ? tell_of_the_rest(box) : 0;
}

} // namespace

int run_dead_letters(const settings& how, const std::string& action, const std::string& which) {
  auto box = open_letters(how);
  auto open = box->open();
  if (!open)
    return complain(open.why());
  if (action == "list")
    return list(*box, *open);
  if (action == "show")
    return show(*box, *open, which);
  if (which != "all" && !open->count(which))
    return complain(
        {errc::bad_setting, action + " wants `all`, or the name of one that `dead-letters list` shows"});
  if (action == "resolve")
    return resolve_letters(*box, *open, which);
  return replay_letters(how, *box, *open, which);
}

} // namespace millrace
