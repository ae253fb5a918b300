#define CAF_SUITE messages.rows
#include "messages/rows.hpp"

#include <stdexcept>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

template <class F>
bool refused(F f) {
  try {
    f();
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

} // namespace

CAF_TEST(a packed row comes back as it was) {
  row in{null_value{},   std::int64_t{0},          std::int64_t{-1},          plus_infinity,
         minus_infinity, std::string("Zoë\0x", 6), std::string(100'000, 'a'), not_a_number{}};
  CAF_CHECK(unpack(pack(in)) == in);
}

CAF_TEST(a prefix of a packed row is the pack of its first values) {
  row in{std::int64_t{7}, std::string("seven"), null_value{}};
  auto packed = pack(in);
  CAF_CHECK_EQUAL(packed_prefix(packed, 2), pack({in[0], in[1]}));
  CAF_CHECK(refused([&] { packed_prefix(packed, 4); }));
}

CAF_TEST(a damaged row is refused) {
  auto packed = pack({std::string("seven")});
  CAF_CHECK(refused([&] { unpack(packed.substr(0, 3)); }));
  CAF_CHECK(refused([] { unpack("\x93\x01\x02\x03"); }));
}
