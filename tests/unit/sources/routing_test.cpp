#define CAF_SUITE sources.routing
#include "actors/sources/routing.hpp"

#include "tests/unit/small_shop.hpp"

#include <algorithm>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr std::uint16_t shards = 4;

/// Orders go to their own cell and to their customer's.
struct fixture {
  routing orders{small_shop(), table_named("orders"), shards};
  entity_id own = entity_of("orders"), customers = entity_of("customers");

  static table_change record(char op, std::optional<row> before, std::optional<row> after) {
    table_change out;
    out.op = op;
    out.at = {500};
    out.key = {(after ? *after : *before).at(0)};
    out.before = std::move(before);
    out.after = std::move(after);
    return out;
  }
  /// Each cell's changes.
  using meanings = std::map<cell_id, std::vector<change>>;

  meanings route(const std::vector<table_change>& all, bool first_fill = false) const {
    changes_by_cell packed;
    for (std::int64_t at = 42; auto& x : all)
      orders.add(x, {at++}, first_fill, packed);
    meanings out;
    for (auto& [cell, list] : packed)
      out[cell] = list.all();
    return out;
  }
  meanings route(const table_change& x, bool first_fill = false) const {
    return route(std::vector{x}, first_fill);
  }
  static cell_id cell(entity_id entity, std::int64_t key) {
    return {*shard_of({value{key}}, shards), entity};
  }

