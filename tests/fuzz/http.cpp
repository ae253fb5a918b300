/// A request to a node's HTTP port: it is answered, and POST only where it is ours.

#include "nodes/node/loopback.hpp"
#include "tests/fuzz/input.hpp"

using namespace millrace;

namespace {

constexpr std::uint16_t port = 15'406;
constexpr auto token = "a token";

/// A connection that has sent all it will.
class sent : public httplib::Stream {
 public:
  explicit sent(std::string x) : left_(std::move(x)) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override {
    auto part = left_.copy(into, std::min<std::size_t>(size, left_.size()));
    left_.erase(0, part);
    return static_cast<ssize_t>(part);
  }
  ssize_t write(const char* from, std::size_t size) override {
    answer.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 1;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override { get_remote_ip_and_port(ip, port); }
  socket_t socket() const override { return 0; }
  std::string answer;

 private:
  std::string left_;
};

struct server : httplib::Server {
  server() {
    guard_loopback(*this, {port, token, {}});
    Get("/status", [](auto&, auto& out) { out.set_content("{}", "application/json"); });
    Post("/control", [this](auto& in, auto& out) {
      fuzz::holds(in.get_header_value("Host").find(std::to_string(port)) != std::string::npos
                      && in.get_header_value("Authorization") == std::string("Bearer ") + token,
                  "a command is ours");
      out.set_content("{}", "application/json");
    });
  }
  void take(sent& x) {
    auto closed = false;
    process_request(x, true, closed, {});
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static server one;
  sent request(fuzz::input(bytes, size).rest());
  one.take(request);
  fuzz::holds(request.answer.find(" 500 ") == std::string::npos, "no request is a mistake of ours");
  return 0;
}
