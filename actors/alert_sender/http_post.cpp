#include "actors/alert_sender/http_post.hpp"

#include <httplib.h>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::seconds connect_limit{5}, transfer_limit{10};
constexpr std::size_t longest_answer = 64 << 10; // bytes

/// Returns the seconds of a header Retry-After. A date isn't taken.
std::optional<std::chrono::seconds> seconds_of(const std::string& text) {
  int out = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out < 0)
    return std::nullopt;
  return std::chrono::seconds{out};
}

/// Ends the client's request after `limit`, whatever the server goes on sending: the client's own limits are
/// for one read each.
class deadline {
 public:
  deadline(httplib::Client& of, std::chrono::milliseconds limit)
      : thread_([this, &of, limit] {
          std::unique_lock hold(guard_);
          passed_ = !ended_.wait_for(hold, limit, [this] { return over_; });
          if (passed_)
            of.stop();
        }) {}
  ~deadline() { end(); }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  /// Returns whether the request was ended.
  bool end() {
    {
      std::lock_guard hold(guard_);
      over_ = true;
    }
    ended_.notify_one();
    if (thread_.joinable())
      thread_.join();
    return passed_;
  }

 private:
  std::mutex guard_;
  std::condition_variable ended_;
  bool over_ = false, passed_ = false;
  std::thread thread_; ///< last: it uses the others
};

} // namespace

struct http_poster::impl {
  impl(const http_target& to, std::chrono::milliseconds limit)
      : http(to.server), path(to.path), limit(limit) {
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
  std::chrono::milliseconds limit;
};

http_poster::http_poster(http_target to, std::chrono::milliseconds limit)
    : impl_(std::make_unique<impl>(to, limit)) {}

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
  std::size_t bytes = 0;
  request.response_handler = [&](const httplib::Response& x) {
    out.status = x.status;
    out.retry_after = seconds_of(x.get_header_value("Retry-After"));
    return true;
  };
  // The text isn't kept, and a server that goes on sending is left.
  request.content_receiver = [&](const char*, std::size_t size, std::uint64_t, std::uint64_t) {
    bytes += size;
    return bytes <= longest_answer;
  };
  deadline until(impl_->http, impl_->limit);
  auto answer = impl_->http.send(request);
  if (until.end() && out.status == 0)
    out.why = "no whole answer within " + std::to_string(impl_->limit.count()) + " ms";
  else if (answer)
    out.status = answer->status; // without a body, the response handler isn't called
  else if (out.status == 0)
    out.why = httplib::to_string(answer.error());
  return out;
}

} // namespace millrace
