#define CAF_SUITE redis.rollups
#include "tests/unit/redis/rollup_fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

CAF_TEST(a group appears with its first row and goes with its last) {
  rollup_fixture f(target_kind::hash,
                   {one(aggregate_kind::count_rows, {}), one(aggregate_kind::sum, {col_n})});
  f.change("x", {}, {number_row(12345)}, cell(0));
  f.change("x", {}, {number_row(-20001)}, cell(1));
  CAF_CHECK_EQUAL(f.text({"HGET", "place:x", "c0"}), "2");
  CAF_CHECK_EQUAL(f.text({"HGET", "place:x", "c1"}), "-0.7656");
  f.change("x", {number_row(12345)}, {}, cell(0));
  CAF_CHECK_EQUAL(f.text({"HGET", "place:x", "c1"}), "-2.0001");
  f.change("x", {number_row(-20001)}, {}, cell(1));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place:x", "millrace:shop:rollup:figure0"}), "0");
}

CAF_TEST(parts of several cells meet in one flush) {
  rollup_fixture f(target_kind::hash_field, {one(aggregate_kind::max, {col_n})});
  std::vector<cell_flush> flushes;
  for (int i = 0; i < 3; ++i) {
    auto part = part_of(f.plan(), figure_id{0}, cell(i), {}, {number_row(i * 10'000)});
    name_group(part, f.plan(), "x", "place");
    flushes.push_back(f.next(f.claim(cell(i))));
    flushes.back().output.rollups = {part};
  }
  auto outcome = must(f.store.flush(flushes, tick_seconds{0}));
  CAF_CHECK_EQUAL(outcome.commands, 1u);
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "2.0000");
  f.change("x", {number_row(20'000)}, {}, cell(2));
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "x"}), "1.0000");
}

CAF_TEST(the one row without GROUP BY stays with nothing in it) {
  rollup_fixture f(target_kind::hash,
                   {one(aggregate_kind::count_rows, {}), one(aggregate_kind::sum, {col_n})}, false);
  f.change("", {}, {});
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "c0"}), "0");
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "c1"}), "(nil)");
  f.change("", {}, {number_row(1)});
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "c1"}), "0.0001");
  f.change("", {number_row(1)}, {});
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "c0"}), "0");
  CAF_CHECK_EQUAL(f.text({"HGET", "place", "c1"}), "(nil)");
}

CAF_TEST(a sum over nothing is absent and a sum of zero is shown) {
  rollup_fixture f(target_kind::string, {one(aggregate_kind::sum, {col_n})}, false);
  f.change("", {}, {number_row(null_value{})});
  CAF_CHECK_EQUAL(f.text({"GET", "place"}), "(nil)");
  f.change("", {}, {number_row(0)});
  CAF_CHECK_EQUAL(f.text({"GET", "place"}), "0.0000");
}

CAF_TEST(NaN makes sum and avg NaN until it leaves) {
  rollup_fixture f(target_kind::json, {one(aggregate_kind::sum, {col_n}), one(aggregate_kind::avg, {col_n}),
                                       one(aggregate_kind::min, {col_n}), one(aggregate_kind::max, {col_n})});
  rows numbers{number_row(10'000), number_row(20'000)};
  rows more = numbers;
  more.push_back(number_row(not_a_number{}));
  f.change("x", {}, more);
  CAF_CHECK_EQUAL(f.text({"GET", "place:x"}), R"({"g":"x","c0":"NaN","c1":"NaN","c2":1.0000,"c3":"NaN"})");
  f.change("x", more, numbers);
  CAF_CHECK_EQUAL(f.text({"GET", "place:x"}),
                  R"({"g":"x","c0":3.0000,"c1":1.5000000000000000,"c2":1.0000,"c3":2.0000})");
}

