#define CAF_SUITE member.cell_claims
#include "actors/member/cell_claims.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const cell_id first{shard_id{1}, entity_id{0}}, second{shard_id{2}, entity_id{0}};

} // namespace

CAF_TEST(each cell is that of the node which says so) {
  cell_claims x;
  x.say("one", {first});
  x.say("two", {second});
  CAF_CHECK(x.owners() == (std::map<cell_id, std::string>{{first, "one"}, {second, "two"}}));
  CAF_CHECK(x.claimed(first));
}

CAF_TEST(of two who say so the later one has it however often the other repeats itself) {
  cell_claims x;
  x.say("one", {first});
  x.say("two", {first});
  x.say("one", {first});
  CAF_CHECK(x.owners().at(first) == "two");
}

CAF_TEST(what the earlier one lets go stays with the later one) {
  cell_claims x;
  x.say("one", {first, second});
  x.say("two", {first});
  x.say("one", {second});
  CAF_CHECK(x.owners() == (std::map<cell_id, std::string>{{first, "two"}, {second, "one"}}));
}

CAF_TEST(what the later one lets go goes back to who still says so) {
  cell_claims x;
  x.say("one", {first});
  x.say("two", {first});
  x.say("two", {});
  CAF_CHECK(x.owners().at(first) == "one");
  x.say("one", {});
  CAF_CHECK(x.owners().empty());
  CAF_CHECK(!x.claimed(first));
}

CAF_TEST(who lets go and takes it again says so later than the other) {
  cell_claims x;
  x.say("one", {first});
  x.say("two", {first});
  x.say("one", {});
  x.say("one", {first});
  CAF_CHECK(x.owners().at(first) == "one");
}
