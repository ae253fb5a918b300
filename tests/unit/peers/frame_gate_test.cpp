#define CAF_SUITE peers.frame_gate
#include "actors/peers/frame_gate.hpp"

#include "caf/test/unit_test.hpp"

#include <random>
#include <string>

using namespace millrace::peers;

namespace {

enum operation : char { server_handshake, client_handshake, direct, routed, monitor, down, heartbeat };

/// Returns a header, and what it announces of a payload, up to a few bytes.
std::string frame(char what, std::uint32_t payload, bool whole = true) {
  std::string out(32, '\0');
  out[0] = what;
  for (int i = 0; i < 4; ++i)
    out[4 + i] = static_cast<char>(payload >> (24 - 8 * i));
  return whole ? out + std::string(payload, 'x') : out;
}

const std::string greeting = frame(client_handshake, 32);

bool passes(const std::string& bytes, from whom = from::client) {
  return frame_gate(whom).lets_through(bytes.data(), bytes.size());
}

} // namespace

CAF_TEST(what nodes say passes however it is cut) {
  auto all = greeting + greeting + frame(direct, 70000) + frame(heartbeat, 0) + frame(monitor, 64)
             + frame(routed, 1) + frame(down, 9);
  for (std::size_t part : {1ul, 7ul, 31ul, 32ul, 33ul, 4096ul, all.size()}) {
    frame_gate gate(from::client);
    for (std::size_t at = 0; at < all.size(); at += part)
      CAF_REQUIRE(gate.lets_through(all.data() + at, std::min(part, all.size() - at)));
    CAF_CHECK(gate.is_greeted());
  }
  CAF_CHECK(passes(frame(server_handshake, 58) + frame(direct, 5), from::server));
}

CAF_TEST(a greeting is one once all of it has come) {
  frame_gate gate(from::client);
  CAF_CHECK(gate.lets_through(greeting.data(), greeting.size() - 1));
  CAF_CHECK(!gate.is_greeted());
  CAF_CHECK(gate.lets_through("x", 1));
  CAF_CHECK(gate.is_greeted());
}

CAF_TEST(nothing comes before the greeting) {
  for (char what : {direct, routed, monitor, down, heartbeat})
    CAF_CHECK(!passes(frame(what, 5)));
  CAF_CHECK(!passes(frame(server_handshake, 58)));
  CAF_CHECK(!passes(greeting, from::server));
}

CAF_TEST(an impossible length is refused) {
  CAF_CHECK(!passes(frame(client_handshake, 0xfffffff0, false)));
  CAF_CHECK(!passes(frame(client_handshake, 1 << 20, false)));
  CAF_CHECK(!passes(greeting + frame(direct, 0xfffffff0, false)));
  CAF_CHECK(!passes(greeting + frame(direct, 200 << 20, false)));
  CAF_CHECK(passes(greeting + frame(direct, 100 << 20, false)));
}

CAF_TEST(a frame that should have a payload and has none is refused) {
  CAF_CHECK(!passes(frame(client_handshake, 0)));
  for (char what : {direct, routed, monitor, down})
    CAF_CHECK(!passes(greeting + frame(what, 0)));
  CAF_CHECK(!passes(greeting + frame(heartbeat, 1)));
}

CAF_TEST(random bytes are refused) {
  std::mt19937 dice{4711};
  for (int i = 0; i < 10000; ++i) {
    std::string bytes(64, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(dice());
    CAF_REQUIRE(!passes(bytes));
  }
}
