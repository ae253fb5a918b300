#pragma once

/// An accepted connection to another node.

#include "actors/peers/tls_context.hpp"

#include <utility>

namespace millrace::peers {

/// Owns a file descriptor, and closes it.
class socket_holder {
 public:
  explicit socket_holder(int x = -1) : fd_(x) {}
  socket_holder(socket_holder&& x) noexcept : fd_(x.release()) {}
  socket_holder& operator=(socket_holder&& x) noexcept {
    std::swap(fd_, x.fd_);
    return *this;
  }
  ~socket_holder();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Makes the kernel close a connection whose other end has acknowledged nothing for 10 s, for example
/// because its machine died.
void bound_silence(int socket);

struct guest {
  socket_holder socket;
  ssl_ptr tls{nullptr, SSL_free}; ///< null: plain TCP
};

} // namespace millrace::peers
