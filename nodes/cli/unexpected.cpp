#include "nodes/cli/unexpected.hpp"

#include "messages/visible.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

namespace millrace {

namespace {

/// The process's verb. A variable, because the terminate handler has no arguments.
std::string& running_verb() {
  static std::string verb;
  return verb;
}

std::string text_of(std::exception_ptr thrown) {
  try {
    if (thrown)
      std::rethrow_exception(std::move(thrown));
    return "terminated without an exception";
  } catch (const std::exception& x) {
    return x.what();
  } catch (...) {
    return "an exception without a message";
  }
}

/// Exits without destructors: another thread may hold a lock that closing stdout needs.
[[noreturn]] void end_process() {
  report_unexpected(running_verb(), text_of(std::current_exception()));
  std::_Exit(exit_unexpected);
}

} // namespace

int report_unexpected(const std::string& verb, const std::string& what) {
  std::cout << std::flush;
  std::cerr << "millrace: " << verb << " ended by an unexpected error: " << visible(what)
            << "\nThis is a bug of Millrace " MILLRACE_VERSION
               "'s. Please report it, with these lines and the command: SECURITY.md says where.\n"
            << std::flush;
  return exit_unexpected;
}

int run_guarded(const std::string& verb, const std::function<int()>& run) {
  running_verb() = verb;
  std::set_terminate(end_process);
  try {
    return run();
  } catch (...) {
    return report_unexpected(verb, text_of(std::current_exception()));
  }
}

} // namespace millrace
