#pragma once

/// An HTTP server whose requests are bounded while they arrive. The library bounds a header and a body, but
/// neither the number of headers nor the time that a request takes.

#include <httplib.h>

#include <chrono>
#include <cstddef>

namespace millrace {

/// Bounds of one request.
struct request_bounds {
  std::size_t header_bytes = 64 << 10;    ///< request line and all headers
  std::chrono::seconds silence{5};        ///< between two packets, in both directions
  std::chrono::seconds whole_request{20}; ///< from its connection until it has arrived
};

/// One connection's bytes, as the library reads and writes them. A request beyond its bounds ends: the
/// library then answers 400, or closes.
class http_connection final : public httplib::Stream {
 public:
  http_connection(socket_t socket, const request_bounds& bounds);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* into, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using clock = std::chrono::steady_clock;

  bool fill();
  bool pass_headers(const char* from, std::size_t size);

  socket_t socket_;
  request_bounds bounds_;
  clock::time_point until_; ///< of the whole request
  char buffer_[4096];
  std::size_t next_ = 0, end_ = 0;           ///< what of the buffer is unread
  std::size_t header_bytes_ = 0, ended_ = 0; ///< read so far; bytes of "\n\r\n" seen: 3 ends the headers
};

/// Answers one request for each connection, within the bounds.
class bounded_server : public httplib::Server {
 private:
  bool process_and_close_socket(socket_t socket) override;
};

} // namespace millrace
