#include "actors/alert_sender/http_post.hpp"

#include <httplib.h>

#include <charconv>

namespace millrace {

namespace {

constexpr std::chrono::seconds connect_limit{5}, transfer_limit{10}, answer_limit{15};
constexpr std::size_t longest_answer = 64 << 10; // bytes

/// Returns the seconds of a header Retry-After. A date isn't taken.
std::optional<std::chrono::seconds> seconds_of(const std::string& text) {
  int out = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out < 0)
    return std::nullopt;
  return std::chrono::seconds{out};
}

} // namespace

struct http_poster::impl {
  explicit impl(const http_target& to) : http(to.server), path(to.path) {
    http.set_connection_timeout(connect_limit);
    http.set_read_timeout(transfer_limit);
    http.set_write_timeout(transfer_limit);
    http.set_keep_alive(true);
    http.set_follow_location(false);
    if (!to.user.empty())
      http.set_basic_auth(to.user, to.password);
  }

  httplib::Client http;
  std::string path;
};

http_poster::http_poster(http_target to) : impl_(std::make_unique<impl>(to)) {}

http_poster::~http_poster() = default;

http_answer http_poster::post(const std::string& body, const std::map<std::string, std::string>& headers) {
  httplib::Request request;
  request.method = "POST";
  request.path = impl_->path;
  request.body = body;
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "millrace"}};
  for (auto& [name, text] : headers)
    request.headers.emplace(name, text);
  http_answer out;
  auto began = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  request.response_handler = [&](const httplib::Response& x) {
    out.status = x.status;
    out.retry_after = seconds_of(x.get_header_value("Retry-After"));
    return true;
  };
  // The text isn't kept, and a server that goes on sending is left.
  request.content_receiver = [&](const char*, std::size_t size, std::uint64_t, std::uint64_t) {
    bytes += size;
    return bytes <= longest_answer && std::chrono::steady_clock::now() - began < answer_limit;
  };
  auto answer = impl_->http.send(request);
  if (answer)
    out.status = answer->status; // without a body, the response handler isn't called
  else if (out.status == 0)
    out.why = httplib::to_string(answer.error());
  return out;
}

} // namespace millrace
