#define CAF_SUITE redis.ledger
#include "actors/redis/server_clock.hpp"
#include "tests/unit/redis/fixture.hpp"

#include "tests/unit/random_source.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

CAF_TEST(a new cell begins with number 0 and nothing else) {
  store_fixture f;
  auto ledger = f.claim(cell(3, 1));
  CAF_CHECK_EQUAL(ledger.number, 0u);
  CAF_CHECK_EQUAL(ledger.generation, 0u);
  CAF_CHECK(ledger.positions.empty());
  CAF_CHECK(ledger.blocks.empty());
}

CAF_TEST(a claim finds what was flushed) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(3, 1)));
  flush.positions = {at(0, 41), at(7, 1'000'000'000'000)};
  flush.block = std::string("block\0one", 9);
  CAF_REQUIRE(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
  flush.number = 2;
  flush.positions = {at(0, 42)};
  flush.block = "block two";
  CAF_REQUIRE(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);

  auto ledger = f.claim(cell(3, 1));
  CAF_CHECK_EQUAL(ledger.number, 2u);
  CAF_REQUIRE_EQUAL(ledger.positions.size(), 2u);
  CAF_CHECK_EQUAL(ledger.positions[0].last.high, 42);
  CAF_CHECK(ledger.positions[0].seen == at(0, 42).seen);
  CAF_CHECK_EQUAL(ledger.positions[1].source.value, 7u);
  CAF_CHECK_EQUAL(ledger.positions[1].last.high, 1'000'000'000'000);
  CAF_REQUIRE_EQUAL(ledger.blocks.size(), 2u);
  CAF_CHECK_EQUAL(ledger.blocks[0], std::string("block\0one", 9));
  CAF_CHECK_EQUAL(ledger.blocks[1], "block two");
}

CAF_TEST(a long state log comes back completely) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  for (int i = 0; i < 200; ++i, ++flush.number) {
    flush.block = "block " + std::to_string(i);
    CAF_REQUIRE(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
  }
  auto ledger = f.claim(cell(0));
  CAF_REQUIRE_EQUAL(ledger.blocks.size(), 200u);
  for (int i = 0; i < 200; ++i)
    CAF_CHECK_EQUAL(ledger.blocks[static_cast<std::size_t>(i)], "block " + std::to_string(i));
}

CAF_TEST(an owner whose cell was claimed is fenced and nothing of its flush is written) {
  store_fixture f;
  auto mine = f.claim(cell(0)), other = f.claim(cell(1));
  f.claim(cell(1));
  auto first = f.next(mine), second = f.next(other);
  first.output.writes = {write(write_kind::set, "place", {"text"})};
  first.block = second.block = "block";
  auto outcome = must(f.store.flush({first, second}, tick_seconds{7}));
  CAF_CHECK(outcome.verdict == flush_verdict::fenced);
  CAF_CHECK(outcome.refused == cell(1));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "place", "millrace:shop:log:0:0:0", "millrace:shop:tick"}), "0");
  CAF_CHECK_EQUAL(f.claim(cell(0)).number, 0u);
}

CAF_TEST(a flush under another number is stale) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.number = 2;
  auto outcome = must(f.store.flush({flush}, tick_seconds{0}));
  CAF_CHECK(outcome.verdict == flush_verdict::stale);
  CAF_CHECK(outcome.refused == cell(0));
}

CAF_TEST(the same flush twice takes effect once and is stale the second time) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.output.counts = {{table_id{0}, 'c', 5}};
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::stale);
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:total"}), "5");
}

CAF_TEST(a flush that arrives after its owner reloaded is fenced) {
  store_fixture f;
  auto before = f.claim(cell(0));
  auto late = f.next(before);
  auto now = must(f.store.claim({cell(0)}, {fresh_token()}, {before.owner})).at(0);
  CAF_CHECK(must(f.store.flush({late}, tick_seconds{0})).verdict == flush_verdict::fenced);
  CAF_CHECK(must(f.store.flush({f.next(now)}, tick_seconds{0})).verdict == flush_verdict::done);
}

CAF_TEST(a reload is refused to one who is not the owner) {
  store_fixture f;
  auto before = f.claim(cell(0));
  auto now = f.claim(cell(0));
  auto refused = f.store.claim({cell(0)}, {fresh_token()}, {before.owner});
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::fenced);
  CAF_CHECK(must(f.store.flush({f.next(now)}, tick_seconds{0})).verdict == flush_verdict::done);
}

CAF_TEST(a reload of a ledger that is gone is refused and makes none) {
  store_fixture f;
  auto before = f.claim(cell(0));
  f.ask({"FLUSHALL"});
  CAF_CHECK(!f.store.claim({cell(0)}, {fresh_token()}, {before.owner}));
  CAF_CHECK(f.keys("*").empty());
}

