#define CAF_SUITE ledger.change_over
#include "actors/ledger/change_over.hpp"

#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const std::string shown = "-- redis: json customer:{id} name shown\nSELECT * FROM customers;\n";
const std::string stats = "-- redis: hash customer:{customer_id}:stats name stats\n"
                          "SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id;\n";
const std::string statuses = "-- redis: hash orders:by_status field {status} name statuses\n"
                             "SELECT status, count(*) AS orders FROM orders GROUP BY status;\n";
const source_id people{0}, orders{1ULL << 32};
const entity_id of_people{0}, of_orders{1};

bool feeds(source_id source, table_id table) { return source.value >> 32 == table.value; }

cell_ledger ledger(std::uint16_t shard, entity_id entity, std::vector<position> positions) {
  cell_ledger out;
  out.cell = {shard_id{shard}, entity};
  out.owner = "me";
  out.positions = std::move(positions);
  return out;
}

} // namespace

CAF_TEST(a cell that reads a known table for the first time begins at the laggard) {
  auto before = plan(shown + statuses), after = aligned(plan(shown + statuses + stats), before);
  auto moved = moved_positions(before, after,
                               {ledger(0, of_people, {{people, {5}, {}}}), ledger(1, of_people, {}),
                                ledger(0, of_orders, {{orders, {9}, {}}}),
                                ledger(1, of_orders, {{orders, {7}, {{7}, 77}}})},
                               feeds);
  CAF_REQUIRE_EQUAL(moved.size(), 4u);
  for (std::size_t i : {0, 1}) {
    CAF_REQUIRE_EQUAL(moved[i].gains.size(), 1u);
    CAF_CHECK_EQUAL(moved[i].gains[0].last.high, 7);
    CAF_CHECK_EQUAL(moved[i].gains[0].seen.hash, 77u);
  }
  CAF_CHECK(moved[2].gains.empty());
  CAF_CHECK(moved[2].loses.empty());
}

CAF_TEST(where a reader has not begun a new one begins at the beginning) {
  auto before = plan(shown + statuses), after = aligned(plan(shown + statuses + stats), before);
  auto moved = moved_positions(
      before, after,
      {ledger(0, of_people, {}), ledger(0, of_orders, {{orders, {9}, {}}}), ledger(1, of_orders, {})}, feeds);
  CAF_CHECK(moved[0].gains.empty());
}

CAF_TEST(a source of all tables goes on where the cell is and is lost with its last table) {
  const source_id all{0};
  auto every = [](source_id, table_id) { return true; };
  auto before = plan(shown + statuses), after = aligned(plan(shown + statuses + stats), before);
  auto moved = moved_positions(
      before, after, {ledger(0, of_people, {{all, {5}, {}}}), ledger(0, of_orders, {{all, {9, 2}, {}}})},
      every);
  for (auto& x : moved)
    CAF_CHECK(x.gains.empty() && x.loses.empty());
  moved =
      moved_positions(before, aligned(plan(shown), before), {ledger(0, of_orders, {{all, {9}, {}}})}, every);
  CAF_CHECK(moved[0].loses == std::vector<source_id>{all});
}

CAF_TEST(positions of tables that a cell no longer reads go) {
  auto before = plan(shown + stats), after = aligned(plan(shown), before);
  auto moved = moved_positions(before, after,
                               {ledger(0, of_people, {{people, {5}, {}}, {orders, {3}, {}}}),
                                ledger(0, of_orders, {{orders, {3}, {}}})},
                               feeds);
  CAF_CHECK(moved[0].loses == std::vector<source_id>{orders});
  CAF_CHECK(moved[1].loses == std::vector<source_id>{orders});
}

CAF_TEST(the note names what fills and which tables are read again) {
  auto before = plan(shown), after = aligned(plan(shown + statuses), before);
  saved_note was{true, {}};
  was.note.birth = {3};
  was.note.swept = {4};
  auto [live, note] = note_of_change(difference(before, after), after, was);
  CAF_CHECK(!live);
  CAF_CHECK(note.figures == std::vector<std::string>{"statuses"});
  CAF_CHECK(note.tables == std::vector<std::string>{"public.orders"});
  CAF_CHECK_EQUAL(note.birth.value, 3u);
  CAF_CHECK_EQUAL(note.swept.value, 4u);
}

CAF_TEST(figures that still fill go on after other figures were applied) {
  auto before = plan(shown + stats + statuses), after = aligned(plan(shown + statuses), before);
  saved_note was{false, {}};
  was.note.figures = {"stats", "statuses"};
  was.note.tables = {"public.orders"};
  auto [live, note] = note_of_change(difference(before, after), after, was);
  CAF_CHECK(!live);
  CAF_CHECK(note.figures == std::vector<std::string>{"statuses"});
  CAF_CHECK(note.tables == std::vector<std::string>{"public.orders"});
}

CAF_TEST(a fill whose figures are taken away is over) {
  auto before = plan(shown + statuses), after = aligned(plan(shown), before);
  saved_note was{false, {}};
  was.note.figures = {"statuses"};
  was.note.tables = {"public.orders"};
  auto [live, note] = note_of_change(difference(before, after), after, was);
  CAF_CHECK(live);
  CAF_CHECK(note.figures.empty());
  CAF_CHECK(note.tables.empty());
}

CAF_TEST(where all figures still fill all go on) {
  auto before = plan(shown), after = aligned(plan(shown + statuses), before);
  auto [live, note] = note_of_change(difference(before, after), after, saved_note{false, {}});
  CAF_CHECK(!live);
  CAF_CHECK(note.figures.empty());
}

CAF_TEST(former plans are kept as long as a block of theirs or of an older set is left) {
  stored_plans x;
  auto first = plan(shown), second = aligned(plan(shown + stats), first);
  x.plans = aligned(plan(shown + statuses), second);
  x.epoch = 2;
  x.former = {{0, first}, {1, second}};
  redis::project_format format;
  format.plans = to_json(x.plans);
  format.epoch = 2;
  format.former = x.former_json();
  auto back = stored_plans::read(format);
  CAF_CHECK_EQUAL(back.fingerprint(), x.fingerprint());
  CAF_CHECK_EQUAL(back.translations().size(), 2u);
  CAF_CHECK(!back.forget_all_but({block_fingerprint(first, 0)}));
  CAF_CHECK(back.forget_all_but({block_fingerprint(second, 1), back.fingerprint()}));
  CAF_REQUIRE_EQUAL(back.former.size(), 1u);
  CAF_CHECK(back.forget_all_but({back.fingerprint()}));
  CAF_CHECK_EQUAL(back.former_json(), "");
}
