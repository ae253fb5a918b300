#define CAF_SUITE cell.sequencer
#include "actors/cell/sequencer.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

using verdict = sequencer::verdict;

const source_id orders{3};
const source_id items{1ULL << 32 | 3};

change_batch mark(std::int64_t prev, std::int64_t last, source_id of = orders) {
  change_batch out;
  out.source = of;
  out.prev = {prev};
  out.last = {last};
  return out;
}

position at(std::int64_t last, source_id of = orders) { return {of, {last}, {}}; }

sequencer at_seven() {
  sequencer out;
  out.restore({at(7)});
  return out;
}

constexpr std::int64_t nobody = -2;

/// Returns what a mark is answered whose router knows all up to there to be durable.
std::int64_t owed(sequencer& x, std::int64_t acknowledged) {
  auto asks = mark(9, 9);
  asks.acknowledged = {acknowledged};
  auto answer = x.owed(asks);
  return answer ? answer->last.high : nobody;
}

} // namespace

CAF_TEST(a batch that follows is applied and moves the position) {
  sequencer x;
  CAF_CHECK(x.offer(mark(-1, 4)) == verdict::apply);
  x.advance(mark(-1, 4));
  CAF_CHECK_EQUAL(x.at(orders).last.high, 4);
}

CAF_TEST(a batch that begins after the position is a gap and moves nothing) {
  auto x = at_seven();
  CAF_CHECK(x.offer(mark(8, 9)) == verdict::gap);
  CAF_CHECK_EQUAL(x.at(orders).last.high, 7);
  CAF_CHECK(!x.moved());
}

CAF_TEST(a progress batch that begins after the position is a gap too) {
  CAF_CHECK(at_seven().offer(mark(9, 9)) == verdict::gap);
}

CAF_TEST(a batch that ends at or before the position is old) {
  CAF_CHECK(at_seven().offer(mark(3, 7)) == verdict::old);
  CAF_CHECK(at_seven().offer(mark(7, 7)) == verdict::old);
  CAF_CHECK(at_seven().offer(mark(-1, 2)) == verdict::old);
}

CAF_TEST(a batch that overlaps the position is applied) {
  CAF_CHECK(at_seven().offer(mark(5, 9)) == verdict::apply);
}

CAF_TEST(sources have nothing to do with each other) {
  auto x = at_seven();
  CAF_CHECK(x.offer(mark(7, 8, items)) == verdict::gap);
  CAF_CHECK(x.offer(mark(-1, 8, items)) == verdict::apply);
}

CAF_TEST(a position that moved is taken once) {
  auto x = at_seven();
  x.advance(mark(7, 9));
  x.advance(mark(9, 12));
  auto moved = x.take_moved();
  CAF_REQUIRE_EQUAL(moved.size(), 1u);
  CAF_CHECK_EQUAL(moved[0].last.high, 12);
  CAF_CHECK(x.take_moved().empty());
}

CAF_TEST(the newest record seen stays although a later batch has seen none) {
  auto x = at_seven();
  auto first = mark(7, 9);
  first.seen = {{8}, 42};
  x.advance(first);
  x.advance(mark(9, 12));
  CAF_CHECK_EQUAL(x.at(orders).seen.where.high, 8);
  CAF_CHECK_EQUAL(x.at(orders).seen.hash, 42u);
}

CAF_TEST(starting over forgets what was applied since) {
  auto x = at_seven();
  x.advance(mark(7, 9));
  x.advance(mark(-1, 2, items));
  x.restore({at(6)});
  CAF_CHECK_EQUAL(x.at(orders).last.high, 6);
  CAF_CHECK_EQUAL(x.at(items).last.high, -1);
  CAF_CHECK(!x.moved());
}

CAF_TEST(a router that does not know what is in the ledger is told) {
  auto x = at_seven();
  x.advance(mark(7, 9));
  CAF_CHECK_EQUAL(owed(x, 4), 7); // 9 isn't durable yet
}

CAF_TEST(an acknowledgement counts as lost when several marks in a row know nothing of it) {
  auto x = at_seven();
  x.advance(mark(7, 9));
  x.made_durable(x.take_moved());
  for (int i = 0; i < 4; ++i)
    CAF_CHECK_EQUAL(owed(x, 7), nobody);
  CAF_CHECK_EQUAL(owed(x, 7), 9);
  CAF_CHECK_EQUAL(owed(x, 7), nobody); // that answer is on its way
}

CAF_TEST(a newer acknowledgement is given its time too) {
  auto x = at_seven();
  for (int i = 8; i < 20; ++i) {
    x.advance(mark(i - 1, i));
    x.made_durable(x.take_moved());
    CAF_CHECK_EQUAL(owed(x, 7), nobody);
  }
}

CAF_TEST(a router that knows all is owed nothing) {
  auto x = at_seven();
  auto asked = mark(7, 7);
  asked.acknowledged = {7};
  CAF_CHECK(!x.owed(asked));
  CAF_CHECK(!x.owed(mark(-1, -1, items)));
}
