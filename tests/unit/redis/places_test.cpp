#define CAF_SUITE redis.places
#include "actors/figures/fold/fingerprint.hpp"
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

CAF_TEST(every kind of write reaches its place) {
  store_fixture f;
  f.apply({write(write_kind::set, "text", {"a\xc3\xab\n"}),
           write(write_kind::hset, "hash", {"f", "1", "g", "2"}),
           write(write_kind::zadd, "zset", {"0.1", "m", "2", "n"}), write(write_kind::set, "gone", {"1"})});
  CAF_CHECK_EQUAL(f.text({"GET", "text"}), "a\xc3\xab\n");
  CAF_CHECK_EQUAL(f.text({"HGET", "hash", "g"}), "2");
  CAF_CHECK_EQUAL(f.text({"ZSCORE", "zset", "m"}), "0.10000000000000001");
  f.apply({write(write_kind::del, "gone"), write(write_kind::hdel, "hash", {"f", "g"}),
           write(write_kind::zrem, "zset", {"m"})});
  CAF_CHECK_EQUAL(f.text({"EXISTS", "gone", "hash"}), "0");
  CAF_CHECK_EQUAL(f.text({"ZCARD", "zset"}), "1");
}

CAF_TEST(a ttl is set again by every write) {
  store_fixture f;
  f.apply({write(write_kind::set, "text", {"1"}, 100), write(write_kind::hset, "hash", {"f", "1"}, 100),
           write(write_kind::zadd, "zset", {"1", "m"}, 100)});
  for (auto key : {"text", "hash", "zset"})
    f.ask({"EXPIRE", key, "5"});
  f.apply({write(write_kind::set, "text", {"2"}, 100), write(write_kind::hset, "hash", {"f", "2"}, 100),
           write(write_kind::zadd, "zset", {"2", "m"}, 100)});
  for (auto key : {"text", "hash", "zset"})
    CAF_CHECK_GREATER(f.ask({"TTL", key}).integer, 90);
}

CAF_TEST(a wrong type fails its figure by name and stops nothing) {
  store_fixture f;
  f.ask({"SET", "taken", "not ours"});
  auto outcome = f.apply({write(write_kind::hset, "taken", {"f", "1"}, 60, 0),
                          write(write_kind::hset, "other", {"f", "1"}, 0, 0),
                          write(write_kind::set, "fine", {"1"}, 0, 1)});
  CAF_CHECK(outcome.verdict == flush_verdict::done);
  CAF_REQUIRE_EQUAL(outcome.failed.size(), 1u);
  CAF_CHECK_EQUAL(outcome.failed.begin()->first.value, 0);
  CAF_CHECK_EQUAL(outcome.failed.begin()->second.substr(0, 9), "WRONGTYPE");
  CAF_CHECK_EQUAL(f.text({"GET", "fine"}), "1");
  CAF_CHECK_EQUAL(f.text({"HGET", "other", "f"}), "1");
  CAF_CHECK_EQUAL(f.text({"TTL", "taken"}), "-1"); // somebody else's key gets no ttl from us
  CAF_CHECK_EQUAL(f.claim(cell(0)).number, 1u);
  CAF_CHECK_EQUAL(must(f.store.failed_figures()).at("figure0").substr(0, 9), "WRONGTYPE");
  CAF_CHECK_EQUAL(must(f.store.failed_figures()).size(), 1u);
}

CAF_TEST(a score that is no number fails its figure and stops nothing) {
  store_fixture f;
  auto outcome =
      f.apply({write(write_kind::zadd, "zset", {"much", "m"}), write(write_kind::set, "fine", {"1"}, 0, 1)});
  CAF_CHECK_EQUAL(outcome.failed.count(figure_id{0}), 1u);
  CAF_CHECK_EQUAL(f.text({"GET", "fine"}), "1");
}

