#pragma once

/// A private PostgreSQL for a test: a new cluster in a temporary folder on a
/// loopback port, fast and forgetful, stopped and removed by the destructor.
/// Header-only, since a unit test's binary is its folder's sources alone.
///
///   auto server = millrace::test::postgres_server::start(15600);
///   auto db = postgres::session::open(server->settings());

#include "actors/postgres/session.hpp"
#include "tests/unit/test_port.hpp"

#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace millrace::test {

class postgres_server {
 public:
  /// Starts a server on the first free port at or after `port` (the environment's
  /// MILLRACE_TEST_POSTGRES_PORT wins). Throws std::runtime_error with the log's
  /// end if it isn't ready within 60 s.
  static std::unique_ptr<postgres_server> start(std::uint16_t port, std::vector<std::string> options = {}) {
    return std::unique_ptr<postgres_server>(new postgres_server(port, std::move(options)));
  }

  /// Returns how to connect as the superuser `postgres`, database `postgres`.
  postgres::settings settings() const {
    postgres::settings to;
    to.port = port_->number();
    to.database = "postgres";
    to.user = "postgres";
    to.sslmode = "disable";
    to.connect_timeout = std::chrono::seconds{2};
    return to;
  }

  /// Stops the server at once (its folder stays until the destructor).
  void stop() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGINT); // fast shutdown: doesn't wait for clients
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  ~postgres_server() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

 private:
  postgres_server(std::uint16_t port, std::vector<std::string> options) {
    make_folder();
    try {
      auto bin = programs();
      run({bin + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
           "--locale=C.UTF-8", "-N"});
      if (auto given = std::getenv("MILLRACE_TEST_POSTGRES_PORT"))
        port = static_cast<std::uint16_t>(std::atoi(given));
      port_.emplace(port);
      std::vector<std::string> args{bin + "/postgres", "-D", folder_ + "/data", "-p",
                                    std::to_string(port_->number())};
      for (auto x : {"listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off",
                     "full_page_writes=off", "wal_level=logical", "shared_buffers=32MB", "max_wal_senders=4",
                     "max_replication_slots=4", "autovacuum=off"})
        args.insert(args.end(), {"-c", x});
      args.insert(args.end(), {"-c", "unix_socket_directories=" + folder_});
      for (auto& x : options)
        args.insert(args.end(), {"-c", std::move(x)});
      pid_ = spawn(args);
      wait_until_ready();
    } catch (...) {
      stop();
      std::error_code ignored;
      std::filesystem::remove_all(folder_, ignored);
      throw;
    }
  }

  static std::string programs() {
    if (auto given = std::getenv("MILLRACE_TEST_POSTGRES_BIN"))
      return given;
    return "/usr/lib/postgresql/15/bin";
  }

  // PostgreSQL refuses to run as root: then the folder is its user's.
  void make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "millrace-postgres-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("can't make a temporary folder " + pattern);
    folder_ = pattern;
    if (::geteuid() != 0)
      return;
    auto* user = ::getpwnam("postgres");
    if (!user || ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("no user postgres to run PostgreSQL as");
    user_ = true;
  }

  pid_t spawn(std::vector<std::string> args) const {
    if (user_) // setpriv execs, so the pid is the server's own
      args.insert(args.begin(),
                  {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT"});
    std::vector<char*> argv;
    for (auto& x : args)
      argv.push_back(x.data());
    argv.push_back(nullptr);
    auto log = folder_ + "/log";
    auto pid = ::fork();
    if (pid < 0)
      throw std::runtime_error("can't fork");
    if (pid == 0) {
      if (!std::freopen(log.c_str(), "a", stdout) || !std::freopen(log.c_str(), "a", stderr)
          || ::chdir(folder_.c_str()) != 0)
        ::_exit(126);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    return pid;
  }

  void run(const std::vector<std::string>& args) const {
    int status = 0;
    ::waitpid(spawn(args), &status, 0);
    if (status != 0)
      throw std::runtime_error(args[0] + " failed:\n" + log());
  }

  std::string log() const {
    std::ifstream in(folder_ + "/log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void wait_until_ready() {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (std::chrono::steady_clock::now() < deadline) {
      if (postgres::session::open(settings()))
        return;
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    throw std::runtime_error("PostgreSQL doesn't start:\n" + log());
  }

  std::string folder_;
  std::optional<test_port> port_;
  pid_t pid_ = -1;
  bool user_ = false;
};

} // namespace millrace::test
