#define CAF_SUITE nodes.terminal
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/unexpected.hpp"

#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

struct ended {
  int code;
  std::string errors;
};

/// Runs `what` in a process of its own, and returns its exit code and what it wrote to stderr.
template <class F>
ended run_apart(F what) {
  int ends[2];
  if (::pipe(ends) != 0)
    CAF_FAIL("no pipe");
  auto pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::_exit(what());
  }
  ::close(ends[1]);
  ended out{};
  char piece[512];
  for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;)
    out.errors.append(piece, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return out;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

} // namespace

CAF_TEST(a stream shows what would command a terminal) {
  std::ostringstream out;
  {
    visible_stream filtered(out);
    out << "a\x1b[2J" << 1 << '\n' << "Gr\xc3";
    out << "\xb6\xc3\x9f" << 'e' << std::flush << "\u202e";
  }
  CAF_CHECK_EQUAL(out.str(), "a\\u001b[2J1\nGröße\\u202e");
  out << "\x1b";
  CAF_CHECK_EQUAL(out.str().back(), '\x1b');
}

CAF_TEST(an entry of the log is one line) {
  auto done = run_apart([] {
    set_up_log("info");
    spdlog::warn("table: {} changed", "x\n2026-01-01 00:00:00.000 info node: all is well\x1b[2J");
    return 0;
  });
  CAF_CHECK_EQUAL(std::count(done.errors.begin(), done.errors.end(), '\n'), 1);
  CAF_CHECK(
      has(done.errors, "table: x\\n2026-01-01 00:00:00.000 info node: all is well\\u001b[2J changed\n"));
}

CAF_TEST(what a verb did not expect is told with its name and where to report it) {
  auto done = run_apart(
      [] { return run_guarded("check", []() -> int { throw std::runtime_error("no such\nthing\x1b"); }); });
  CAF_CHECK_EQUAL(done.code, 70);
  CAF_CHECK(has(done.errors, "millrace: check ended by an unexpected error: no such\\nthing\\u001b\n"));
  CAF_CHECK(has(done.errors, "Please report it"));
  CAF_CHECK(has(done.errors, "SECURITY.md"));
}

CAF_TEST(what another thread throws ends the process in the same words) {
  auto done = run_apart([] {
    return run_guarded("node", [] {
      std::thread([] { throw std::out_of_range("map::at"); }).join();
      return 0;
    });
  });
  CAF_CHECK_EQUAL(done.code, 70);
  CAF_CHECK(has(done.errors, "millrace: node ended by an unexpected error: map::at\n"));
}

CAF_TEST(a verb that ends has its own exit code) {
  CAF_CHECK_EQUAL(run_apart([] { return run_guarded("verify", [] { return 3; }); }).code, 3);
}