CAF_TEST(a hundred thousand fields and keys go in one flush) {
  store_fixture f;
  constexpr int n = 100'000;
  std::vector<std::string> fields;
  std::vector<store_write> writes;
  for (int i = 0; i < n; ++i) {
    fields.insert(fields.end(), {"field" + std::to_string(i), std::to_string(i)});
    writes.push_back(write(write_kind::set, "text:" + std::to_string(i), {std::to_string(i)}));
  }
  writes.push_back(write(write_kind::hset, "hash", fields));
  auto outcome = f.apply(writes);
  CAF_CHECK(outcome.failed.empty());
  CAF_CHECK_EQUAL(f.text({"HLEN", "hash"}), std::to_string(n));
  CAF_CHECK_EQUAL(f.text({"HGET", "hash", "field99999"}), "99999");
  CAF_CHECK_EQUAL(f.text({"GET", "text:99999"}), "99999");
  CAF_CHECK_LESS(outcome.commands, 500u);
}

CAF_TEST(a staged place moves to its key with its ttl) {
  store_fixture f;
  f.apply({write(write_kind::set, "millrace:shop:staged:a", {"1"}, 50),
           write(write_kind::set, "millrace:shop:staged:b", {"1"})});
  auto outcome = f.apply({write(write_kind::unstage, "a", {"millrace:shop:staged:a"}, 100),
                          write(write_kind::unstage, "b", {"millrace:shop:staged:b"}),
                          write(write_kind::unstage, "c", {"millrace:shop:staged:expired"}, 100)});
  CAF_CHECK(outcome.failed.empty());
  CAF_CHECK_EQUAL(f.text({"GET", "a"}), "1");
  CAF_CHECK_GREATER(f.ask({"TTL", "a"}).integer, 90);
  CAF_CHECK_EQUAL(f.text({"TTL", "b"}), "-1");
  CAF_CHECK_EQUAL(f.text({"EXISTS", "c", "millrace:shop:staged:a"}), "0");
}

CAF_TEST(records are counted by table and op) {
  store_fixture f;
  cell_output output;
  output.counts = {{table_id{0}, 'c', 3},
                   {table_id{0}, 'u', 2},
                   {table_id{0}, 'r', 7},
                   {table_id{1}, 'd', 1},
                   {table_id{1}, 't', 1}};
  f.apply(output);
  f.apply(output);
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:total"}), "28");
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:orders:r"}), "14");
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:audit.entries:t"}), "2");
  CAF_CHECK_EQUAL(f.text({"GET", "metrics:orders:created"}), "6");
  CAF_CHECK_EQUAL(f.text({"GET", "metrics:orders:updated"}), "4");
  CAF_CHECK_EQUAL(f.text({"GET", "metrics:audit.entries:deleted"}), "2");
  CAF_CHECK_EQUAL(f.keys("metrics:*").size(), 3u);
}

CAF_TEST(counters of another type stop nothing and are told) {
  store_fixture f;
  f.ask({"SET", "cdc:stats:total", "many"});
  cell_output output;
  output.counts = {{table_id{0}, 'c', 3}};
  CAF_CHECK(f.apply(output).verdict == flush_verdict::done);
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:orders:c"}), "3");
  CAF_CHECK_EQUAL(must(f.store.failed_figures()).count("cdc:stats"), 1u);
}

CAF_TEST(a Redis out of memory refuses the whole flush and takes it later) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.block = "block";
  flush.output.writes = {write(write_kind::set, "place", {"1"}), write(write_kind::del, "other")};
  f.ask({"CONFIG", "SET", "maxmemory", "1"});
  auto refused = f.store.flush({flush}, tick_seconds{1});
  f.ask({"CONFIG", "SET", "maxmemory", "0"});
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::unavailable);
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place", "millrace:shop:tick", "millrace:shop:log:0:0:0"}), "0");
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{1})).verdict == flush_verdict::done);
  CAF_CHECK_EQUAL(f.text({"GET", "place"}), "1");
}

