#define CAF_SUITE reconciler.judge_process
#include "actors/reconciler/judge_process.hpp"

#include "caf/test/unit_test.hpp"

#include <csignal>
#include <thread>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<judge_process> shell(const std::string& script) {
  auto out = judge_process::start({"/bin/sh", "-c", script});
  CAF_REQUIRE(out);
  return std::move(*out);
}

std::optional<judgement> end_of(judge_process& x) {
  auto until = std::chrono::steady_clock::now() + 30s;
  for (;;) {
    auto ended = x.look();
    if (ended || std::chrono::steady_clock::now() > until)
      return ended;
    std::this_thread::sleep_for(5ms);
  }
}

} // namespace

CAF_TEST(output and errors and code of a program are told once it has ended) {
  auto child = shell("head -c 200000 /dev/zero | tr '\\0' x; echo why >&2; exit 3");
  auto ended = end_of(*child);
  CAF_REQUIRE(ended);
  CAF_CHECK_EQUAL(ended->exit_code, 3);
  CAF_CHECK_EQUAL(ended->output.size(), 200000u);
  CAF_CHECK_EQUAL(ended->error, "why\n");
}

CAF_TEST(a program that is killed has no code and one that is not there ends at once) {
  auto child = shell("kill -9 $$");
  CAF_CHECK_EQUAL(end_of(*child)->exit_code, -1);
  auto none = judge_process::start({"/nowhere/millrace"});
  CAF_REQUIRE(none);
  CAF_CHECK_EQUAL(end_of(**none)->exit_code, 127);
}

CAF_TEST(a program ends with the object that runs it) {
  int pid = 0;
  {
    auto child = shell("sleep 60");
    CAF_CHECK(!child->look());
    pid = child->pid();
    CAF_CHECK_EQUAL(::kill(pid, 0), 0);
  }
  CAF_CHECK_EQUAL(::kill(pid, 0), -1);
}
