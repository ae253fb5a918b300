#pragma once

/// A loopback port for a test's server. Tests run side by side, and a server that a test kills comes
/// back at its port: so a port is held, by a lock, from its choice until the test lets it go.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace millrace::test {

class test_port {
 public:
  /// Takes the first port at or after `first` that nobody holds or listens at. Throws std::runtime_error.
  explicit test_port(std::uint16_t first) {
    for (std::uint16_t port = first; port < first + 100; ++port)
      if (take(port))
        return;
    throw std::runtime_error("no free port from " + std::to_string(first));
  }
  ~test_port() { ::close(lock_); }
  test_port(const test_port&) = delete;
  test_port& operator=(const test_port&) = delete;

  std::uint16_t number() const { return number_; }

 private:
  bool take(std::uint16_t port) {
    auto file = std::filesystem::temp_directory_path() / ("millrace-test-port-" + std::to_string(port));
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    number_ = port;
    if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0 && is_free(port))
      return true;
    ::close(lock_);
    return false;
  }

  static bool is_free(std::uint16_t port) {
    auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    auto taken = ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0;
    ::close(fd);
    return !taken;
  }

  int lock_ = -1;
  std::uint16_t number_ = 0;
};

} // namespace millrace::test