  /// Returns a customer whose cell isn't that of customer 1.
  static std::int64_t elsewhere() {
    for (std::int64_t id = 2;; ++id)
      if (shard_of({value{id}}, shards) != shard_of({value{std::int64_t{1}}}, shards))
        return id;
  }
  /// Returns a customer who shares customer 1's cell.
  static std::int64_t neighbour() {
    for (std::int64_t id = 2;; ++id)
      if (shard_of({value{id}}, shards) == shard_of({value{std::int64_t{1}}}, shards))
        return id;
  }
  static std::size_t count(const meanings& x) {
    std::size_t n = 0;
    for (auto& [_, list] : x)
      n += list.size();
    return n;
  }
  static row without_customer() {
    return {value{std::int64_t{7}}, null_value{}, value{std::int64_t{100}}, value{"new"}};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(routing_tests, fixture)

CAF_TEST(an insert goes to its own cell and to its parents) {
  auto x = route(record('c', std::nullopt, order(7, 1, 100)));
  CAF_REQUIRE_EQUAL(count(x), 2u);
  auto& mine = x.at(cell(own, 7)).at(0);
  CAF_CHECK(mine.kind == change_kind::upsert);
  CAF_CHECK(mine.counted);
  CAF_CHECK_EQUAL(mine.op, 'c');
  CAF_CHECK_EQUAL(mine.where.high, 42);
  CAF_CHECK_EQUAL(mine.at.value, 500u);
  CAF_CHECK_EQUAL(mine.key, pack({value{std::int64_t{7}}}));
  CAF_CHECK_EQUAL(mine.columns, travelling(route_of("orders", "orders"), order(7, 1, 100)));
  auto& parents = x.at(cell(customers, 1)).at(0);
  CAF_CHECK(parents.kind == change_kind::upsert);
  CAF_CHECK(!parents.counted);
  CAF_CHECK_EQUAL(parents.columns, travelling(route_of("orders", "customers"), order(7, 1, 100)));
}

CAF_TEST(a foreign key that moves is a removal there and a row here) {
  auto to = elsewhere();
  auto x = route(record('u', order(7, 1, 100), order(7, to, 100)));
  CAF_REQUIRE_EQUAL(count(x), 3u);
  CAF_CHECK(x.at(cell(customers, 1)).at(0).kind == change_kind::remove);
  CAF_CHECK(x.at(cell(customers, to)).at(0).kind == change_kind::upsert);
}

CAF_TEST(a foreign key that moves within a cell is one row) {
  auto x = route(record('u', order(7, 1, 100), order(7, neighbour(), 100)));
  CAF_REQUIRE_EQUAL(x.at(cell(customers, 1)).size(), 1u);
  CAF_CHECK(x.at(cell(customers, 1)).at(0).kind == change_kind::upsert);
}

CAF_TEST(a foreign key that becomes NULL is a removal and one from NULL is a row) {
  auto to_null = route(record('u', order(7, 1, 100), without_customer()));
  CAF_REQUIRE_EQUAL(count(to_null), 2u);
  CAF_CHECK(to_null.at(cell(customers, 1)).at(0).kind == change_kind::remove);
  auto from_null = route(record('u', without_customer(), order(7, 1, 100)));
  CAF_REQUIRE_EQUAL(count(from_null), 2u);
  CAF_CHECK(from_null.at(cell(customers, 1)).at(0).kind == change_kind::upsert);
}

CAF_TEST(a row without a foreign key goes to its own cell only) {
  auto x = route(record('c', std::nullopt, without_customer()));
  CAF_REQUIRE_EQUAL(count(x), 1u);
  CAF_CHECK(x.begin()->first == cell(own, 7));
}

CAF_TEST(a delete removes the row from both cells and counts once) {
  auto x = route(record('d', order(7, 1, 100), std::nullopt));
  CAF_REQUIRE_EQUAL(count(x), 2u);
  CAF_CHECK(x.at(cell(own, 7)).at(0).kind == change_kind::remove);
  CAF_CHECK(x.at(cell(own, 7)).at(0).counted);
  CAF_CHECK(x.at(cell(customers, 1)).at(0).kind == change_kind::remove);
  CAF_CHECK(!x.at(cell(customers, 1)).at(0).counted);
}

CAF_TEST(a primary key that changes comes as a delete and an insert of two keys) {
  auto x = route({record('d', order(7, 1, 100), std::nullopt), record('c', std::nullopt, order(8, 1, 100))});
  auto& parents = x.at(cell(customers, 1));
  CAF_REQUIRE_EQUAL(parents.size(), 2u); // in the order of the records
  CAF_CHECK(parents[0].kind == change_kind::remove);
  CAF_CHECK(parents[0].key == pack({value{std::int64_t{7}}}));
  CAF_CHECK(parents[1].kind == change_kind::upsert);
  CAF_CHECK(parents[1].key == pack({value{std::int64_t{8}}}));
}

CAF_TEST(truncate goes to every cell and is counted once) {
  table_change truncated;
  truncated.op = 't';
  truncated.at = {900};
  auto x = route(truncated);
  CAF_CHECK_EQUAL(x.size(), 2u * shards);
  std::size_t counted = 0;
  for (auto& [cell, list] : x) {
    CAF_REQUIRE_EQUAL(list.size(), 1u);
    CAF_CHECK(list[0].kind == change_kind::truncate);
    CAF_CHECK_EQUAL(list[0].at.value, 900u);
    counted += list[0].counted;
  }
  CAF_CHECK_EQUAL(counted, 1u);
  CAF_CHECK((x.at({shard_id{0}, own}).at(0).counted));
}

CAF_TEST(a snapshot read tells the other cells that the row is not theirs) {
  auto x = route(record('r', std::nullopt, order(7, 1, 100)));
  CAF_CHECK_EQUAL(count(x), 1u + shards);
  std::size_t strangers = 0;
  for (auto& [cell, list] : x)
    if (cell.entity == customers)
      strangers += list.at(0).kind == change_kind::not_yours;
  CAF_CHECK_EQUAL(strangers, shards - 1u);
  CAF_CHECK(x.at(cell(customers, 1)).at(0).kind == change_kind::upsert);
  CAF_CHECK(x.at(cell(own, 7)).at(0).kind == change_kind::upsert);
}

CAF_TEST(a snapshot read without a foreign key tells all cells) {
  auto x = route(record('r', std::nullopt, without_customer()));
  std::size_t strangers = 0;
  for (auto& [cell, list] : x)
    strangers += list.at(0).kind == change_kind::not_yours;
  CAF_CHECK_EQUAL(strangers, std::size_t{shards});
}

CAF_TEST(on the first fill a snapshot read reaches no other cell) {
  CAF_CHECK_EQUAL(count(route(record('r', std::nullopt, order(7, 1, 100)), true)), 2u);
}

CAF_TEST(a row that a replay found gone is forgotten everywhere and counted nowhere) {
  auto replayed = record('d', order(7, 1, 100), std::nullopt);
  replayed.replayed = true;
  auto x = route(replayed);
  CAF_CHECK_EQUAL(count(x), 2u * shards);
  for (auto& [_, list] : x) {
    CAF_CHECK(list.at(0).kind == change_kind::forget);
    CAF_CHECK(!list.at(0).counted);
    CAF_CHECK_EQUAL(list.at(0).at.value, 500u);
  }
}

CAF_TEST(cells are those of every entity that the table feeds) {
  CAF_CHECK_EQUAL(orders.cells().size(), 2u * shards);
  CAF_CHECK_EQUAL(routing(small_shop(), table_named("customers"), shards).cells().size(),
                  std::size_t{shards});
}

CAF_TEST(the shard of a key never changes) {
  // State in Redis depends on it: another hash is a rebuild.
  CAF_CHECK((shard_of({value{std::int64_t{1}}}, 32) == shard_id{25}));
  CAF_CHECK((shard_of({value{std::string("a:1")}}, 32) == shard_id{23}));
  CAF_CHECK((shard_of({value{std::int64_t{-5}}, value{std::string("Zoë")}}, 32) == shard_id{25}));
}

CAF_TEST(a key with a NULL in it has no shard) {
  CAF_CHECK(!shard_of({value{std::int64_t{1}}, null_value{}}, 32));
}

CAF_TEST(keys spread evenly over the shards) {
  for (auto step : {1, 32, 1000}) {
    std::vector<int> hits(32);
    for (std::int64_t id = 0; id < 32'000; ++id)
      ++hits[shard_of({value{id * step}}, 32)->value];
    auto [least, most] = std::minmax_element(hits.begin(), hits.end());
    CAF_CHECK(*least > 800);
    CAF_CHECK(*most < 1200);
  }
}

CAF_TEST(a read of ours goes to the cells of the row alone as its sweep finds it elsewhere) {
  auto x = record('r', std::nullopt, order(7, 1, 250));
  x.snapshot = snapshot_kind::ours;
  auto all = route(x);
  CAF_CHECK_EQUAL(all.size(), 2u);
  for (auto& [_, changes] : all)
    CAF_CHECK(changes.at(0).kind == change_kind::read);
}

CAF_TEST_FIXTURE_SCOPE_END()
