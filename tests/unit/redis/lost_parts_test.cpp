#define CAF_SUITE redis.lost_parts
#include "tests/unit/redis/rollup_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr auto hidden = "millrace:shop:rollup:figure0";

/// Two groups of a count with two rows each.
struct counted : rollup_fixture {
  explicit counted(std::uint32_t ttl = 0)
      : rollup_fixture(target_kind::hash_field, {one(aggregate_kind::count_rows, {})}, true, ttl) {
    for (auto group : {"x", "y"})
      for (int i = 0; i < 2; ++i)
        change(group, {}, {integer_row(i)}, cell(i), 0, ttl > 0 ? 1'000 : 0);
  }

  redis::flush_outcome row_more(const std::string& group, std::int64_t closes_at = 0) {
    return change(group, {}, {integer_row(7)}, cell(0), 0, closes_at);
  }
  std::string why() { return must(store.failed_figures())["figure0"]; }
  std::vector<std::string> refill() { return must(store.inspect({})).refill; }
  /// As a change over does.
  void fill_again() {
    must(store.retire(plan()));
    CAF_CHECK_EQUAL(text({"EXISTS", hidden}), "0");
    ask({"SREM", "millrace:shop:refill", "figure0"});
    change("x", {}, {integer_row(0), integer_row(1), integer_row(7)}, cell(0));
  }
};

const std::vector<std::string> figure0{"figure0"};

} // namespace

CAF_TEST(an untouched figure has lost nothing) {
  counted f;
  f.row_more("x");
  CAF_CHECK(f.refill().empty());
  CAF_CHECK(f.why().empty());
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "3");
}

CAF_TEST(a deleted hash of parts fails its figure in the flush that touches it) {
  counted f;
  f.ask({"DEL", hidden});
  auto outcome = f.row_more("x");
  CAF_REQUIRE_EQUAL(outcome.failed.size(), 1u);
  CAF_CHECK(outcome.failed.begin()->second.find("parts of 0 groups, not of 2") != std::string::npos);
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "(nil)"); // better than 1
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "y"}), "2");     // nothing of it has changed
  CAF_CHECK(f.refill() == figure0);
  f.row_more("x");
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "(nil)");
  f.fill_again();
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "3");
  CAF_CHECK(f.refill().empty());
}

CAF_TEST(a renamed hash of parts and a group taken out of it are noticed where nothing is flushed) {
  for (auto& taking : std::vector<redis::command>{{"RENAME", hidden, "elsewhere"}, {"HDEL", hidden, ""}}) {
    counted f;
    auto command = taking;
    if (command[0] == "HDEL")
      command[2] = f.ask({"HKEYS", hidden}).list.at(0).text;
    f.ask(command);
    CAF_CHECK(f.refill() == figure0);
    CAF_CHECK(f.why().find("not of 2") != std::string::npos);
  }
}

CAF_TEST(parts that are of another type or form fail their figure alone and are taken back) {
  for (auto of_another_type : {true, false}) {
    counted f;
    if (of_another_type) {
      f.ask({"SET", hidden, "somebody else's"});
    } else {
      for (auto& group : f.ask({"HKEYS", hidden}).list)
        f.ask({"HSET", hidden, group.text, "somebody else's"});
    }
    auto outcome = f.row_more("x");
    CAF_CHECK(outcome.verdict == flush_verdict::done);
    CAF_CHECK_EQUAL(outcome.failed.size(), 1u);
    CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "(nil)");
    CAF_CHECK(f.refill() == figure0);
    f.fill_again();
    CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "3");
  }
}

CAF_TEST(more rows going than a group has show that parts are missing) {
  counted f;
  auto outcome =
      f.change("x", {integer_row(0), integer_row(1), integer_row(2)}, {}, cell(0)); // Redis knows two
  CAF_CHECK_EQUAL(outcome.failed.size(), 1u);
  CAF_CHECK(f.refill() == figure0);
}

