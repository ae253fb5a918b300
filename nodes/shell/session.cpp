#include "nodes/shell/session.hpp"

#include "messages/visible.hpp"
#include "nodes/shell/line_editor.hpp"
#include "nodes/shell/terminal_screen.hpp"
#include "nodes/shell/views.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <set>

namespace millrace::shell {

namespace {

constexpr std::chrono::seconds watch_interval{1};

/// Returns whether the text could be written.
bool print(const listing& x, bool as_json, bool in_a_line = false) {
  // Colours would not pass std::cout, which shows every control character.
  auto text = as_json ? visible_lines(in_json(x).dump(in_a_line ? -1 : 2, ' ', false,
                                                      nlohmann::json::error_handler_t::replace))
                            + "\n"
                      : in_text(x, present_screen());
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0;
}

int complain(const error& why) {
  std::cerr << "millrace: " << why.message << std::endl;
  return 2;
}

/// Repeats a command until a key is pressed, SIGINT comes, or nobody reads any more.
int watch(cluster_link& with, const command& x, bool as_json) {
  key_watch keys;
  for (;;) {
    auto shown = run(with, x);
    if (!as_json)
      keys.clear_screen();
    auto seen = print(shown, as_json, true);
    if (!seen || keys.pressed(watch_interval))
      return shown.code;
  }
}

int run_line(cluster_link& with, const std::string& line, bool as_json) {
  auto x = parse(line);
  if (!x)
    return complain(x.why());
  if (!x->form || x->form->name == "exit")
    return 0;
  if (x->watch)
    return watch(with, *x, as_json);
  auto shown = run(with, *x);
  print(shown, as_json);
  return shown.code;
}

bool is_end(const std::string& line) {
  auto x = parse(line);
  return x && x->form && x->form->name == "exit";
}

/// Returns the names that a command can have as arguments, without those that aren't safe to print.
std::vector<std::string> names_in(const reports& from) {
  std::set<std::string> out;
  for (auto& x : from) {
    out.insert(x.called());
    if (!x.answer)
      continue;
    for (auto& figure : x.answer->figures) {
      out.insert(figure.name);
      out.insert(figure.tables.begin(), figure.tables.end());
    }
  }
  // The line editor prints them as they are.
  std::erase_if(out, [](auto& x) { return visible(x) != x; });
  return {out.begin(), out.end()};
}

/// The commands that show the nodes' reports alone.
const std::map<std::string, std::function<listing(const reports&)>>& simple_views() {
  static const std::map<std::string, std::function<listing(const reports&)>> all{
      {"status", show_status},   {"nodes", show_nodes},     {"shards", show_shards},
      {"sources", show_sources}, {"batches", show_batches}, {"dead-letters", show_dead_letters},
      {"flushes", show_flushes}, {"credit", show_credit},   {"actors", show_actors}};
  return all;
}

/// `log-level [NODE] [LEVEL]`: a single word is a node's name, if a node is called so.
listing log_levels(cluster_link& with, const reports& from, const std::vector<std::string>& words) {
  auto is_node = [&](auto& word) {
    return std::any_of(from.begin(), from.end(), [&](auto& x) { return x.called() == word; });
  };
  auto names_node = !words.empty() && (words.size() == 2 || is_node(words[0]));
  if (names_node && !is_node(words[0])) {
    listing out;
    out.before.push_back({"there is no node " + visible(words[0]) + "; `nodes` lists them", tone::bad});
    out.code = 2;
    return out;
  }
  auto level = words.size() == 2 ? words[1] : words.empty() || names_node ? "" : words[0];
  return show_log_levels(with.set_log_level(names_node ? words[0] : "", level));
}

int read_lines(cluster_link& with, bool as_json) {
  int code = 0;
  for (std::string line; std::getline(std::cin, line) && !is_end(line);)
    code = std::max(code, run_line(with, line, as_json));
  return code;
}

/// Talks to a person, for whom a mistake isn't the end.
int talk(cluster_link& with, const std::string& project, bool as_json) {
  auto first = with.ask_reports();
  auto shown = show_status(first);
  shown.after.push_back({"`help` lists the commands, the tabulator completes, `exit` leaves.", tone::faint});
  print(shown, false);
  line_editor editor(project + "> ", names_in(first));
  for (auto line = editor.next(); line && !is_end(*line); line = editor.next())
    run_line(with, *line, as_json);
  return 0;
}

} // namespace

listing run(cluster_link& with, const command& x) {
  if (x.form->name == "help")
    return show_help(x.arguments.empty() ? "" : x.arguments[0]);
  auto from = with.ask_reports();
  if (auto view = simple_views().find(x.form->name); view != simple_views().end())
    return view->second(from);
  if (x.form->name == "figures")
    return show_figures(from, x.arguments.empty() ? "" : x.arguments[0]);
  if (x.form->name == "alerts")
    return show_alerts(from, with.ask_alerts(leader_of(from) ? leader_of(from)->member.name : ""));
  if (x.form->name == "log-level")
    return log_levels(with, from, x.arguments);
  std::vector<std::string> key(x.arguments.begin() + 1, x.arguments.end());
  return show_row(from, with.ask_row(x.arguments[0], key), key, x.form->name == "owner");
}

int converse(cluster_link& with, const std::string& project, const shell_options& options) {
  if (!options.command.empty())
    return run_line(with, options.command, options.json);
  return is_terminal() ? talk(with, project, options.json) : read_lines(with, options.json);
}

} // namespace millrace::shell
