#include "nodes/node/loopback.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace millrace {

namespace {

using httplib::Request;
using httplib::Response;

constexpr std::size_t longest_body = 4 << 20; ///< in bytes: the keys of about 10 000 places
constexpr std::size_t threads = 32;           ///< so many slow connections delay no other

constexpr auto json_type = "application/json";

/// Replaces the library's SO_REUSEPORT. It lets a second program share the port silently, and refuses a port
/// that was closed just before.
void reuse_address(socket_t socket) {
  int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

struct rejection {
  int code;
  std::string why;
};

std::string at_port(std::string host, std::uint16_t port) {
  host += ':';
  host += std::to_string(port);
  return host;
}

/// `name` is this machine's name for other machines. Empty: loopback only.
bool is_ours(std::string_view host, std::uint16_t port, const std::string& name) {
  return host == at_port("127.0.0.1", port) || host == at_port("localhost", port)
         || (!name.empty() && host == at_port(name, port));
}

/// Compares in constant time for texts of one length.
bool is_same_secret(std::string_view one, std::string_view other) {
  if (one.size() != other.size())
    return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    difference |= static_cast<unsigned char>(one[i] ^ other[i]);
  return difference == 0;
}

std::optional<rejection> refused_without_token(const Request& in, const std::string& token) {
  if (token.empty())
    return rejection{401, "POST needs a token, and this server was started without one: set "
                          "MILLRACE_HTTP_TOKEN, and start it again"};
  constexpr std::string_view scheme = "Bearer ";
  auto shown = in.get_header_value("Authorization");
  if (shown.rfind(scheme, 0) == 0 && is_same_secret(std::string_view(shown).substr(scheme.size()), token))
    return std::nullopt;
  return rejection{401, "POST needs the header Authorization: Bearer TOKEN, with the value of "
                        "MILLRACE_HTTP_TOKEN"};
}

bool is_json(const Request& in) {
  auto type = in.get_header_value("Content-Type");
  return type.substr(0, type.find(';')) == json_type;
}

/// Returns why a request is refused. Host contains a name that foreign DNS has given this machine, and Origin
/// the page from which a browser's request comes.
std::optional<rejection> refused(const Request& in, const loopback_door& at) {
  if (!is_ours(in.get_header_value("Host"), at.port, at.name))
    return rejection{403, "the Host header isn't " + at_port("127.0.0.1", at.port)};
  constexpr std::string_view scheme = "http://";
  if (auto origin = in.get_header_value("Origin");
      !origin.empty()
      && (origin.rfind(scheme, 0) != 0
          || !is_ours(std::string_view(origin).substr(scheme.size()), at.port, at.name)))
    return rejection{403, "requests from other sites' pages are rejected"};
  if (in.method != "GET" && in.method != "POST")
    return rejection{405, "only GET and POST are answered"};
  if (in.has_header("Transfer-Encoding") || (in.method == "POST" && !in.has_header("Content-Length")))
    return rejection{411, "a body needs a Content-Length: chunks aren't read"};
  if (in.has_header("Content-Encoding"))
    return rejection{415, "Content-Encoding isn't supported: send the body as it is"};
  if (in.has_header("Range")) // the library would repeat a body once for each of thousands of ranges
    return rejection{416, "Range isn't supported: ask for the whole"};
  if (in.method != "POST")
    return std::nullopt;
  if (auto why = refused_without_token(in, at.token))
    return why;
  if (!is_json(in))
    return rejection{415, "a body must be JSON: send Content-Type: application/json"};
  return std::nullopt;
}

void say(Response& out, int code, const std::string& why) {
  out.status = code;
  if (code == 401)
    out.set_header("WWW-Authenticate", "Bearer");
  out.set_content(nlohmann::json{{"error", why}}.dump() + "\n", json_type);
}

std::string words_for(int code) {
  switch (code) {
  case 404:
    return "there is GET / (the live page), /status, /healthz, /readyz, /metrics and /control, POST /control";
  case 413:
    return "the body is longer than " + std::to_string(longest_body) + " bytes";
  default:
    return "the request can't be answered (" + std::to_string(code) + ")";
  }
}

} // namespace

void guard_loopback(httplib::Server& server, const loopback_door& at) {
  server.set_socket_options(reuse_address);
  server.set_payload_max_length(longest_body);
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_pre_routing_handler([at](const Request& in, Response& out) {
    auto why = refused(in, at);
    if (why)
      say(out, why->code, why->why);
    return why ? httplib::Server::HandlerResponse::Handled : httplib::Server::HandlerResponse::Unhandled;
  });
  server.set_error_handler([](const Request&, Response& out) {
    if (out.body.empty())
      say(out, out.status, words_for(out.status));
  });
  server.set_exception_handler([](const Request&, Response& out, std::exception_ptr) {
    say(out, 500, "an internal error: see the log");
  });
}

loopback_server::~loopback_server() { stop(); }

/// Returns only when the server listens: the library ignores a stop before that.
bool loopback_server::serve(std::uint16_t port, std::string token) {
  guard_loopback(server_, {port, std::move(token), name_});
  if (!server_.bind_to_port(name_.empty() ? "127.0.0.1" : "0.0.0.0", port))
    return false;
  thread_ = std::thread([this] {
    server_.listen_after_bind();
    ended_ = true;
  });
  while (!server_.is_running() && !ended_)
    std::this_thread::yield();
  return true;
}

void loopback_server::stop() {
  server_.stop();
  if (thread_.joinable())
    thread_.join();
}

} // namespace millrace