CAF_TEST(buckets that would never close are noticed) {
  counted f(60);
  f.ask({"DEL", "millrace:shop:closing"});
  CAF_CHECK(f.refill() == figure0);
  auto outcome = f.row_more("x", 1'000);
  CAF_CHECK_EQUAL(outcome.failed.size(), 1u);
  f.fill_again();
  CAF_CHECK(f.refill().empty());
}

CAF_TEST(closed and emptied groups are counted) {
  counted f(60);
  must(f.store.flush({}, tick_seconds{1'000}));
  CAF_CHECK_EQUAL(f.text({"EXISTS", hidden, "millrace:shop:closing", "place"}), "0");
  CAF_CHECK(f.refill().empty());
}

CAF_TEST(a log that lost blocks is told in each flush until a copy takes its place) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.block = "one";
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).broken.empty());
  f.ask({"DEL", "millrace:shop:log:0:0:0"});
  CAF_CHECK(must(f.store.inspect({cell(0), cell(1)})).broken == std::vector<cell_id>{cell(0)});
  ++flush.number;
  flush.block = "two";
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).broken == std::vector<cell_id>{cell(0)});
  CAF_CHECK(f.claim(cell(0)).lost);
  auto again = f.next(f.claim(cell(0)));
  again.copy_block = "all";
  again.copy_length = 1;
  CAF_CHECK(must(f.store.flush({again}, tick_seconds{0})).broken.empty());
  CAF_CHECK(!f.claim(cell(0)).lost);
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken.empty());
}

CAF_TEST(a log that became something else is begun again and told) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.block = "one";
  must(f.store.flush({flush}, tick_seconds{0}));
  f.ask({"SET", "millrace:shop:log:0:0:0", "somebody else's"});
  ++flush.number;
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).broken == std::vector<cell_id>{cell(0)});
  CAF_CHECK(f.claim(cell(0)).lost);
}

CAF_TEST(a cell that a live ledger has lost is not begun in silence) {
  store_fixture f;
  must(f.store.set_format({"2", 1, 32, "", "", "live", "", 0, "", "", "a life"}));
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken == std::vector<cell_id>{cell(0)});
  auto claimed = must(f.store.claim({cell(0)}, {fresh_token()}, {}, "a life"));
  CAF_CHECK(claimed.at(0).lost);
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken == std::vector<cell_id>{cell(0)});
}

CAF_TEST(a refill is a change that leaves the plans as they are) {
  auto plans = one_table({figure_plan{}, figure_plan{}});
  store_fixture f(plans);
  must(f.store.set_format(
      {"2", f.plans_.fingerprint(), 32, to_json(f.plans_), "", "live", "", 0, "", "", "a life"}));
  CAF_CHECK(f.store.refill({"nobody"}).why().message.find("no figure nobody") != std::string::npos);
  CAF_CHECK(must(f.store.refill({"figure1"})) == redis::proposal::taken);
  auto next = plans_from_json(must(f.store.format()).next);
  CAF_CHECK_EQUAL(next.figures[0].refills, 0u);
  CAF_CHECK_EQUAL(next.figures[1].refills, 1u);
  CAF_CHECK(must(f.store.replaced("a life")).has_value());
}

CAF_TEST(what is mended without being asked waits half a minute before the next time) {
  store_fixture f;
  must(f.store.set_format(
      {"2", f.plans_.fingerprint(), 32, to_json(f.plans_), "", "live", "", 0, "", "", "a life"}));
  CAF_CHECK(must(f.store.mend({"figure0", "gone since"})) == redis::proposal::taken);
  f.ask({"HSET", "millrace:shop:format", "next", ""});
  CAF_CHECK(must(f.store.mend({"figure0"})) == redis::proposal::under_way);
}

