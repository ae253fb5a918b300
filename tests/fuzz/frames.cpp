/// Bytes at a node's door: the gate says the same of them however they are cut.

#include "actors/peers/frame_gate.hpp"
#include "tests/fuzz/input.hpp"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in(bytes, size);
  auto whom = in.below(2) == 0 ? peers::from::client : peers::from::server;
  auto step = in.below(64) + 1;
  auto all = in.rest();
  peers::frame_gate whole(whom), cut(whom);
  auto at_once = whole.lets_through(all.data(), all.size());
  auto in_parts = true;
  for (std::size_t at = 0; in_parts && at < all.size(); at += step)
    in_parts = cut.lets_through(all.data() + at, std::min(step, all.size() - at));
  fuzz::holds(at_once == in_parts, "the gate's word doesn't hang on how bytes are cut");
  fuzz::holds(!at_once || whole.is_greeted() == cut.is_greeted(), "nor does who has greeted");
  return 0;
}
