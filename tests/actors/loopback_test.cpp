#define CAF_SUITE actors.loopback
#include "nodes/node/loopback.hpp"

#include "caf/test/unit_test.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

using namespace millrace;

namespace {

std::uint16_t free_port() {
  auto socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(socket, reinterpret_cast<sockaddr*>(&at), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(socket);
  return ntohs(at.sin_port);
}

/// A server with one thing to look at and one to do.
struct fixture {
  std::uint16_t port = free_port();
  std::atomic<int> done{0};
  const std::string token = "0123456789abcdef";
  loopback_server server;

  fixture() {
    server.routes().Get("/status", [](const httplib::Request&, httplib::Response& out) {
      out.set_content("{}", "application/json");
    });
    server.routes().Post("/control", [this](const httplib::Request& in, httplib::Response& out) {
      if (in.body == "throw")
        throw std::runtime_error("secret words");
      ++done;
      out.set_content("{}", "application/json");
    });
    CAF_REQUIRE(server.serve(port, token));
  }

  httplib::Client client() const {
    httplib::Client out("127.0.0.1", port);
    out.set_read_timeout(std::chrono::seconds{30});
    return out;
  }
  int get(const httplib::Headers& headers) { return client().Get("/status", headers)->status; }
  httplib::Result post(const std::string& body, const httplib::Headers& headers = {},
                       const char* type = "application/json") {
    auto with_token = headers;
    with_token.emplace("Authorization", "Bearer " + token);
    return client().Post("/control", with_token, body, type);
  }
  /// Returns the answer to a POST that brings this for the token; nothing: no header.
  httplib::Result post_with(const std::string& authorization) const {
    httplib::Headers headers;
    if (!authorization.empty())
      headers.emplace("Authorization", authorization);
    return client().Post("/control", headers, "{}", "application/json");
  }
  std::string own(const std::string& name) const { return name + ":" + std::to_string(port); }
};

/// Connects and says the words, and no more.
struct half_request {
  explicit half_request(std::uint16_t port, std::string_view words)
      : socket(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0)
      (void)::send(socket, words.data(), words.size(), MSG_NOSIGNAL);
  }
  ~half_request() { ::close(socket); }
  half_request(const half_request&) = delete;
  half_request& operator=(const half_request&) = delete;

  /// Returns everything that the server sends until it closes the connection.
  std::string all() const {
    std::string out;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::read(socket, part.data(), part.size())) > 0;)
      out.append(part.data(), static_cast<std::size_t>(got));
    return out;
  }
  int socket;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(loopback_tests, fixture)

CAF_TEST(a request for this address is answered) {
  CAF_CHECK_EQUAL(get({}), 200);
  CAF_CHECK_EQUAL(get({{"Host", own("localhost")}}), 200);
  CAF_CHECK_EQUAL(get({{"Origin", "http://" + own("127.0.0.1")}}), 200);
  CAF_CHECK_EQUAL(post("{}")->status, 200);
  CAF_CHECK_EQUAL(post("{}", {}, "application/json; charset=utf-8")->status, 200);
}

