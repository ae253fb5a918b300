#define CAF_SUITE peers.connections
#include "actors/peers/connections.hpp"
#include "actors/peers/guest.hpp"

#include "caf/test/unit_test.hpp"

#include <sys/socket.h>
#include <unistd.h>

using namespace millrace::peers;
using namespace std::chrono_literals;

namespace {

/// A connection, and its other end.
struct visitor {
  explicit visitor(connections::clock::time_point heard) {
    int both[2];
    CAF_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both), 0);
    here = socket_holder(both[0]);
    there = socket_holder(both[1]);
    *known = {both[0], heard};
  }
  bool is_open() const {
    char byte;
    return ::recv(there.get(), &byte, 1, 0) != 0;
  }
  socket_holder here, there;
  std::shared_ptr<presence> known = std::make_shared<presence>();
};

struct door {
  visitor& come(bool greets = false) {
    all.emplace_back(now);
    all.back().known->greeted = greets;
    inside.add(all.back().known, now);
    return all.back();
  }
  void pass(std::chrono::seconds time) {
    now += time;
    inside.look(now);
  }
  connections::clock::time_point now{1h};
  connections inside;
  std::vector<visitor> all;
};

} // namespace

CAF_TEST(a connection that does not greet is ended after ten seconds) {
  door x;
  auto& silent = x.come();
  x.pass(9s);
  CAF_CHECK(silent.is_open());
  x.pass(2s);
  CAF_CHECK(!silent.is_open());
}

CAF_TEST(a connection that greeted and then says nothing is ended and a node that does not rest stays) {
  door x;
  x.all.reserve(2);
  auto& silent = x.come(true);
  auto& node = x.come(true);
  for (int i = 0; i < 10; ++i) {
    node.known->heard = x.now;
    x.pass(connections::heartbeat);
  }
  CAF_CHECK(!silent.is_open());
  CAF_CHECK(node.is_open());
}

CAF_TEST(where too many come those who have been silent for longest go) {
  door x;
  x.all.reserve(400);
  auto& first = x.come();
  for (int i = 0; i < 64; ++i)
    x.come();
  CAF_CHECK(!first.is_open());
  CAF_CHECK(x.all.back().is_open());
  x.pass(1s);
  auto& greeted = x.come(true);
  x.now += 1s;
  for (int i = 0; i < 256; ++i)
    x.come(true);
  CAF_CHECK(!greeted.is_open());
  CAF_CHECK(x.all.back().is_open());
}

CAF_TEST(the socket of a connection that has gone is left alone) {
  door x;
  auto& gone = x.come();
  gone.known->gone = true; // its number may be another connection's by now
  x.pass(60s);
  CAF_CHECK(gone.is_open());
}
