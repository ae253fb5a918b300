#define CAF_SUITE ledger.durable
#include "actors/ledger/durable.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{7}, stream{8};

/// Customers alone, and orders that are in the cells of customers too.
plan_set two_entities() {
  plan_set out;
  out.tables.resize(2);
  out.tables[0].table.name = "customers";
  out.tables[1].table.name = "orders";
  out.routes = {{table_id{0}, entity_id{0}, true, {}, {}, 0},
                {table_id{1}, entity_id{1}, true, {}, {}, 0},
                {table_id{1}, entity_id{0}, false, {}, {}, 0}};
  return out;
}

/// One source has the orders, the other every table.
bool feeds(source_id source, table_id table) { return source == stream || table == table_id{1}; }

std::vector<cell_positions> all_at(stream_position last) {
  std::vector<cell_positions> out;
  for (std::uint16_t shard = 0; shard < 2; ++shard)
    for (std::uint16_t entity = 0; entity < 2; ++entity)
      out.push_back({{shard_id{shard}, entity_id{entity}}, {{orders, last, {}}}});
  return out;
}

std::optional<lagging> late(stream_position end, const std::vector<cell_positions>& cells) {
  return behind(two_entities(), 2, feeds, {{orders, end}}, cells);
}

} // namespace

CAF_TEST(the readers of a source are the cells of all its tables) {
  CAF_CHECK_EQUAL(readers_of(two_entities(), orders, feeds, 2).size(), 4u);
  CAF_CHECK_EQUAL(readers_of(two_entities(), stream, feeds, 3).size(), 6u);
  CAF_CHECK(readers_of(
                two_entities(), stream, [](source_id, table_id) { return false; }, 3)
                .empty());
}

CAF_TEST(all is durable once every cell that reads a source has come to its end) {
  CAF_CHECK(!late({99}, all_at({99})));
  CAF_CHECK(!late({99}, all_at({250})));
  CAF_CHECK(late({99, 1}, all_at({99})));
  auto cells = all_at({99});
  cells[1].positions[0].last = {90};
  cells[2].positions[0].last = {89};
  auto slowest = late({99}, cells);
  CAF_REQUIRE(slowest);
  CAF_CHECK_EQUAL(name_of(slowest->cell, two_entities()), "shard 1, customers");
  CAF_CHECK(slowest->at == (stream_position{89}));
}

CAF_TEST(a cell without a position has nothing and an empty source asks for nothing) {
  auto slowest = late({4}, {});
  CAF_REQUIRE(slowest);
  CAF_CHECK(slowest->at == nowhere);
  CAF_CHECK(!late(nowhere, {}));
}