CAF_TEST(a page of another site gets no answer and does nothing) {
  CAF_CHECK_EQUAL(get({{"Host", "rebound.example"}}), 403);
  CAF_CHECK_EQUAL(get({{"Host", own("rebound.example")}}), 403);
  for (auto& origin : {std::string("https://rebound.example"), std::string("null"),
                       "https://" + own("127.0.0.1"), std::string("http://127.0.0.1:1")}) {
    CAF_CHECK_EQUAL(get({{"Origin", origin}}), 403);
    CAF_CHECK_EQUAL(post("{}", {{"Origin", origin}})->status, 403);
  }
  for (auto* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonp"})
    CAF_CHECK_EQUAL(post("{}", {}, type)->status, 415);
  CAF_CHECK_EQUAL(done, 0);
}

CAF_TEST(a post without the token is refused and does nothing) {
  for (auto& shown : {std::string(), std::string("Bearer "), token, "Basic " + token, "Bearer x" + token,
                      "Bearer " + token.substr(1), "Bearer " + token.substr(1) + "x"}) {
    auto answer = post_with(shown);
    CAF_CHECK_EQUAL(answer->status, 401);
    CAF_CHECK_EQUAL(answer->get_header_value("WWW-Authenticate"), "Bearer");
    CAF_CHECK(answer->body.find("MILLRACE_HTTP_TOKEN") != std::string::npos);
    CAF_CHECK(answer->body.find(token) == std::string::npos);
  }
  CAF_CHECK_EQUAL(done, 0);
  CAF_CHECK_EQUAL(post_with("Bearer " + token)->status, 200);
  CAF_CHECK_EQUAL(done, 1);
}

CAF_TEST(a server without a token takes no post and says what to set) {
  loopback_server open;
  auto there = free_port();
  open.routes().Post("/control", [this](auto&, auto&) { ++done; });
  CAF_REQUIRE(open.serve(there, ""));
  for (auto& shown : {"", "Bearer ", "Bearer"}) {
    httplib::Client http("127.0.0.1", there);
    auto answer = http.Post("/control", {{"Authorization", shown}}, "{}", "application/json");
    CAF_CHECK_EQUAL(answer->status, 401);
    CAF_CHECK(answer->body.find("set MILLRACE_HTTP_TOKEN") != std::string::npos);
  }
  CAF_CHECK_EQUAL(done, 0);
}

CAF_TEST(a body is bounded and not unpacked) {
  CAF_CHECK_EQUAL(post(std::string(5 << 20, ' '))->status, 413);
  CAF_CHECK_EQUAL(post("{}", {{"Content-Encoding", "gzip"}})->status, 415);
  CAF_CHECK_EQUAL(done, 0);
}

CAF_TEST(a request for ranges is refused) {
  CAF_CHECK_EQUAL(get({{"Range", "bytes=0-,0-,0-"}}), 416);
}

CAF_TEST(only GET and POST with a length are read) {
  CAF_CHECK_EQUAL(client().Put("/control", "{}", "application/json")->status, 405);
  CAF_CHECK_EQUAL(client().Delete("/control")->status, 405);
  half_request chunked(port, "POST /control HTTP/1.1\r\nHost: " + own("127.0.0.1")
                                 + "\r\nAuthorization: Bearer " + token
                                 + "\r\nTransfer-Encoding: chunked\r\n\r\n");
  CAF_CHECK_EQUAL(chunked.all().find("HTTP/1.1 411"), 0u);
  CAF_CHECK_EQUAL(done.load(), 0);
}

CAF_TEST(the body of a refused request is not the next request) {
  auto smuggled = "GET /status HTTP/1.1\r\nHost: " + own("127.0.0.1") + "\r\n\r\n";
  half_request x(port, "POST /control HTTP/1.1\r\nHost: evil.example\r\nContent-Length: "
                           + std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled);
  auto said = x.all();
  CAF_CHECK_EQUAL(said.find("HTTP/1.1 403"), 0u);
  CAF_CHECK(said.find("HTTP/1.1 200") == said.npos);
}

CAF_TEST(what is refused is refused in words and none of them is of an exception) {
  for (auto& answer : {client().Get("/nothing"), post("throw"), post("{}", {{"Host", "x"}})}) {
    auto told = nlohmann::json::parse(answer->body, nullptr, false);
    CAF_CHECK(told.is_object() && told.contains("error"));
    CAF_CHECK(answer->status >= 400);
    CAF_CHECK(answer->body.find("secret words") == std::string::npos);
    for (auto& [_, text] : answer->headers)
      CAF_CHECK(text.find("secret words") == std::string::npos);
  }
}

CAF_TEST(slow connections delay no others) {
  std::vector<std::unique_ptr<half_request>> slow;
  for (int i = 0; i < 16; ++i)
    slow.push_back(std::make_unique<half_request>(port, "POST /control HTTP/1.1\r\nHost: x\r\n"));
  CAF_CHECK_EQUAL(get({}), 200);
}

CAF_TEST(a request with more headers than fit its bound is refused as they arrive) {
  std::string many = "GET /status HTTP/1.1\r\nHost: " + own("127.0.0.1") + "\r\n";
  while (many.size() < (1 << 20))
    many += "a: b\r\n";
  half_request x(port, many + "\r\n");
  CAF_CHECK_EQUAL(x.all().find("HTTP/1.1 200"), std::string::npos);
  half_request few(port, "GET /status HTTP/1.1\r\nHost: " + own("127.0.0.1")
                             + "\r\na: " + std::string(4000, 'b') + "\r\n\r\n");
  CAF_CHECK_EQUAL(few.all().find("HTTP/1.1 200"), 0u);
}

CAF_TEST(a server that is stopped as soon as it serves ends) {
  for (int i = 0; i < 50; ++i) {
    loopback_server brief;
    CAF_CHECK(brief.serve(free_port(), token));
  }
}

CAF_TEST(a port that is taken is reported) {
  loopback_server second;
  CAF_CHECK(!second.serve(port, token));
}

CAF_TEST(a server with a name of its own answers to that name and to no other) {
  loopback_server named;
  auto at = free_port();
  named.routes().Get("/status", [](const httplib::Request&, httplib::Response& out) {
    out.set_content("{}", "application/json");
  });
  named.answer_as("generator");
  CAF_REQUIRE(named.serve(at, "a token"));
  httplib::Client client("127.0.0.1", at);
  auto asked_as = [&](const std::string& host) {
    return client.Get("/status", {{"Host", host + ":" + std::to_string(at)}})->status;
  };
  CAF_CHECK_EQUAL(asked_as("generator"), 200);
  CAF_CHECK_EQUAL(asked_as("127.0.0.1"), 200);
  CAF_CHECK_EQUAL(asked_as("rebound.example"), 403);
}

CAF_TEST_FIXTURE_SCOPE_END()