CAF_TEST(a group whose key is the empty text has its field and its member) {
  rollup_fixture field(target_kind::hash_field, {one(aggregate_kind::count_rows, {})});
  field.change("", {}, {number_row(1), number_row(2)});
  CAF_CHECK_EQUAL(field.text({"HGET", "place", ""}), "2");
  field.change("", {number_row(1), number_row(2)}, {});
  CAF_CHECK_EQUAL(field.text({"EXISTS", "place"}), "0");
  rollup_fixture member(target_kind::zset, {one(aggregate_kind::sum, {col_n})});
  member.change("", {}, {number_row(10'000)});
  CAF_CHECK_EQUAL(member.text({"ZSCORE", "place", ""}), "1");
  member.change("", {number_row(10'000)}, {});
  CAF_CHECK_EQUAL(member.text({"EXISTS", "place"}), "0");
}

CAF_TEST(a zset has no member for an absent score and for a NaN) {
  rollup_fixture f(target_kind::zset, {one(aggregate_kind::sum, {col_n})});
  f.change("x", {}, {number_row(5)});
  CAF_CHECK_EQUAL(f.text({"ZSCORE", "place", "x"}), "0.00050000000000000001");
  f.change("x", {}, {number_row(not_a_number{})}, cell(1));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place"}), "0");
  f.change("x", {number_row(not_a_number{})}, {number_row(null_value{})}, cell(1));
  CAF_CHECK_EQUAL(f.text({"ZSCORE", "place", "x"}), "0.00050000000000000001");
  f.change("x", {number_row(5)}, {number_row(null_value{})});
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place"}), "0");
}

CAF_TEST(sums beyond 2 ^ 53 stay exact to the last digit) {
  rollup_fixture f(target_kind::string, {one(aggregate_kind::sum, {col_a})});
  f.add(wide(9007199254740991), 1);
  f.add(wide(std::int64_t{2}), 1);
  CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), "9007199254740993");
  f.add(wide(-9007199254740992), 1);
  CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), "1");
  auto much = wide(static_cast<int128>(1'000'000'000'000'000'000) * 1'000'000'000'000'000'000);
  much *= 10'000;
  f.add(much, 1);
  CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), "1" + std::string(39, '0') + "1");
  f.add(-much, 1);
  f.add(-much, 1);
  CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), "-" + std::string(40, '9'));
  f.add(much, 1);
  CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), "1");
}

CAF_TEST(averages have the scale and the rounding of PostgreSQL) {
  // SELECT avg(x) ...: as PostgreSQL 15 answers
  struct known {
    std::int64_t sum, count;
    const char* text;
  };
  for (auto& x : std::vector<known>{{0, 3, "0.00000000000000000000"},
                                    {1, 3, "0.33333333333333333333"},
                                    {2, 3, "0.66666666666666666667"},
                                    {-2, 3, "-0.66666666666666666667"},
                                    {4, 2, "2.0000000000000000"},
                                    {10, 4, "2.5000000000000000"},
                                    {100000, 3, "33333.333333333333"},
                                    {9'223'372'036'854'775'807, 1, "9223372036854775807"},
                                    {9'223'372'036'854'775'807, 2, "4611686018427387904"},
                                    {12345678901, 7, "1763668414.42857143"}}) {
    rollup_fixture f(target_kind::string, {one(aggregate_kind::avg, {col_a})});
    f.add(wide(x.sum), x.count);
    CAF_CHECK_EQUAL(f.text({"GET", "place:g"}), x.text);
  }
}

CAF_TEST(a place whose text did not change is not written) {
  rollup_fixture f(target_kind::hash, {one(aggregate_kind::sum, {col_n}), one(aggregate_kind::max, {col_n})});
  f.change("x", {}, {number_row(10), number_row(5)});
  rows before{number_row(10), number_row(5)}, same_sum{number_row(10), number_row(2), number_row(3)};
  CAF_CHECK_EQUAL(f.change("x", before, same_sum).commands, 0u);
  f.ask({"HDEL", "place:x", "c1"});
  CAF_CHECK_EQUAL(f.change("x", same_sum, {number_row(10), number_row(2), number_row(4)}).commands, 1u);
  CAF_CHECK_EQUAL(f.text({"HGET", "place:x", "c0"}), "0.0016");
  CAF_CHECK_EQUAL(f.text({"HGET", "place:x", "c1"}), "(nil)"); // the sum changed, the best did not
}