CAF_TEST(evicted keys put every figure in doubt once and mending waits until it is over) {
  // Keys of another client alone go, so that the ledger is whole whatever the dice say.
  redis_server small(15'680, {"--maxmemory", "4mb", "--maxmemory-policy", "volatile-random"});
  figure_plan expiring;
  expiring.place.ttl_seconds = 60;
  store_fixture f(one_table({expiring, expiring}), small);
  must(f.store.set_format(
      {"2", f.plans_.fingerprint(), 32, to_json(f.plans_), "", "live", "", 0, "", "", "a life"}));
  CAF_CHECK_EQUAL(must(f.store.server()).evicted, 0u);
  CAF_CHECK(must(f.store.inspect({})).refill.empty());
  for (int i = 0; must(f.store.server()).evicted == 0 && i < 1'000; ++i)
    f.ask({"SET", "theirs:" + std::to_string(i), std::string(100'000, 'x'), "EX", "1000"});
  f.ask({"CONFIG", "SET", "maxmemory", "0"});
  must(f.store.server());
  CAF_CHECK_EQUAL(must(f.store.inspect({})).refill.size(), 2u);
  CAF_CHECK(must(f.store.failed_figures()).at("figure1").find("evicted") != std::string::npos);
  CAF_CHECK(must(f.store.mend({"figure0"})) == redis::proposal::under_way);
  f.ask({"DEL", "millrace:shop:refill"});
  must(f.store.server());
  CAF_CHECK(must(f.store.inspect({})).refill.empty()); // these are known
}

namespace {

/// Walks over the figure's places, three groups a step.
std::vector<std::string> walked(rollup_fixture& f) {
  std::string cursor = "0";
  do
    cursor = must(f.store.walk(figure_id{0}, cursor, 3));
  while (cursor != "0");
  return must(f.store.inspect({})).refill;
}

struct kind_of_place {
  target_kind what;
  std::vector<model_aggregate> aggregates;
  redis::command overwrite; ///< what another client does to group 5's place
};

std::vector<kind_of_place> kinds_of_places() {
  auto sum = one(aggregate_kind::sum, {col_n}), count = one(aggregate_kind::count_rows, {});
  return {{target_kind::string, {sum}, {"SET", "place:5", "7"}},
          {target_kind::hash, {count, sum}, {"HDEL", "place:5", "c1"}},
          {target_kind::hash_field, {sum}, {"DEL", "place"}},
          {target_kind::zset, {sum}, {"ZADD", "place", "1", "5"}},
          {target_kind::json, {sum, count}, {"SET", "place:5", "{}"}}};
}

} // namespace

CAF_TEST(a walk finds places that are as written in order and each that is not ) {
  for (auto& kind : kinds_of_places()) {
    rollup_fixture f(kind.what, kind.aggregates);
    for (int group = 0; group < 10; ++group)
      f.change(std::to_string(group), {}, {number_row(group * 12'345), number_row(null_value{})},
               cell(group));
    f.change("none", {}, {number_row(null_value{})});
    f.change("NaN", {}, {number_row(not_a_number{})});
    CAF_CHECK(walked(f).empty());
    f.ask(kind.overwrite);
    CAF_CHECK(walked(f) == figure0);
    CAF_CHECK(must(f.store.failed_figures()).at("figure0").find("another client changed or deleted place")
              == 0);
  }
}

CAF_TEST(a key of another type in the way of a place fails its figure and is left alone) {
  for (auto& kind : kinds_of_places()) {
    rollup_fixture f(kind.what, kind.aggregates);
    f.change("5", {}, {number_row(12'345)});
    auto place = *f.keys("place*").begin();
    f.ask({"DEL", place});
    f.ask({"RPUSH", place, "theirs"});
    CAF_CHECK(walked(f).empty()); // to fill it again would mend nothing
    CAF_CHECK(must(f.store.failed_figures()).at("figure0").find("WRONGTYPE") == 0);
    CAF_CHECK_EQUAL(f.text({"LLEN", place}), "1");
  }
}
