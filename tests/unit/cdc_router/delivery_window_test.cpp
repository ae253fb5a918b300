#define CAF_SUITE cdc_router.delivery_window
#include "actors/cdc_router/delivery_window.hpp"

#include <utility>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

const source_id orders{3};
const source_id items{1ULL << 32};
const cell_id five{shard_id{5}, entity_id{0}};
const cell_id six{shard_id{6}, entity_id{0}};

change at(std::int64_t offset, std::size_t bytes = 0) {
  change out;
  out.where = {offset};
  out.columns.assign(bytes, 'x');
  return out;
}

using changes = std::map<cell_id, packed_changes>;

/// One source, two cells that have nothing, and what the window asks for.
struct fixture {
  std::vector<change_batch> sent;
  std::vector<std::pair<source_id, std::int64_t>> sought;
  delivery_window window{
      {[this](const change_batch& x) { sent.push_back(x); },
       [this](source_id of, stream_position after) { sought.emplace_back(of, after.high); }},
      10'000};

  fixture() {
    window.open(orders, five, nowhere);
    window.open(orders, six, nowhere);
  }
  void deliver(changes x, std::int64_t last) { window.deliver(orders, std::move(x), {last}, {{last}, 77}); }
  void durable(cell_id cell, std::int64_t last) { window.on_durable({cell, {{orders, {last}, {}}}}); }
  void gap(cell_id cell, std::int64_t last) { window.on_gap({cell, {{orders, {last}, {}}}}); }

  /// Returns what was sent since the last call, as "cell:(prev,last]changes".
  std::string transcript() {
    std::string out;
    for (auto& x : std::exchange(sent, {})) {
      out += (out.empty() ? "" : " ") + std::to_string(x.cell.shard.value) + ":("
             + std::to_string(x.prev.high) + "," + std::to_string(x.last.high) + "]";
      for (auto c : x.changes)
        out += "+" + std::to_string(c.where.high);
    }
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(delivery_window_tests, fixture)

CAF_TEST(a cell gets its changes and hears nothing of others) {
  deliver({{five, {at(8), at(10)}}}, 12);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,12]+8+10");
}

CAF_TEST(batches of a cell form a chain over those that were not for it) {
  deliver({{five, {at(1)}}}, 2);
  deliver({{six, {at(3)}}}, 4);
  deliver({{five, {at(5)}}, {six, {at(6)}}}, 6);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,2]+1 6:(-1,4]+3 5:(2,6]+5 6:(4,6]+6");
}

CAF_TEST(a progress mark tells every cell how far the source is) {
  deliver({{five, {at(1)}}}, 2);
  deliver({}, 9);
  transcript();
  window.progress();
  CAF_CHECK_EQUAL(transcript(), "5:(2,9] 6:(-1,9]");
  window.progress();
  CAF_CHECK_EQUAL(transcript(), "5:(9,9] 6:(9,9]");
}

CAF_TEST(cells with a new location announce themselves and may ask again) {
  deliver({{five, {at(1)}}, {six, {at(2)}}}, 2);
  gap(five, -1);
  transcript();
  gap(five, -1); // answered
  CAF_CHECK_EQUAL(transcript(), "");
  window.progress_of({five});
  CAF_CHECK_EQUAL(transcript(), "5:(2,2]");
  gap(five, -1);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,2]+1");
}

CAF_TEST(a progress mark says what the router knows to be durable) {
  deliver({{five, {at(1)}}}, 4);
  durable(five, 4);
  sent.clear();
  window.progress();
  CAF_CHECK_EQUAL(sent.at(0).acknowledged.high, 4);
  CAF_CHECK_EQUAL(sent.at(1).acknowledged.high, -1);
}

CAF_TEST(batches carry the newest record that they cover) {
  deliver({{five, {at(1)}}}, 4);
  CAF_CHECK_EQUAL(sent.at(0).seen.where.high, 4);
  CAF_CHECK_EQUAL(sent.at(0).seen.hash, 77u);
}

CAF_TEST(a gap is filled from what is kept) {
  deliver({{five, {at(1)}}}, 1);
  deliver({{five, {at(2)}}}, 2);
  deliver({{five, {at(3)}}}, 3);
  transcript();
  gap(five, 1);
  CAF_CHECK_EQUAL(transcript(), "5:(1,2]+2 5:(2,3]+3");
  CAF_CHECK(sought.empty());
  CAF_CHECK_EQUAL(window.resent(), 2u);
}

CAF_TEST(a gap within a kept batch sends that batch again) {
  deliver({{five, {at(1), at(4)}}}, 5);
  transcript();
  gap(five, 2);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,5]+1+4");
}

CAF_TEST(many gaps of one hole are answered once until the next mark) {
  deliver({{five, {at(1)}}}, 1);
  deliver({{five, {at(2)}}}, 2);
  transcript();
  gap(five, -1);
  gap(five, -1);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,1]+1 5:(1,2]+2");
  window.progress();
  transcript();
  gap(five, -1);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,1]+1 5:(1,2]+2");
}

