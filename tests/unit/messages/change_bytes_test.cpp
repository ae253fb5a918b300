#define CAF_SUITE messages.change_bytes
#include "messages/change_bytes.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;

namespace {

std::vector<change> some_changes() {
  change one{change_kind::forget, 'd', true, route_id{65'535}, {1LL << 62}, lsn{~std::uint64_t{0}}, {}, {}};
  one.key = std::string("\0\xff key", 6);
  change two;
  two.columns = std::string(100'000, 'x');
  return {one, two};
}

bool same(const change& x, const change& y) {
  return x.kind == y.kind && x.op == y.op && x.counted == y.counted && x.route == y.route
         && x.offset == y.offset && x.at == y.at && x.key == y.key && x.columns == y.columns;
}

} // namespace

CAF_TEST(changes come back as they were) {
  auto before = some_changes();
  auto after = changes_from(to_bytes(before));
  CAF_REQUIRE(after);
  CAF_REQUIRE_EQUAL(after->size(), 2u);
  CAF_CHECK(same(before[0], (*after)[0]));
  CAF_CHECK(same(before[1], (*after)[1]));
  CAF_CHECK(changes_from(to_bytes({}))->empty());
}

CAF_TEST(bytes that were cut or that no change has are refused) {
  auto bytes = to_bytes({some_changes()[0]});
  for (std::size_t size = 1; size < bytes.size(); ++size)
    CAF_CHECK(!changes_from(std::string_view(bytes).substr(0, size)));
  CAF_CHECK(!changes_from(bytes + "x"));
  CAF_CHECK(!changes_from(std::string(64, '\xff')));
}
