#include "actors/reconciler/judge_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace millrace {

namespace {

constexpr int niceness = 10;
constexpr std::size_t longest_output = 16 << 20; ///< in bytes

std::string text_of(int file) {
  std::string out;
  char part[65536];
  for (off_t at = 0; out.size() < longest_output;) {
    auto got = ::pread(file, part, sizeof part, at);
    if (got <= 0)
      break;
    out.append(part, static_cast<std::size_t>(got));
    at += got;
  }
  return out;
}

/// Becomes the program. Only calls that are safe after fork() in a process of several threads.
[[noreturn]] void become(char* const* words, int parent, int nothing, int out, int error) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(127);
  ::setpriority(PRIO_PROCESS, 0, niceness);
  if (auto score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0)
    (void)!::write(score, "1000", 4); // before the node, if memory runs out
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(error, STDERR_FILENO);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execv(words[0], words);
  ::_exit(127);
}

} // namespace

result<std::unique_ptr<judge_process>> judge_process::start(const std::vector<std::string>& command) {
  auto out = ::memfd_create("out", MFD_CLOEXEC), error_file = ::memfd_create("error", MFD_CLOEXEC);
  auto nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<char*> words;
  for (auto& word : command)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  auto parent = ::getpid();
  auto pid = out >= 0 && error_file >= 0 && nothing >= 0 ? ::fork() : -1;
  if (pid == 0)
    become(words.data(), parent, nothing, out, error_file);
  auto why = errno;
  if (nothing >= 0)
    ::close(nothing);
  if (pid > 0)
    return std::unique_ptr<judge_process>(new judge_process(pid, out, error_file));
  for (auto file : {out, error_file})
    if (file >= 0)
      ::close(file);
  return error{errc::unavailable, command.at(0) + " can't be started: " + std::strerror(why)};
}

judge_process::~judge_process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(error_);
}

std::optional<judgement> judge_process::look() {
  int status = 0;
  auto ended = pid_ == 0 ? 0 : ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0)
    return std::nullopt;
  auto code = ended == pid_ && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  pid_ = 0;
  return judgement{code, text_of(out_), text_of(error_)};
}

} // namespace millrace