CAF_TEST(a gap older than the send buffer has the partition read again) {
  deliver({{five, {at(1)}}}, 1);
  deliver({{five, {at(2)}}, {six, {at(2)}}}, 2);
  durable(five, 2);
  transcript();
  gap(five, 0);
  CAF_CHECK_EQUAL(transcript(), "");
  CAF_REQUIRE_EQUAL(sought.size(), 1u);
  CAF_CHECK(sought[0] == std::pair(orders, std::int64_t{0}));
  CAF_CHECK_EQUAL(window.read(orders).high, 0);
  CAF_CHECK_EQUAL(window.seeks(), 1u);
}

CAF_TEST(a source that is read again is sent only to the cell that lacks it) {
  deliver({{five, {at(1)}}, {six, {at(2)}}}, 2);
  durable(five, 2);
  gap(five, -1);
  transcript();
  deliver({{five, {at(1)}}, {six, {at(2)}}}, 2);
  deliver({{six, {at(3)}}}, 3);
  CAF_CHECK_EQUAL(transcript(), "5:(-1,2]+1 6:(2,3]+3");
}

CAF_TEST(a mark during such a reading does not promise what was not read) {
  deliver({{five, {at(1)}}, {six, {at(2)}}}, 9);
  durable(five, 9);
  gap(five, -1);
  deliver({{five, {at(1)}}}, 3);
  transcript();
  window.progress();
  CAF_CHECK_EQUAL(transcript(), "5:(3,3] 6:(9,9]");
}

CAF_TEST(a gap that has been closed meanwhile is ignored) {
  deliver({{five, {at(1)}}}, 1);
  transcript();
  gap(five, 1);
  gap(five, 4);
  CAF_CHECK_EQUAL(transcript(), "");
  CAF_CHECK(sought.empty());
}

CAF_TEST(what is durable is kept no longer) {
  deliver({{five, {at(1, 100)}}}, 1);
  deliver({{five, {at(2, 100)}}}, 2);
  auto both = window.waiting_bytes();
  CAF_CHECK(both > 200u);
  durable(five, 1);
  CAF_CHECK_EQUAL(window.waiting_bytes(), both / 2);
  durable(five, 2);
  CAF_CHECK_EQUAL(window.waiting_bytes(), 0u);
}

CAF_TEST(endless progress batches take no memory) {
  deliver({{five, {at(1)}}}, 1);
  auto before = window.waiting_bytes();
  for (int i = 2; i < 1000; ++i) {
    deliver({}, i);
    window.progress();
  }
  CAF_CHECK_EQUAL(window.waiting_bytes(), before);
  transcript();
  gap(five, 1);
  CAF_CHECK_EQUAL(transcript(), "5:(1,999]"); // one mark stands for all
}

CAF_TEST(a cell without credit blocks every source that feeds it and no other) {
  window.open(items, six, nowhere);
  deliver({{five, {at(1, 11'000)}}}, 1);
  CAF_CHECK(window.blocked(orders));
  CAF_CHECK(!window.blocked(items));
  durable(five, 1);
  CAF_CHECK(!window.blocked(orders));
}

CAF_TEST(credit is counted over all sources of a cell) {
  window.open(items, five, nowhere);
  deliver({{five, {at(1, 6'000)}}}, 1);
  CAF_CHECK(!window.blocked(items));
  window.deliver(items, {{five, {at(1, 6'000)}}}, {1}, {});
  CAF_CHECK(window.blocked(items));
  CAF_CHECK(window.blocked(orders));
}

CAF_TEST(a source is durable as far as its laggard) {
  deliver({{five, {at(1)}}, {six, {at(2)}}}, 5);
  durable(five, 5);
  CAF_CHECK_EQUAL(window.durable(orders).high, -1);
  durable(six, 3);
  CAF_CHECK_EQUAL(window.durable(orders).high, 3);
}

CAF_TEST(reading starts after the position of the slowest cell) {
  window.open(orders, five, {40});
  window.open(orders, six, {17});
  CAF_CHECK_EQUAL(window.start(orders).high, 17);
  deliver({{five, {at(20)}}, {six, {at(20)}}}, 30);
  deliver({{five, {at(41)}}}, 41);
  CAF_CHECK_EQUAL(transcript(), "6:(17,30]+20 5:(40,41]+41");
}

CAF_TEST(cells and sources that nobody opened are ignored) {
  cell_id stranger{shard_id{9}, entity_id{9}};
  durable(stranger, 4);
  gap(stranger, 4);
  window.on_durable({five, {{items, {4}, {}}}});
  window.on_gap({five, {{items, {4}, {}}}});
  CAF_CHECK_EQUAL(transcript(), "");
  CAF_CHECK(sought.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
