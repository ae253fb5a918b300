#include "actors/sources/debezium/client.hpp"

#include "actors/sources/debezium/registration.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <regex>
#include <thread>

namespace millrace::connect {

namespace {

constexpr int conflict = 409; ///< the workers rebalance: ask again
constexpr std::chrono::milliseconds conflict_pause{250};

/// Returns the message of Connect's error body, on one line.
std::string message_of(const std::string& body) {
  auto x = nlohmann::json::parse(body, nullptr, false);
  auto text = x.is_object() && x.contains("message") && x["message"].is_string()
                  ? x["message"].get<std::string>()
                  : body;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.substr(0, 500);
}

error failure(const std::string& what, const httplib::Result& answer) {
  if (!answer)
    return {errc::unavailable,
            "Kafka Connect doesn't answer (" + what + "): " + httplib::to_string(answer.error())};
  auto code = answer->status == 401 || answer->status == 403   ? errc::denied
              : answer->status == 400 || answer->status == 422 ? errc::bad_setting
                                                               : errc::unavailable;
  return {code,
          "Kafka Connect: " + what + ": " + std::to_string(answer->status) + " " + message_of(answer->body)};
}

bool is_ok(const httplib::Result& answer) { return answer && answer->status >= 200 && answer->status < 300; }

/// Percent-encodes a connector's name for a path.
std::string encoded(const std::string& name) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : name)
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~')
      out += static_cast<char>(c);
    else
      ((out += '%') += hex[c >> 4]) += hex[c & 15];
  return out;
}

} // namespace

struct client::impl {
  impl(const std::string& host, int port) : http(host, port) {}

  httplib::Client http;
  std::string base; ///< the path before /connectors
  std::chrono::milliseconds timeout{};

  std::string path(const std::string& name, const std::string& rest = "") const {
    return base + "/connectors/" + encoded(name) + rest;
  }
  /// Repeats a request while the workers rebalance, and one whose answer is late: a busy worker can take
  /// longer than the timeout for it. Each of these requests has the same effect twice as once.
  template <class Request>
  httplib::Result patiently(Request send) {
    auto until = std::chrono::steady_clock::now() + 3 * timeout;
    auto answer = send();
    auto again = [&] { return answer ? answer->status == conflict : answer.error() == httplib::Error::Read; };
    while (again() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(conflict_pause);
      answer = send();
    }
    return answer;
  }
  result<void> order(const std::string& what, const httplib::Result& answer) const {
    if (is_ok(answer))
      return {};
    return failure(what, answer);
  }
};

client::client(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

result<client> client::make(const std::string& url, const login& as, std::chrono::milliseconds timeout) {
  static const std::regex form(
      R"(http://(?:([^:@/]*):([^@/]*)@)?(\[[^\]]+\]|[^:/@]+)(?::(\d{1,5}))?(/[^?#]*)?)");
  std::smatch part;
  if (!std::regex_match(url, part, form))
    return error{errc::bad_setting,
                 "Kafka Connect's URL must be http://HOST:PORT (https isn't spoken: put a proxy in between)"};
  auto host = part[3].str();
  if (host.front() == '[')
    host = host.substr(1, host.size() - 2);
  auto x = std::make_unique<impl>(host, part[4].matched ? std::stoi(part[4]) : 8083);
  x->timeout = timeout;
  x->base = part[5].str();
  while (!x->base.empty() && x->base.back() == '/')
    x->base.pop_back();
  if (part[1].matched)
    x->http.set_basic_auth(part[1].str(), part[2].str());
  else if (!as.user.empty())
    x->http.set_basic_auth(as.user, as.password);
  x->http.set_connection_timeout(timeout);
  x->http.set_read_timeout(timeout);
  x->http.set_write_timeout(timeout);
  return client{std::move(x)};
}

result<std::string> client::configuration(const std::string& name) {
  auto answer = impl_->http.Get(impl_->path(name, "/config"));
  if (answer && answer->status == 404)
    return std::string();
  if (!is_ok(answer))
    return failure("configuration of connector " + name, answer);
  return answer->body;
}

result<bool> client::put(const std::string& name, const std::string& config) {
  auto there = impl_->http.Get(impl_->path(name, "/config"));
  if (is_ok(there) && same_config(there->body, config))
    return false;
  auto answer = impl_->patiently(
      [&] { return impl_->http.Put(impl_->path(name, "/config"), config, "application/json"); });
  if (is_ok(answer))
    return true;
  auto why = failure("register connector " + name, answer);
  why.message = without_secrets(std::move(why.message), config);
  return why;
}

result<connector_status> client::status(const std::string& name) {
  auto answer = impl_->http.Get(impl_->path(name, "/status"));
  if (answer && answer->status == 404)
    return connector_status{};
  if (!is_ok(answer))
    return failure("status of connector " + name, answer);
  return parse_status(answer->body);
}

result<void> client::restart_failed(const std::string& name) {
  auto path = impl_->path(name, "/restart?includeTasks=true&onlyFailed=true");
  return impl_->order("restart connector " + name, impl_->http.Post(path));
}

result<void> client::restart(const std::string& name) {
  auto path = impl_->path(name, "/restart?includeTasks=true&onlyFailed=false");
  return impl_->order("restart connector " + name, impl_->http.Post(path));
}

result<void> client::stop(const std::string& name) {
  auto answer = impl_->patiently([&] { return impl_->http.Put(impl_->path(name, "/stop")); });
  return impl_->order("stop connector " + name, answer);
}

result<void> client::resume(const std::string& name) {
  auto answer = impl_->patiently([&] { return impl_->http.Put(impl_->path(name, "/resume")); });
  return impl_->order("resume connector " + name, answer);
}

result<void> client::forget_offsets(const std::string& name) {
  auto answer = impl_->patiently([&] { return impl_->http.Delete(impl_->path(name, "/offsets")); });
  if (answer && answer->status == 404)
    return {};
  return impl_->order("forget the offsets of connector " + name, answer);
}

result<void> client::remove(const std::string& name) {
  auto answer = impl_->patiently([&] { return impl_->http.Delete(impl_->path(name)); });
  if (answer && answer->status == 404)
    return {};
  return impl_->order("delete connector " + name, answer);
}

} // namespace millrace::connect
