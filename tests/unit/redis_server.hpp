#pragma once

/// A private Redis for a test: loopback, a temporary folder, an append-only file.
/// It can be killed, lose the tail of its file, and start again; stopped by its pid.
/// Header-only, since a unit test's binary is its folder's sources alone.

#include "actors/redis/client.hpp"
#include "tests/unit/test_port.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace millrace::test {

class redis_server {
 public:
  /// Starts a server on the first free port at or after `port`. `options` are
  /// more arguments of redis-server ("--maxmemory", "8mb"). Throws
  /// std::runtime_error if it isn't ready within 20 s.
  explicit redis_server(int port = 15660, std::vector<std::string> options = {})
      : options_(std::move(options)), port_(static_cast<std::uint16_t>(port)) {
    auto pattern = (std::filesystem::temp_directory_path() / "millrace-redis-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("can't make a temporary folder " + pattern);
    folder_ = pattern;
    start();
  }

  ~redis_server() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  redis::settings settings() const {
    redis::settings to;
    to.port = port_.number();
    to.password = password;
    to.timeout = std::chrono::seconds(60); // a busy machine is no failure
    return to;
  }

  /// Starts (again) with what the append-only file holds.
  void start() {
    spawn();
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!ready()) {
      if (std::chrono::steady_clock::now() > deadline || ::waitpid(pid_, nullptr, WNOHANG) == pid_)
        throw std::runtime_error("redis-server isn't ready; its folder was " + folder_.string());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  /// kill -9.
  void kill() { end(SIGKILL); }

  /// Stops and lets go on: a server that doesn't answer.
  void freeze() { ::kill(pid_, SIGSTOP); }
  void thaw() { ::kill(pid_, SIGCONT); }

  /// Returns the size of the newest append-only file in bytes.
  std::uintmax_t file_size() const { return std::filesystem::file_size(newest_file()); }

  /// Cuts the newest append-only file: the tail that wasn't synced. The server must be dead.
  void cut(std::uintmax_t at) const { std::filesystem::resize_file(newest_file(), at); }

  /// For `settings` and the next start's readiness, where an option asks for one.
  std::string password;

 private:
  void spawn() {
    std::vector<std::string> args{"/usr/bin/redis-server",
                                  "--port",
                                  std::to_string(port_.number()),
                                  "--bind",
                                  "127.0.0.1",
                                  "--dir",
                                  folder_.string(),
                                  "--appendonly",
                                  "yes",
                                  "--appendfsync",
                                  "always",
                                  "--save",
                                  "",
                                  "--logfile",
                                  (folder_ / "redis.log").string(),
                                  "--daemonize",
                                  "no"};
    args.insert(args.end(), options_.begin(), options_.end());
    std::vector<char*> argv;
    for (auto& x : args)
      argv.push_back(x.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves no server
      auto nowhere = ::open("/dev/null", O_RDWR);
      for (auto fd : {0, 1, 2})
        ::dup2(nowhere, fd);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }

  bool ready() const {
    auto how = settings();
    how.timeout = std::chrono::milliseconds(500);
    auto made = redis::client::connect(how);
    if (!made)
      return made.why().code == errc::denied;
    auto answer = made->call({"PING"});
    return answer && (!answer->failed() || answer->text.compare(0, 6, "NOPERM") == 0);
  }

  void end(int signal) {
    if (pid_ <= 0)
      return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  std::filesystem::path newest_file() const {
    std::filesystem::path out;
    for (auto& entry : std::filesystem::directory_iterator(folder_ / "appendonlydir"))
      if (entry.path().string().find(".incr.aof") != std::string::npos && entry.path() > out)
        out = entry.path();
    return out;
  }

  std::vector<std::string> options_;
  test_port port_;
  std::filesystem::path folder_;
  pid_t pid_ = -1;
};

} // namespace millrace::test
