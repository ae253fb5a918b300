#include "process.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace millrace::test {

process::process(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> args;
  for (auto& x : command)
    args.push_back(const_cast<char*>(x.c_str()));
  args.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0)
    return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, 1);
  dup2(out, 2);
  execvp(args[0], args.data());
  _exit(127);
}

void process::kill() {
  if (pid_ > 0)
    ::kill(pid_, SIGKILL);
  wait();
}

int process::wait() {
  int status = 0;
  if (pid_ > 0)
    waitpid(std::exchange(pid_, 0), &status, 0);
  return status;
}

} // namespace millrace::test