CAF_TEST(a flush to a ledger that is gone is fenced and writes nothing) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.output.writes = {write(write_kind::set, "place", {"text"})};
  f.ask({"FLUSHALL"});
  f.ask({"FUNCTION", "FLUSH"});
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::fenced);
  CAF_CHECK(f.keys("*").empty());
}

CAF_TEST(a format that was taken away is none and not a damaged one) {
  store_fixture f;
  must(f.store.set_format({"1", 7, 32, "{}", "db", "live", "{}"}));
  CAF_CHECK_EQUAL(must(f.store.format()).shards, 32);
  must(f.store.set_format({}));
  CAF_CHECK(must(f.store.format()).format.empty());
  CAF_CHECK(f.keys("*").empty());
}

CAF_TEST(a look tells a ledger that is as it was left from one that went back or has another owner) {
  store_fixture f;
  auto first = f.claim(cell(0)), second = f.claim(cell(1));
  CAF_REQUIRE(must(f.store.flush({f.next(second)}, tick_seconds{0})).verdict == flush_verdict::done);
  std::map<cell_id, ledger_mark> left{{cell(0), {first.owner, 0}}, {cell(1), {second.owner, 1}}};
  CAF_CHECK(must(f.store.look(left)).verdict == flush_verdict::done);
  left[cell(1)].number = 2;
  CAF_CHECK(must(f.store.look(left)).verdict == flush_verdict::stale);
  CAF_CHECK(must(f.store.look(left)).refused == cell(1));
  f.claim(cell(0));
  CAF_CHECK(must(f.store.look(left)).verdict == flush_verdict::fenced);
  CAF_CHECK(must(f.store.look(left)).refused == cell(0));
}

CAF_TEST(a look at a ledger that is gone is fenced and makes none) {
  store_fixture f;
  auto mine = f.claim(cell(0));
  f.ask({"FLUSHALL"});
  CAF_CHECK(must(f.store.look({{cell(0), {mine.owner, 0}}})).verdict == flush_verdict::fenced);
  CAF_CHECK(f.keys("*").empty());
}

CAF_TEST(a claim takes all cells of the shard or none) {
  store_fixture f;
  auto first = f.claim(cell(0, 0));
  auto second = f.claim(cell(0, 1));
  CAF_CHECK(
      !f.store.claim({cell(0, 0), cell(0, 1)}, {fresh_token(), fresh_token()}, {first.owner, "another"}));
  CAF_CHECK(must(f.store.flush({f.next(first), f.next(second)}, tick_seconds{0})).verdict
            == flush_verdict::done);
}

CAF_TEST(a compacted state log replaces the old one when it is complete) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  auto send = [&] {
    auto verdict = must(f.store.flush({flush}, tick_seconds{0})).verdict;
    ++flush.number;
    return verdict;
  };
  flush.block = "old";
  CAF_CHECK(send() == flush_verdict::done);
  flush.block = "meanwhile";
  flush.copy_block = "chunk 1";
  flush.copy_block_too = true;
  CAF_CHECK(send() == flush_verdict::done);
  CAF_CHECK_EQUAL(f.keys("millrace:shop:copy:*").size(), 1u);
  flush.block = "";
  flush.copy_block = "chunk 2";
  flush.copy_length = 3;
  CAF_CHECK(send() == flush_verdict::done);
  CAF_CHECK(f.keys("millrace:shop:copy:*").empty());
  CAF_CHECK(f.keys("millrace:shop:log:*") == std::set<std::string>{"millrace:shop:log:0:0:1"});
  auto ledger = f.claim(cell(0));
  CAF_CHECK_EQUAL(ledger.generation, 1u);
  CAF_CHECK((ledger.blocks == std::vector<std::string>{"chunk 1", "meanwhile", "chunk 2"}));
}

CAF_TEST(a copy of another length is not switched to) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.copy_block = "chunk";
  flush.copy_length = 2;
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::stale);
  CAF_CHECK(f.keys("millrace:shop:copy:*").empty());
}

CAF_TEST(a claim throws away the copy that another owner began) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.block = "state";
  flush.copy_block = "chunk";
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
  auto ledger = f.claim(cell(0));
  CAF_CHECK(f.keys("millrace:shop:copy:*").empty());
  CAF_CHECK((ledger.blocks == std::vector<std::string>{"state"}));
  CAF_CHECK_EQUAL(ledger.generation, 0u);
}

