#pragma once

/// The shell's commands, and how a line becomes one. Pure.

#include "messages/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::shell {

/// What a command can do.
enum class strength : std::uint8_t {
  harmless, ///< only shows something
  mild,     ///< changes how a node works, but not what it does
};

struct command_form {
  std::string name;
  std::string arguments; ///< for people; [OPTIONAL]
  std::size_t fewest = 0, most = 0;
  strength is = strength::harmless;
  std::string does; ///< one sentence
};

/// All commands, in the order of `help`.
const std::vector<command_form>& commands();

/// A line that somebody entered.
struct command {
  const command_form* form = nullptr; ///< null: the line is empty
  std::vector<std::string> arguments;
  bool watch = false; ///< repeat it each second
};

/// Returns the words of a line. Quotes ' and " keep spaces in a word; a backslash keeps the next character.
/// Error: a quote that isn't closed.
result<std::vector<std::string>> words_of(const std::string& line);

/// Returns the command of a line. An error says what is wrong and what to enter.
result<command> parse(const std::string& line);

/// Returns the words that can continue a line's last, unfinished word. `names`: names of nodes, figures and
/// tables.
std::vector<std::string> completions(const std::string& line, const std::vector<std::string>& names);

} // namespace millrace::shell
