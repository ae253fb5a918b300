#include "nodes/shell/line_editor.hpp"

#include "nodes/shell/command.hpp"

#include <editline/readline.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace millrace::shell {

namespace {

constexpr int kept_lines = 1000;

std::vector<std::string> known_names, found;

/// Returns the file of the history; empty: this user has no home.
std::string history_file() {
  auto* state = std::getenv("XDG_STATE_HOME");
  auto* home = std::getenv("HOME");
  if ((!state || !*state) && (!home || !*home))
    return "";
  auto folder =
      (state && *state ? std::filesystem::path(state) : std::filesystem::path(home) / ".local" / "state")
      / "millrace";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  return failed ? "" : (folder / "shell_history").string();
}

/// Called by libedit until it returns null: the words that continue the line.
char* next_completion(const char*, int call) {
  if (call == 0)
    found =
        completions(std::string(rl_line_buffer).substr(0, static_cast<std::size_t>(rl_point)), known_names);
  auto i = static_cast<std::size_t>(call);
  return i < found.size() ? ::strdup(found[i].c_str()) : nullptr;
}

char** complete(const char* text, int, int) {
  rl_attempted_completion_over = 1; // no names of files
  return rl_completion_matches(text, next_completion);
}

} // namespace

line_editor::line_editor(std::string prompt, std::vector<std::string> names) : prompt_(std::move(prompt)) {
  known_names = std::move(names);
  rl_readline_name = "millrace";
  rl_attempted_completion_function = complete;
  static char breaks[] = " \t";
  rl_completer_word_break_characters = breaks;
  using_history();
  stifle_history(kept_lines);
  if (auto file = history_file(); !file.empty())
    read_history(file.c_str());
}

line_editor::~line_editor() {
  auto file = history_file();
  if (file.empty())
    return;
  auto before = ::umask(077); // a key can be in it
  write_history(file.c_str());
  ::umask(before);
}

std::optional<std::string> line_editor::next() {
  char* line = readline(prompt_.c_str());
  if (!line)
    return std::nullopt;
  std::string out = line;
  std::free(line);
  if (!out.empty())
    add_history(out.c_str());
  return out;
}

} // namespace millrace::shell
