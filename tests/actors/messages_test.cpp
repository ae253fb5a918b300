#define CAF_SUITE actors.messages
#include "actors/inspector/report_json.hpp"
#include "tests/actors/fakes.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/dsl.hpp"

using namespace millrace;

namespace {

using fixture = test_coordinator_fixture<test::message_config>;

const cell_id cell{shard_id{65'535}, entity_id{7}};
const source_id from{3ULL << 32 | 2147483647};
const std::string bytes("\0\xff\xc3 Zoë", 8);

position some_position() { return {from, {1LL << 62}, {{5}, ~std::uint64_t{0}}}; }

bool same(const position& x, const position& y) {
  return x.source == y.source && x.last == y.last && x.seen == y.seen;
}

bool same(const store_write& x, const store_write& y) {
  return x.figure == y.figure && x.kind == y.kind && x.key == y.key && x.args == y.args
         && x.ttl_seconds == y.ttl_seconds;
}

bool same(const aggregate_part& x, const aggregate_part& y) {
  return x.count == y.count && x.nans == y.nans && std::equal(x.sum.limb, x.sum.limb + 4, y.sum.limb)
         && x.best_changed == y.best_changed && x.best == y.best;
}

bool same(const rollup_part& x, const rollup_part& y) {
  return x.figure == y.figure && x.cell == y.cell && x.group == y.group && x.key == y.key
         && x.member == y.member && x.shown == y.shown && x.always == y.always && x.rows == y.rows
         && x.closes_at == y.closes_at && x.parts.size() == y.parts.size()
         && same(x.parts.at(0), y.parts.at(0));
}

cell_flush some_flush() {
  cell_flush x;
  x.cell = cell;
  x.owner = "0123456789abcdef";
  x.number = ~std::uint64_t{0};
  x.positions = {some_position()};
  x.block = bytes;
  x.generation = 9;
  x.copy_block = bytes + bytes;
  x.copy_block_too = true;
  x.copy_length = 12;
  x.output.writes = {{figure_id{1}, write_kind::hset, bytes, {"field", bytes}, 86'400}};
  x.output.counts = {{table_id{2}, 't', -1}};
  rollup_part part{figure_id{2}, cell, bytes, "key", "member", {"a", ""}, true, -3, {}, 1'700'000'000};
  part.parts = {{-1, 2, {{1, ~std::uint64_t{0}, 0, 5}}, true, "nan"}};
  x.output.rollups = {part};
  x.unknown_reads[table_id{2}] = lsn{~std::uint64_t{0}};
  x.checks = {{figure_id{3}, bytes, "member", ~std::uint64_t{0}}};
  x.checked_all = true;
  return x;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(messages_tests, fixture)

CAF_TEST(a batch comes out as it went in) {
  change_batch x{cell, from, nowhere, {1LL << 40}, {{7}, 8}, {6}, {}};
  x.changes = {{change_kind::forget, 'r', true, route_id{4}, {9}, {~std::uint64_t{0}}, bytes, bytes + "x"}};
  auto y = roundtrip(x);
  CAF_CHECK(y.cell == x.cell && y.source == x.source && y.prev == x.prev && y.last == x.last
            && y.seen == x.seen);
  CAF_CHECK(y.acknowledged == x.acknowledged);
  CAF_REQUIRE_EQUAL(y.changes.size(), 1u);
  auto a = *y.changes.begin(), b = *x.changes.begin();
  CAF_CHECK(a.kind == b.kind && a.op == b.op && a.counted == b.counted && a.route == b.route);
  CAF_CHECK(a.where == b.where && a.at == b.at && a.key == b.key && a.columns == b.columns);
}

CAF_TEST(positions come out as they went in) {
  auto y = roundtrip(cell_positions{cell, {some_position(), {}}});
  CAF_CHECK(y.cell == cell);
  CAF_REQUIRE_EQUAL(y.positions.size(), 2u);
  CAF_CHECK(same(y.positions[0], some_position()));
  CAF_CHECK(same(y.positions[1], {}));
}

CAF_TEST(a flush comes out as it went in) {
  auto x = some_flush(), y = roundtrip(x);
  CAF_CHECK(y.cell == x.cell && y.owner == x.owner && y.number == x.number && y.block == x.block);
  CAF_CHECK(y.generation == x.generation && y.copy_block == x.copy_block
            && y.copy_block_too == x.copy_block_too);
  CAF_CHECK_EQUAL(y.copy_length, x.copy_length);
  CAF_REQUIRE(y.positions.size() == 1 && y.output.writes.size() == 1 && y.output.counts.size() == 1
              && y.output.rollups.size() == 1);
  CAF_CHECK(same(y.positions[0], x.positions[0]));
  CAF_CHECK(same(y.output.writes[0], x.output.writes[0]));
  CAF_CHECK(same(y.output.rollups[0], x.output.rollups[0]));
  CAF_CHECK(y.unknown_reads == x.unknown_reads);
  CAF_REQUIRE_EQUAL(y.checks.size(), 1u);
  CAF_CHECK(y.checks[0].figure == x.checks[0].figure && y.checks[0].key == bytes
            && y.checks[0].member == "member" && y.checks[0].fingerprint == ~std::uint64_t{0}
            && y.checked_all);
  auto &a = y.output.counts[0], &b = x.output.counts[0];
  CAF_CHECK(a.table == b.table && a.op == b.op && a.count == b.count);
}

CAF_TEST(a ledger comes out as it went in) {
  cell_ledger x{cell,    "token", 3, 4, {17}, {some_position()}, {bytes, "", bytes}, {{{"late", "7"}, {}}},
                {"late"}};
  auto y = roundtrip(x);
  CAF_CHECK(y.cell == x.cell && y.owner == x.owner && y.number == x.number && y.generation == x.generation);
  CAF_CHECK(y.blocks == x.blocks);
  CAF_CHECK(same(y.positions.at(0), x.positions[0]));
}

CAF_TEST(numbers with a meaning come out as they went in) {
  CAF_CHECK(roundtrip(cell) == cell);
  CAF_CHECK(roundtrip(table_id{7}) == table_id{7});
  CAF_CHECK(roundtrip(figure_id{65'535}) == figure_id{65'535});
  CAF_CHECK(roundtrip(lsn{~std::uint64_t{0}}) == lsn{~std::uint64_t{0}});
  CAF_CHECK(roundtrip(nowhere) == nowhere);
}

CAF_TEST(a complete message crosses to another node) {
  auto out = roundtrip(caf::make_message(atom::dirty_v, cell, true));
  CAF_CHECK((out.match_elements<atom::dirty, cell_id, bool>()));
  CAF_CHECK((roundtrip(caf::make_message(some_flush())).match_elements<cell_flush>()));
}

CAF_TEST(a report comes out as it went in) {
  node_report x;
  x.project = "shop";
  x.rows = ~std::uint64_t{0};
  x.router.dead_letters["public.orders"] = 3;
  x.router.sources = {{"topic", 7, 1LL << 40, -1, true}};
  x.writer.failed["geo"] = bytes;
  x.writer.findings = {{true, "a cluster"}};
  x.fill.live = true;
  x.fill.surroundings.doubts["public.orders"] = {"reason", "remedy", 5};
  x.fill.surroundings.slot.confirmed_flush = "0/15";
  x.member.nodes["two"] = {"127.0.0.1:1", 32, ""};
  x.member.load_seconds = 0.5;
  x.figures = {{"geo", figure_state::failed, "why", 7}};
  x.troubles = {{"id", "what", "why", 9}};
  x.silent = {{"member", 1}};
  auto y = roundtrip(x);
  CAF_CHECK(to_json(y) == to_json(x));
  CAF_CHECK_EQUAL(y.silent.at(0).since, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