CAF_TEST(a bucket closes when its time has passed and a clock that goes back reopens nothing) {
  rollup_fixture f(target_kind::hash, {one(aggregate_kind::count_rows, {})}, true, 60);
  f.change("old", {}, {integer_row(1)}, cell(0), 10, 100);
  f.change("young", {}, {integer_row(1)}, cell(0), 10, 200);
  f.ask({"HSET", "place:old", "another figure's", "1"});
  must(f.store.flush({}, tick_seconds{99}));
  CAF_CHECK_EQUAL(f.text({"HGET", "place:old", "c0"}), "1");
  must(f.store.flush({}, tick_seconds{100}));
  CAF_CHECK_EQUAL(f.text({"HGET", "place:old", "c0"}), "(nil)");
  CAF_CHECK_EQUAL(f.text({"HGET", "place:old", "another figure's"}), "1");
  CAF_CHECK_EQUAL(f.text({"HLEN", "millrace:shop:rollup:figure0"}), "1");
  f.change("old", {integer_row(1)}, {integer_row(1), integer_row(2)}, cell(0), 50, 100);
  CAF_CHECK_EQUAL(f.text({"HGET", "place:old", "c0"}), "(nil)");
  CAF_CHECK_EQUAL(f.text({"HGET", "place:young", "c0"}), "1");
  CAF_CHECK_EQUAL(f.text({"ZCARD", "millrace:shop:closing"}), "1");
}

CAF_TEST(a bucket that lost its last row before its time is forgotten) {
  rollup_fixture f(target_kind::hash_field, {one(aggregate_kind::count_rows, {})}, true, 60);
  f.change("x", {}, {integer_row(1)}, cell(0), 10, 100);
  f.change("x", {integer_row(1)}, {}, cell(0), 11, 100);
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place", "millrace:shop:closing", "millrace:shop:rollup:figure0"}), "0");
}

CAF_TEST(many buckets close a bounded number a flush until none is left) {
  rollup_fixture f(target_kind::hash_field, {one(aggregate_kind::count_rows, {})}, true, 60);
  auto flush = f.next(f.claim(cell(0)));
  for (int i = 0; i < 2500; ++i) {
    auto part = part_of(f.plan(), figure_id{0}, cell(0), {}, {integer_row(1)});
    name_group(part, f.plan(), "minute " + std::to_string(i), "place");
    part.closes_at = 100;
    flush.output.rollups.push_back(part);
  }
  must(f.store.flush({flush}, tick_seconds{1}));
  CAF_CHECK_EQUAL(f.text({"HLEN", "place"}), "2500");
  for (auto left : {"1500", "500", "0"}) {
    must(f.store.flush({}, tick_seconds{100}));
    CAF_CHECK_EQUAL(f.text({"HLEN", "place"}), left);
  }
}

CAF_TEST(a retired figure leaves neither places nor parts) {
  rollup_fixture f(target_kind::json, {one(aggregate_kind::count_rows, {})}, true, 60);
  auto flush = f.next(f.claim(cell(0)));
  for (int i = 0; i < 1500; ++i) {
    auto part = part_of(f.plan(), figure_id{0}, cell(0), {}, {integer_row(1)});
    name_group(part, f.plan(), std::to_string(i), "place");
    part.closes_at = 100;
    flush.output.rollups.push_back(part);
  }
  must(f.store.flush({flush}, tick_seconds{1}));
  CAF_CHECK_EQUAL(f.keys("place:*").size(), 1500u);
  must(f.store.retire(f.plan()));
  CAF_CHECK(f.keys("place:*").empty());
  CAF_CHECK_EQUAL(f.text({"EXISTS", "millrace:shop:closing", "millrace:shop:rollup:figure0"}), "0");
}

CAF_TEST(hidden parts of another type fail their figure and stop nothing) {
  rollup_fixture f(target_kind::hash_field, {one(aggregate_kind::count_rows, {})});
  f.ask({"SET", "millrace:shop:rollup:figure0", "not ours"});
  auto outcome = f.change("x", {}, {integer_row(1)});
  CAF_CHECK(outcome.verdict == flush_verdict::done);
  CAF_CHECK_EQUAL(outcome.failed.count(figure_id{0}), 1u);
  CAF_CHECK_EQUAL(must(f.store.failed_figures()).count("figure0"), 1u);
}