CAF_TEST(two projects with alike names share nothing) {
  store_fixture f;
  auto other =
      must(redis::store::open(must(redis::client::connect(f.server.settings())), "shop-2", f.plans_));
  auto third =
      must(redis::store::open(must(redis::client::connect(f.server.settings())), "shop_2", f.plans_));
  must(other.claim({cell(0)}, {fresh_token()}));
  must(third.claim({cell(0)}, {fresh_token()}));
  CAF_CHECK((f.keys("millrace:*")
             == std::set<std::string>{"millrace:shop-2:cell:0:0", "millrace:shop_2:cell:0:0"}));
}

namespace {

/// A figure of each kind of place, by its number.
plan_set every_kind() {
  std::vector<figure_plan> out(5);
  auto kinds = {target_kind::string, target_kind::hash, target_kind::hash_field, target_kind::zset,
                target_kind::json};
  std::size_t i = 0;
  for (auto kind : kinds) {
    out[i].place.what = kind;
    out[i++].outputs.resize(2);
  }
  out[1].outputs[0].name = "f";
  out[1].outputs[1].name = "g";
  return one_table(std::move(out));
}

/// What a cell left at the places that written() writes.
std::vector<place_check> left() {
  auto check = [](int figure, std::string key, std::string member, place_content x) {
    return place_check{figure_id{static_cast<std::uint16_t>(figure)}, std::move(key), std::move(member),
                       fingerprint(x)};
  };
  return {check(0, "text", "", {"1"}), check(1, "hash", "", {"1", std::nullopt}),
          check(2, "fields", "f", {"1"}), check(3, "zset", "m", {score_text("0.1")}),
          check(4, "json", "", {"{}"})};
}

std::vector<store_write> written() {
  return {write(write_kind::set, "text", {"1"}), write(write_kind::hset, "hash", {"f", "1"}, 0, 1),
          write(write_kind::hset, "fields", {"f", "1", "other", "2"}, 0, 2),
          write(write_kind::zadd, "zset", {"0.1", "m"}, 0, 3), write(write_kind::set, "json", {"{}"}, 0, 4)};
}

} // namespace

CAF_TEST(places of every kind are compared with what their cells left) {
  std::vector<redis::command> touches{{"SET", "text", "2"},
                                      {"HSET", "hash", "g", "1"},
                                      {"HDEL", "fields", "f"},
                                      {"ZADD", "zset", "0.1000000001", "m"},
                                      {"DEL", "json"}};
  for (std::uint16_t i = 0; i < touches.size(); ++i) {
    store_fixture f(every_kind());
    f.apply(written());
    CAF_CHECK(must(f.store.compare(f.plans_, left())).empty());
    f.ask(touches[i]);
    auto touched = must(f.store.compare(f.plans_, left()));
    CAF_REQUIRE_EQUAL(touched.size(), 1u);
    CAF_CHECK_EQUAL(touched[0].figure.value, i);
    CAF_CHECK_EQUAL(touched[0].key, touches[i].at(1));
    must(f.store.note_touched(f.plans_, touched[0]));
    auto name = "figure" + std::to_string(i);
    CAF_CHECK(must(f.store.inspect({})).refill == std::vector{name});
    auto failed = must(f.store.failed_figures());
    CAF_CHECK_EQUAL(failed.at(name), "another client changed or deleted " + touches[i].at(1));
  }
}

CAF_TEST(a place of another type is no place of ours and its figure fails) {
  store_fixture f(every_kind());
  f.apply(written());
  f.ask({"DEL", "json"});
  f.ask({"RPUSH", "json", "theirs"});
  auto touched = must(f.store.compare(f.plans_, left()));
  CAF_REQUIRE_EQUAL(touched.size(), 1u);
  must(f.store.note_touched(f.plans_, touched[0]));
  CAF_CHECK(must(f.store.inspect({})).refill.empty());
  CAF_CHECK(must(f.store.failed_figures()).at("figure4").find("WRONGTYPE") == 0);
}
