#define CAF_SUITE messages.change_list
#include "messages/change_list.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;

namespace {

std::vector<change> some_changes() {
  change one{{change_kind::forget, 'd', true, route_id{65'535}, {7}, lsn{~std::uint64_t{0}}}, {}, {}};
  one.key = std::string("\0\xff key", 6);
  change two;
  two.where = {1LL << 62};
  two.columns = std::string(100'000, 'x');
  return {one, two};
}

bool same(const change& x, const change& y) {
  return x.kind == y.kind && x.op == y.op && x.counted == y.counted && x.route == y.route
         && x.where == y.where && x.at == y.at && x.key == y.key && x.columns == y.columns;
}

} // namespace

CAF_TEST(changes come back as they were) {
  auto before = some_changes();
  auto packed = packed_changes::from(packed_changes(before).bytes());
  CAF_REQUIRE(packed);
  auto after = packed->all();
  CAF_REQUIRE_EQUAL(after.size(), 2u);
  CAF_CHECK(same(before[0], after[0]));
  CAF_CHECK(same(before[1], after[1]));
  CAF_CHECK_EQUAL(packed->size(), 2u);
  CAF_CHECK_EQUAL(packed->first().high, 7);
  CAF_CHECK_EQUAL(packed->last().high, 1LL << 62);
}

CAF_TEST(a change of every kind comes back) {
  for (auto kind = change_kind::upsert; kind <= last_change_kind;
       kind = static_cast<change_kind>(static_cast<int>(kind) + 1)) {
    change one;
    one.kind = kind;
    auto packed = packed_changes::from(packed_changes({one}).bytes());
    CAF_REQUIRE(packed);
    CAF_CHECK(packed->all().at(0).kind == kind);
  }
}

CAF_TEST(no changes are no bytes) {
  packed_changes none;
  CAF_CHECK(none.bytes().empty());
  CAF_CHECK(none.begin() == none.end());
  CAF_CHECK(none.last() == nowhere);
  CAF_CHECK(packed_changes::from("")->empty());
  CAF_CHECK(change_list(none).empty());
}

CAF_TEST(those beyond an offset are a list of their own) {
  packed_changes all(some_changes());
  auto some = all.beyond({7});
  CAF_REQUIRE_EQUAL(some.size(), 1u);
  CAF_CHECK(same(some.all()[0], some_changes()[1]));
  CAF_CHECK_EQUAL(some.first().high, some.last().high);
  CAF_CHECK_EQUAL(all.beyond({6}).size(), 2u);
  CAF_CHECK(all.beyond(all.last()).empty());
}

CAF_TEST(bytes that were cut or that no change has are refused) {
  auto bytes = packed_changes({some_changes()[0]}).bytes();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    CAF_CHECK(!packed_changes::from(bytes.substr(0, size)));
  CAF_CHECK(!packed_changes::from(bytes + "x"));
  CAF_CHECK(!packed_changes::from(std::string(64, '\xff')));
}