CAF_TEST(a Redis that lost its last writes goes back to one flush) {
  redis_server server(15662);
  random_source random;
  CAF_MESSAGE("MILLRACE_SEED=" << random.seed());
  std::uintmax_t cut_bytes = 0;
  for (std::size_t round = 0; round < cases(6); ++round) {
    store_fixture f(one_table({figure_plan{}}), server);
    f.ask({"FLUSHALL"});
    auto flush = f.next(f.claim(cell(0)));
    auto begin = server.file_size();
    for (int i = 0; i < 5; ++i, ++flush.number) {
      flush.block = std::to_string(flush.number);
      flush.positions = {at(0, static_cast<std::int64_t>(flush.number))};
      flush.output = {
          {write(write_kind::set, "place", {std::to_string(flush.number)})}, {}, {{table_id{0}, 'c', 1}}};
      CAF_REQUIRE(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
    }
    server.kill();
    auto cut = begin + random.below(server.file_size() - begin);
    cut_bytes += server.file_size() - cut;
    server.cut(cut);
    server.start();
    f.reconnect();
    auto ledger = f.claim(cell(0));
    CAF_CHECK_LESS(ledger.number, 5u);
    auto number = std::to_string(ledger.number);
    CAF_CHECK_EQUAL(ledger.blocks.size(), ledger.number);
    CAF_CHECK_EQUAL(f.text({"GET", "place"}), ledger.number == 0 ? "(nil)" : number);
    CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:total"}), ledger.number == 0 ? "(nil)" : number);
    CAF_CHECK_EQUAL(ledger.positions.empty() ? 0 : ledger.positions[0].last.high,
                    static_cast<int>(ledger.number));
    CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::fenced);
  }
  CAF_CHECK_GREATER(cut_bytes, 0u);
}

CAF_TEST(the clock is that of the server) {
  store_fixture f;
  auto told = *must(f.store.time());
  auto here = std::chrono::system_clock::now().time_since_epoch();
  CAF_CHECK_LESS(std::chrono::abs(here - told), std::chrono::minutes{1});
  redis::server_clock clock;
  clock.set(told + std::chrono::hours{1});
  CAF_CHECK_LESS(clock.now().value - (told + std::chrono::hours{1}).count() / 1'000'000, 60);
  CAF_CHECK_GREATER_OR_EQUAL(clock.now().value, (told + std::chrono::hours{1}).count() / 1'000'000);
}

CAF_TEST(a user who may not ask for the clock is none the worse) {
  store_fixture f;
  f.ask({"ACL", "SETUSER", "hasty", "on", ">secret", "~*", "+@all", "-time"});
  auto how = shared_server().settings();
  how.user = "hasty";
  how.password = "secret";
  auto store = must(redis::store::open(must(redis::client::connect(how)), "clock", one_table()));
  CAF_CHECK(!must(store.time()));
}

CAF_TEST(positions are read without a claim) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.positions = {at(2, 99)};
  must(f.store.flush({flush}, tick_seconds{0}));
  auto all = must(f.store.positions({cell(0), cell(1)}));
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_REQUIRE_EQUAL(all[0].positions.size(), 1u);
  CAF_CHECK_EQUAL(all[0].positions[0].last.high, 99);
  CAF_CHECK(all[1].positions.empty());
  ++flush.number;
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{0})).verdict == flush_verdict::done);
}

CAF_TEST(an absent ledger has an empty format and a written one comes back) {
  store_fixture f;
  CAF_CHECK(must(f.store.format()).format.empty());
  redis::project_format x{"1", ~std::uint64_t{0}, 32, "{\"plans\":1}", "7301234567890", "filling", "{}"};
  must(f.store.set_format(x));
  auto y = must(f.store.format());
  CAF_CHECK_EQUAL(y.format, "1");
  CAF_CHECK_EQUAL(y.fingerprint, ~std::uint64_t{0});
  CAF_CHECK_EQUAL(y.shards, 32);
  CAF_CHECK_EQUAL(y.plans, x.plans);
  CAF_CHECK_EQUAL(y.database, x.database);
  CAF_CHECK_EQUAL(y.phase, "filling");
}

CAF_TEST(a damaged ledger is told as such) {
  store_fixture f;
  f.claim(cell(0));
  f.ask({"HSET", "millrace:shop:cell:0:0", "p:0:0", "nonsense"});
  auto x = f.store.claim({cell(0)}, {fresh_token()});
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().code == errc::corrupt);
  f.ask({"HSET", "millrace:shop:format", "format", "1"});
  CAF_CHECK(f.store.format().why().code == errc::corrupt);
}

CAF_TEST(a wipe leaves the format and other projects and places alone) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.block = "state";
  flush.output.writes = {write(write_kind::set, "place", {"text"})};
  must(f.store.flush({flush}, tick_seconds{9}));
  must(f.store.set_format({"1", 1, 32, "", "", "live", ""}));
  f.ask({"SET", "millrace:shop2:tick", "1"});
  must(f.store.wipe({cell(0)}, ""));
  CAF_CHECK((f.keys("*") == std::set<std::string>{"millrace:shop:format", "millrace:shop2:tick", "place"}));
  ++flush.number;
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{9})).verdict == flush_verdict::fenced);
}
