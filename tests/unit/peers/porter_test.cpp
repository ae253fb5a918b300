#define CAF_SUITE peers.porter
#include "actors/peers/porter.hpp"

#include "actors/peers/dial.hpp"
#include "actors/peers/tls_stream.hpp"
#include "tests/unit/peers/authority.hpp"

#include "caf/test/unit_test.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <mutex>

using namespace millrace;
using namespace millrace::test;
using namespace millrace::peers;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const tls_context> loaded(const tls_files& x) {
  auto out = tls_context::load(x);
  if (!out)
    throw std::runtime_error(out.why().message);
  return *out;
}

bool readable(int descriptor, std::chrono::milliseconds limit = 20s) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, static_cast<int>(limit.count())) == 1;
}

/// A porter whose node is `ours`, and what it says of those that it refuses.
struct fixture {
  std::mutex guard;
  std::vector<std::string> refused;
  std::unique_ptr<peers::porter> porter;

  void open(std::shared_ptr<const tls_context> tls, std::chrono::milliseconds patience = 20s,
            std::size_t most = 64) {
    porter_settings how;
    how.host = "127.0.0.1";
    how.tls = std::move(tls);
    how.patience = patience;
    how.bell_interval = std::chrono::hours{1}; // it rings for guests alone
    how.most_waiting = most;
    how.refused = [this](const std::string&, const std::string& why) {
      std::lock_guard lock(guard);
      refused.push_back(why);
    };
    auto opened = peers::porter::open(std::move(how));
    CAF_REQUIRE(opened);
    porter = std::move(*opened);
  }
  void open_ours(std::chrono::milliseconds patience = 20s, std::size_t most = 64) {
    open(loaded(ours().node("porter")), patience, most);
  }
  result<guest> come(const tls_context* tls) { return dial("127.0.0.1", porter->port(), tls, 20s); }
  socket_holder stranger(const std::string& says) {
    auto out = dial("127.0.0.1", porter->port(), nullptr, 20s);
    CAF_REQUIRE(out);
    CAF_REQUIRE(::send(out->socket.get(), says.data(), says.size(), MSG_NOSIGNAL) == ssize_t(says.size()));
    return std::move(out->socket);
  }
  /// Asserts that the porter hangs up, and returns what it says of it.
  std::string end_of(const socket_holder& x) {
    char bytes[256];
    for (ssize_t got = 1; got > 0;) { // an alert may come first
      CAF_REQUIRE(readable(x.get()));
      got = ::recv(x.get(), bytes, sizeof bytes, 0);
    }
    std::lock_guard lock(guard);
    CAF_REQUIRE(!refused.empty());
    return refused.back();
  }
  void check_nobody_is_in() { CAF_CHECK(!porter->next()); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(porter_tests, fixture)

CAF_TEST(two nodes of one authority talk to each other) {
  open_ours();
  auto tls = loaded(ours().node("guest"));
  auto out = come(tls.get());
  CAF_REQUIRE(out);
  CAF_REQUIRE(readable(porter->bell()));
  auto in = porter->next();
  CAF_REQUIRE(in && in->tls);
  std::size_t done = 0;
  CAF_REQUIRE(write(*out->tls, "hello", 5, done) == moved::some);
  CAF_REQUIRE(readable(in->socket.get()));
  char bytes[8];
  CAF_CHECK(read(*in->tls, bytes, sizeof bytes, done) == moved::some);
  CAF_CHECK_EQUAL(std::string(bytes, done), "hello");
  CAF_CHECK(read(*in->tls, bytes, sizeof bytes, done) == moved::none_yet);
  check_nobody_is_in();
  CAF_CHECK(!readable(porter->bell(), 0ms));
}

CAF_TEST(neither end waits longer than its limit for a silent one) {
  open(nullptr);
  auto out = come(nullptr);
  CAF_REQUIRE(out);
  CAF_REQUIRE(readable(porter->bell()));
  auto in = porter->next();
  CAF_REQUIRE(in);
  for (auto socket : {out->socket.get(), in->socket.get()}) {
    unsigned limit = 0;
    socklen_t size = sizeof limit;
    ::getsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, &size);
    CAF_CHECK_EQUAL(limit, 10'000u);
  }
}

CAF_TEST(a certificate of another CA is rejected) {
  open_ours();
  auto files = theirs().node("guest");
  auto other = loaded(files);
  auto out = come(other.get());
  CAF_REQUIRE(!out);
  CAF_CHECK(out.why().code == errc::denied);
  CAF_CHECK(out.why().message.find("its certificate isn't signed by this project's CA") != std::string::npos);
  check_nobody_is_in();
}

CAF_TEST(a certificate from a clock that is ahead is accepted) {
  open_ours();
  auto tls = loaded(ours().node_of_the_future("ahead", 60));
  auto out = come(tls.get());
  CAF_CHECK(out);
}

CAF_TEST(who trusts us and is not trusted hears of it) {
  open_ours();
  ours().openssl("x509 -in " + ours().file("crt") + " -out " + theirs().file("both"));
  std::system(("cat " + theirs().file("crt") + " >> " + theirs().file("both")).c_str());
  auto files = theirs().node("half");
  files.authority = theirs().file("both");
  auto half = loaded(files);
  auto out = come(half.get());
  CAF_REQUIRE(!out);
  CAF_CHECK(out.why().message.find("it rejected this node: ") != std::string::npos);
  check_nobody_is_in();
}

CAF_TEST(an unknown client without TLS is rejected) {
  open_ours();
  CAF_CHECK(end_of(stranger("GET / HTTP/1.1\r\nHost: node\r\n\r\n")).find("TLS") != std::string::npos);
  CAF_CHECK(end_of(stranger(std::string(64, '\0'))).find("TLS") != std::string::npos);
  check_nobody_is_in();
}

CAF_TEST(a client that sends nothing or half a hello is disconnected) {
  open_ours(50ms);
  CAF_CHECK_EQUAL(end_of(stranger("")), "it sent nothing");
  CAF_CHECK_EQUAL(end_of(stranger("\x16\x03\x01\x3f\xff\x01")), "it sent nothing");
  check_nobody_is_in();
}

CAF_TEST(silent clients do not keep a node out) {
  open_ours(20s, 4);
  std::vector<socket_holder> silent;
  for (int i = 0; i < 5; ++i)
    silent.push_back(stranger(""));
  CAF_CHECK_EQUAL(end_of(silent.front()), "it sent nothing, and other clients needed its slot");
  auto tls = loaded(ours().node("guest"));
  CAF_CHECK(come(tls.get()));
}

CAF_TEST(who is shaking hands is not ended by those that come later) {
  open_ours(20s, 5);
  std::vector<socket_holder> slow;
  for (int i = 0; i < 4; ++i)
    slow.push_back(stranger("\x16\x03\x01")); // a hello's first bytes
  end_of(stranger("GET / HTTP/1.1"));         // all before it were heard by then
  auto silent = stranger("");
  auto tls = loaded(ours().node("guest"));
  CAF_CHECK(come(tls.get()));
  CAF_CHECK_EQUAL(end_of(silent), "it sent nothing, and other clients needed its slot");
  for (auto& x : slow)
    CAF_CHECK(!readable(x.get(), 0ms));
}

CAF_TEST(a node that answers without TLS is said to) {
  open(nullptr);
  auto tls = loaded(ours().node("guest"));
  auto call = std::async(std::launch::async, [&] { return come(tls.get()); });
  CAF_REQUIRE(readable(porter->bell()));
  auto in = porter->next();
  CAF_REQUIRE(in && !in->tls);
  CAF_REQUIRE(::send(in->socket.get(), "plain words", 11, MSG_NOSIGNAL) == 11);
  auto out = call.get();
  CAF_REQUIRE(!out);
  CAF_CHECK(out.why().message.find("the TLS handshake failed") != std::string::npos);
}

CAF_TEST(no server answers at an address without a porter) {
  open(nullptr);
  auto port = porter->port();
  porter.reset();
  auto out = dial("127.0.0.1", port, nullptr, 20s);
  CAF_REQUIRE(!out);
  CAF_CHECK_EQUAL(out.why().message, "Connection refused");
}

CAF_TEST(two can not listen at one address) {
  open(nullptr);
  porter_settings how;
  how.host = "127.0.0.1";
  how.port = porter->port();
  auto second = peers::porter::open(std::move(how));
  CAF_REQUIRE(!second);
  CAF_CHECK_EQUAL(second.why().message, "Address already in use");
}

CAF_TEST_FIXTURE_SCOPE_END()
