#include "nodes/shell/command.hpp"

#include "messages/visible.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::shell {

namespace {

constexpr std::size_t any_number = 64;

const command_form* find(const std::string& name) {
  auto& all = commands();
  auto found = std::find_if(all.begin(), all.end(), [&](auto& x) { return x.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// Returns the number of single characters to add, remove or replace between two words.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

error unknown(const std::string& name) {
  auto& all = commands();
  auto nearest = std::min_element(all.begin(), all.end(), [&](auto& x, auto& y) {
    return distance(name, x.name) < distance(name, y.name);
  });
  auto near = distance(name, nearest->name) <= 2 ? "did you mean `" + nearest->name + "`? " : "";
  return {errc::bad_setting,
          "there is no command " + visible(name) + "; " + near + "`help` lists all commands"};
}

/// Returns the command of words that aren't empty.
result<command> command_of(std::vector<std::string> words) {
  auto* form = find(words[0]);
  if (!form)
    return unknown(words[0]);
  words.erase(words.begin());
  if (words.size() < form->fewest || words.size() > form->most)
    return error{errc::bad_setting, "enter `" + form->name
                                        + (form->arguments.empty() ? "" : " " + form->arguments)
                                        + "`: " + form->does};
  return command{form, std::move(words)};
}

} // namespace

const std::vector<command_form>& commands() {
  using enum strength;
  static const std::vector<command_form> all{
      {"help", "[COMMAND]", 0, 1, harmless, "lists the commands"},
      {"status", "", 0, 0, harmless, "says whether all is well, what isn't, and what holds back"},
      {"nodes", "", 0, 0, harmless, "lists the nodes: shards, partitions, rows, rate, lag"},
      {"shards", "", 0, 0, harmless, "shows which node owns which shards"},
      {"sources", "", 0, 0, harmless,
       "lists the partitions: reader, position, end, lag in records and seconds"},
      {"figures", "[NAME]", 0, 1, harmless, "lists the figures: state, reason, rows, freshness"},
      {"owner", "TABLE KEY...", 2, any_number, harmless, "says which shard and node serve a row"},
      {"row", "TABLE KEY...", 2, any_number, harmless,
       "shows a stored row, its cells, and the figures that it counts for, with their places and values"},
      {"alerts", "", 0, 0, harmless, "lists what is pending, firing or recovering"},
      {"batches", "", 0, 0, harmless, "lists the batch figures: state, last and next run"},
      {"dead-letters", "", 0, 0, harmless, "counts the open dead letters of each table"},
      {"flushes", "", 0, 0, harmless, "shows what each node writes to Redis, and how often"},
      {"credit", "", 0, 0, harmless, "shows what waits in each node's send buffer"},
      {"actors", "", 0, 0, harmless, "lists the actors of each node, and how fast they answer"},
      {"log-level", "[NODE] [LEVEL]", 0, 2, mild, "shows or sets from which level on nodes log"},
      {"watch", "COMMAND", 1, any_number, harmless, "repeats a command each second, until a key is pressed"},
      {"exit", "", 0, 0, harmless, "leaves the shell"},
  };
  return all;
}

result<std::vector<std::string>> words_of(const std::string& line) {
  std::vector<std::string> out;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    auto x = line[i];
    auto is_space = x == ' ' || x == '\t' || x == '\n' || x == '\r';
    if (!quote && is_space) {
      in_word = false;
      continue;
    }
    if (!in_word)
      out.emplace_back();
    in_word = true;
    if (x == '\\' && quote != '\'' && i + 1 < line.size())
      out.back() += line[++i];
    else if (quote ? x == quote : x == '\'' || x == '"')
      quote = quote ? 0 : x;
    else
      out.back() += x;
  }
  if (quote)
    return error{errc::bad_setting, std::string("a quote ") + quote + " isn't closed"};
  return out;
}

result<command> parse(const std::string& line) {
  auto words = words_of(line);
  if (!words)
    return words.why();
  if (words->empty())
    return command{};
  auto out = command_of(*words);
  if (!out || out->form->name != "watch")
    return out;
  auto watched = command_of(out->arguments);
  if (watched && (watched->form->name == "watch" || watched->form->is != strength::harmless))
    return error{errc::bad_setting, "`watch` repeats a harmless command: `watch status`"};
  if (watched)
    watched->watch = true;
  return watched;
}

std::vector<std::string> completions(const std::string& line, const std::vector<std::string>& names) {
  auto begin = line.find_last_of(" \t");
  auto last = begin == line.npos ? line : line.substr(begin + 1);
  auto before = words_of(begin == line.npos ? "" : line.substr(0, begin));
  std::vector<std::string> known, out;
  auto wants_command = before
                       && (before->empty() || *before == std::vector<std::string>{"watch"}
                           || *before == std::vector<std::string>{"help"});
  if (wants_command)
    for (auto& x : commands())
      known.push_back(x.name);
  else
    known = names;
  std::copy_if(known.begin(), known.end(), std::back_inserter(out),
               [&](auto& x) { return x.compare(0, last.size(), last) == 0; });
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace millrace::shell
