#define CAF_SUITE redis.coalesce
#include "actors/redis/coalesce.hpp"
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// The commands as text: "hset k f v (ttl 5)".
std::vector<std::string> merged(std::vector<store_write> writes, std::size_t slice = 1000) {
  cell_flush flush;
  flush.output.writes = std::move(writes);
  std::vector<cell_flush> cells{std::move(flush)};
  auto commands = redis::coalesce(cells, slice);
  static const char* names[] = {"", "del", "mset", "set", "hdel", "hset", "zrem", "zadd", "unstage"};
  std::vector<std::string> out;
  for (auto& x : commands.commands) {
    std::string line = names[static_cast<int>(x.what)];
    for (std::size_t i = 0; i < x.count; ++i)
      line += " " + std::string(commands.args[x.first + i]);
    out.push_back(x.ttl_seconds ? line + " (ttl " + std::to_string(x.ttl_seconds) + ")" : line);
  }
  return out;
}

using lines = std::vector<std::string>;

} // namespace

CAF_TEST(a later write to the same place replaces the earlier one) {
  CAF_CHECK((merged({write(write_kind::set, "a", {"1"}), write(write_kind::set, "a", {"2"})})
             == lines{"mset a 2"}));
  CAF_CHECK((merged({write(write_kind::set, "a", {"1"}), write(write_kind::del, "a")}) == lines{"del a"}));
  CAF_CHECK((merged({write(write_kind::del, "a"), write(write_kind::set, "a", {"2"})}) == lines{"mset a 2"}));
  CAF_CHECK(
      (merged({write(write_kind::hset, "h", {"f", "1", "g", "1"}), write(write_kind::hset, "h", {"f", "2"})})
       == lines{"hset h f 2 g 1"}));
}

CAF_TEST(a field that comes after its removal stays and one that goes after it came goes) {
  CAF_CHECK((merged({write(write_kind::hdel, "h", {"f"}), write(write_kind::hset, "h", {"f", "1"})})
             == lines{"hset h f 1"}));
  CAF_CHECK((merged({write(write_kind::hset, "h", {"f", "1", "g", "2"}), write(write_kind::hdel, "h", {"f"})})
             == lines{"hdel h f", "hset h g 2"}));
  CAF_CHECK((merged({write(write_kind::zadd, "z", {"1.5", "m"}), write(write_kind::zrem, "z", {"m"}),
                     write(write_kind::zadd, "z", {"2", "n"})})
             == lines{"zrem z m", "zadd z 2 n"}));
}

CAF_TEST(plain sets and removals of a figure go together) {
  CAF_CHECK((merged({write(write_kind::set, "a", {"1"}), write(write_kind::del, "x"),
                     write(write_kind::set, "b", {"2"}), write(write_kind::del, "y"),
                     write(write_kind::set, "c", {"3"}, 0, 1)})
             == lines{"del x y", "mset a 1 b 2", "mset c 3"}));
}

CAF_TEST(a place with a ttl is written by itself) {
  CAF_CHECK((merged({write(write_kind::set, "a", {"1"}, 9), write(write_kind::set, "b", {"2"}, 9)})
             == lines{"set a 1 (ttl 9)", "set b 2 (ttl 9)"}));
  CAF_CHECK((merged({write(write_kind::hset, "h", {"f", "1"}, 9)}) == lines{"hset h f 1 (ttl 9)"}));
}

CAF_TEST(many fields of a key go in slices) {
  CAF_CHECK((merged({write(write_kind::hset, "h", {"a", "1", "b", "2", "c", "3"})}, 4)
             == lines{"hset h a 1 b 2", "hset h c 3"}));
  CAF_CHECK((merged({write(write_kind::hdel, "h", {"a", "b", "c"})}, 2).size() >= 2));
}

CAF_TEST(a staged place is moved after it was written and before what follows) {
  CAF_CHECK((merged({write(write_kind::set, "staged:a", {"1"}),
                     write(write_kind::unstage, "a", {"staged:a"}, 9), write(write_kind::set, "a", {"2"})})
             == lines{"mset staged:a 1", "unstage a staged:a (ttl 9)", "mset a 2"}));
}

CAF_TEST(parts of one group in many cells become one) {
  std::vector<cell_flush> cells(3);
  for (std::uint16_t i = 0; i < 3; ++i) {
    rollup_part part;
    part.cell = cell(i);
    part.group = "g";
    part.rows = 1;
    part.parts.resize(1);
    part.parts[0].count = 2;
    part.parts[0].sum.limb[0] = ~std::uint64_t{0};
    part.parts[0].best_changed = i > 0;
    part.parts[0].best = std::to_string(i);
    cells[i].output.rollups = {part};
    cells[i].output.counts = {{table_id{0}, 'c', 2}};
  }
  auto rolled = redis::merge_rollups(cells);
  CAF_REQUIRE_EQUAL(rolled[figure_id{0}].size(), 1u);
  auto& one = rolled[figure_id{0}][0];
  CAF_CHECK_EQUAL(one.rows, 3);
  CAF_CHECK_EQUAL(one.aggregates[0].count, 6);
  CAF_CHECK_EQUAL(to_text(wide_decimal{one.aggregates[0].sum, 0}), "55340232221128654845");
  CAF_REQUIRE_EQUAL(one.aggregates[0].bests.size(), 2u);
  CAF_CHECK(one.aggregates[0].bests[1].first == cell(2));
  auto counts = redis::merge_counts(cells);
  CAF_CHECK_EQUAL((counts[{table_id{0}, 'c'}]), 6);
}
