#define CAF_SUITE alert_sender.http_post
#include "actors/alert_sender/http_post.hpp"

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

/// A server on a free port of loopback, which answers by path.
struct server {
  server() {
    one.Post("/ok", [this](auto& in, auto& out) {
      body = in.body;
      login = in.get_header_value("Authorization");
      id = in.get_header_value("webhook-id");
      out.status = 204;
    });
    one.Post("/moved", [](auto&, auto& out) { out.set_redirect("/ok"); });
    one.Post("/later", [](auto&, auto& out) {
      out.status = 429;
      out.set_header("Retry-After", "17");
    });
    one.Post("/endless", [](auto&, auto& out) {
      out.set_chunked_content_provider("text/plain", [](std::size_t, httplib::DataSink& sink) {
        return sink.write(std::string(4096, 'x').data(), 4096);
      });
    });
    port = one.bind_to_any_port("127.0.0.1");
    runs = std::thread([this] { one.listen_after_bind(); });
    while (!one.is_running())
      std::this_thread::yield();
  }
  ~server() {
    one.stop();
    runs.join();
  }

  http_answer post(const std::string& path, const std::string& with = "{}") {
    auto to = parse_http_url("http://me:secret@127.0.0.1:" + std::to_string(port) + path);
    return http_poster(*to).post(with, {{"webhook-id", "msg_1"}});
  }

  httplib::Server one;
  int port = 0;
  std::thread runs;
  std::string body, login, id;
};

} // namespace

CAF_TEST(a POST brings body and headers and login) {
  server to;
  CAF_CHECK_EQUAL(int{to.post("/ok", "[1]").status}, 204);
  CAF_CHECK_EQUAL(to.body, "[1]");
  CAF_CHECK_EQUAL(to.id, "msg_1");
  CAF_CHECK_EQUAL(to.login, "Basic bWU6c2VjcmV0");
}

CAF_TEST(a redirect is not followed) {
  server to;
  CAF_CHECK_EQUAL(int{to.post("/moved").status}, 302);
  CAF_CHECK_EQUAL(to.body, "");
}

CAF_TEST(Retry After is read in seconds) {
  server to;
  auto answer = to.post("/later");
  CAF_CHECK_EQUAL(answer.status, 429);
  CAF_REQUIRE(answer.retry_after.has_value());
  CAF_CHECK_EQUAL(answer.retry_after->count(), 17);
}

CAF_TEST(an answer without an end is left and its status counts) {
  server to;
  CAF_CHECK_EQUAL(int{to.post("/endless").status}, 200);
}

CAF_TEST(an answer that comes by drops is left when the time is over) {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  CAF_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&at), size) == 0 && ::listen(listener, 1) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  std::thread drips([listener] {
    int there = ::accept(listener, nullptr, nullptr);
    std::string next = "HTTP/1.1 200 OK\r\n";
    while (::send(there, next.data(), next.size(), MSG_NOSIGNAL) > 0) {
      next = "x: y\r\n";
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    ::close(there);
  });
  auto url = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  auto answer = http_poster(*parse_http_url(url), std::chrono::milliseconds{300}).post("{}", {});
  CAF_CHECK_EQUAL(answer.status, 0);
  CAF_CHECK_EQUAL(answer.why, "no whole answer within 300 ms");
  drips.join();
  ::close(listener);
}

CAF_TEST(a server that is not there has no status and a reason) {
  int port = 0;
  {
    server gone;
    port = gone.port;
  }
  auto answer = http_poster(*parse_http_url("http://127.0.0.1:" + std::to_string(port))).post("{}", {});
  CAF_CHECK_EQUAL(answer.status, 0);
  CAF_CHECK(!answer.why.empty());
}
