#define CAF_SUITE kafka.share_out
#include "actors/sources/kafka/share_out.hpp"

#include "actors/sources/kafka/group_look.hpp"
#include "tests/unit/case_seed.hpp"
#include "tests/unit/random_source.hpp"

#include <algorithm>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;

namespace {

using names = std::set<std::string>;

std::set<partition_id> first(int count) {
  std::set<partition_id> all;
  for (int i = 0; i < count; ++i)
    all.insert({i});
  return all;
}

shared_topics topics(const std::map<std::string, int>& sizes, const names& readers) {
  shared_topics all;
  for (auto& [topic, size] : sizes)
    all[topic] = {first(size), readers};
  return all;
}

/// Returns how far the members' numbers of partitions (of one topic) are apart.
int spread(const ownership& owners, const names& members, const std::string& topic = {}) {
  std::map<std::string, int> have;
  for (auto& each : members)
    have[each] = 0;
  for (auto& [where, owner] : owners)
    if (topic.empty() || where.topic == topic)
      ++have[owner];
  auto [least, most] =
      std::minmax_element(have.begin(), have.end(), [](auto& a, auto& b) { return a.second < b.second; });
  return most->second - least->second;
}

int moves(const ownership& before, const ownership& after) {
  return static_cast<int>(std::count_if(before.begin(), before.end(),
                                        [&](auto& each) { return after.at(each.first) != each.second; }));
}

std::vector<std::string> listed(const names& some) { return {some.begin(), some.end()}; }

} // namespace

CAF_TEST(one member owns everything and no member nothing) {
  auto owners = share_out(topics({{"a", 3}, {"b", 1}}, {"n1"}));
  CAF_CHECK_EQUAL(owners.size(), 4u);
  CAF_CHECK(std::all_of(owners.begin(), owners.end(), [](auto& x) { return x.second == "n1"; }));
  CAF_CHECK(share_out(topics({{"a", 3}}, {})).empty());
}

CAF_TEST(numbers differ by one at most within a topic and over all topics) {
  test::random_source random;
  for (std::size_t i = 0; i < test::cases(300); ++i) {
    auto seed = random.bits();
    test::case_seed repeat{seed};
    test::random_source r{seed};
    std::map<std::string, int> sizes;
    for (std::size_t k = 0; k < 1 + r.below(6); ++k)
      sizes["topic" + std::to_string(k)] = static_cast<int>(r.between(1, 40));
    names members;
    for (std::size_t k = 0; k < 1 + r.below(9); ++k)
      members.insert("node" + std::to_string(r.below(1000)));
    auto owners = share_out(topics(sizes, members));
    CAF_REQUIRE(spread(owners, members) <= 1);
    for (auto& [topic, size] : sizes)
      CAF_REQUIRE(spread(owners, members, topic) <= 1);
    repeat.passed = true;
  }
}

CAF_TEST(a member that comes or goes moves little more than it has to) {
  test::random_source random{20};
  int moved = 0, least = 0;
  names members{"n0"};
  auto before = share_out(topics({{"shards", 32}}, members));
  for (int i = 0; i < 2000; ++i) {
    auto comes = members.size() == 1 || (members.size() < 6 && random.one_in(2));
    if (comes)
      members.insert("n" + std::to_string(i));
    else
      members.erase(random.of(listed(members)));
    auto after = share_out(topics({{"shards", 32}}, members));
    moved += moves(before, after);
    least += 32 / static_cast<int>(members.size() + (comes ? 0 : 1));
    before = std::move(after);
  }
  CAF_MESSAGE(moved << " moves, " << least << " at least");
  CAF_CHECK(moved < least * 5 / 4);
}

CAF_TEST(a member that comes back gets what it had) {
  auto all = topics({{"shards", 32}}, {"n1", "n2", "n3"});
  auto before = share_out(all);
  CAF_CHECK(share_out(topics({{"shards", 32}}, {"n1", "n3"})) != before);
  CAF_CHECK(share_out(all) == before);
}

CAF_TEST(who owns what is the same in every version) {
  // A node of another version in the group has to come to the same.
  auto owners = share_out(topics({{"shards", 8}}, {"n1", "n2", "n3"}));
  std::string all;
  for (auto& [where, owner] : owners)
    all += owner + " ";
  CAF_CHECK_EQUAL(all, "n2 n3 n1 n3 n1 n2 n1 n3 ");
}

CAF_TEST(a topic that only some read is shared out among those) {
  auto all = topics({{"a", 6}, {"b", 6}}, {"n1", "n2", "n3"});
  all["b"].readers = {"n2"};
  for (auto& [where, owner] : share_out(all))
    CAF_CHECK(where.topic == "a" || owner == "n2");
}

CAF_TEST(a member without any of a large topic is no reader of it and all read a small one) {
  group_view view;
  view.members["n1"].assigned = {{"large", {0}}, {"small", {0}}};
  view.members["n2"].assigned = {{"large", {1}}};
  view.members["n3"].assigned = {};
  view.to_strangers = {{"large", {2}}};
  auto seen = topics_of(view);
  CAF_CHECK(seen["large"].readers == (names{"n1", "n2"}));
  CAF_CHECK_EQUAL(seen["large"].partitions.size(), 3u);
  CAF_CHECK(seen["small"].readers == (names{"n1", "n2", "n3"}));
}
