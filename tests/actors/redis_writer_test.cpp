#define CAF_SUITE actors.redis_writer
#include "tests/actors/redis_writer_fixture.hpp"

#include "actors/figures/plan/plan_change.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using strings = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(redis_writer_tests, writer_fixture)

CAF_TEST(dirty cells are collected after the interval and told when it is in Redis) {
  dirty(*one);
  dirty(*two);
  settle();
  CAF_CHECK(one->log.empty());
  pass(how.longest_interval);
  CAF_CHECK(one->log == (strings{"collect", "flushed"}));
  CAF_CHECK(two->log == (strings{"collect", "flushed"}));
  CAF_CHECK_EQUAL(number(*one), 1u);
  CAF_CHECK(lost.empty());
}

CAF_TEST(positions alone wait longer unless something urgent comes) {
  dirty(*one, false);
  pass(how.longest_interval);
  CAF_CHECK(one->log.empty());
  dirty(*two);
  pass(how.longest_interval);
  CAF_CHECK_EQUAL(one->log.size(), 2u);
  dirty(*one, false);
  pass(how.idle_interval);
  CAF_CHECK_EQUAL(one->log.size(), 4u);
}

CAF_TEST(a cell that is not dirty is left alone) {
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(two->log.empty());
  pass(std::chrono::seconds(10));
  CAF_CHECK_EQUAL(one->log.size(), 2u);
}

CAF_TEST(without Redis the same flush is tried again until it is in) {
  refusals = 3;
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(one->log == strings{"collect"});
  CAF_CHECK(status().trouble.find("Redis doesn't answer") != std::string::npos);
  dirty(*two); // waits its turn
  for (int i = 0; i < 10; ++i)
    pass(std::chrono::seconds(1));
  CAF_CHECK(one->log == (strings{"collect", "flushed"}));
  CAF_CHECK(two->log == (strings{"collect", "flushed"}));
  CAF_CHECK(status().trouble.empty());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a stale cell is loaded again under a new owner and its neighbour is written) {
  one->next.number += 5;
  dirty(*one);
  dirty(*two);
  pass(how.longest_interval);
  CAF_CHECK(one->log == (strings{"collect", "load"}));
  CAF_CHECK(two->log == (strings{"collect", "flushed"}));
  CAF_CHECK_EQUAL(number(*two), 1u);
  CAF_CHECK(lost.empty());
  dirty(*one);
  claim(*two); // number() above took it
  own(*two);
  pass(how.longest_interval);
  CAF_CHECK_EQUAL(one->log.back(), "flushed");
}

CAF_TEST(a ledger that went back is found out where there is nothing to flush) {
  dirty(*one);
  pass(how.longest_interval);
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"HSET", "millrace:actors:cell:1:0", "number", "0"}));
  pass(how.look_interval);
  CAF_CHECK(one->log == (strings{"collect", "flushed", "load"}));
  CAF_CHECK(lost.empty());
  dirty(*one); // goes on from there
  pass(how.longest_interval);
  CAF_CHECK_EQUAL(one->log.back(), "flushed");
  pass(how.look_interval);
  CAF_CHECK_EQUAL(one->loaded.size(), 1u);
}

CAF_TEST(a ledger that is gone makes a node start over that has nothing to flush) {
  dirty(*one);
  pass(how.longest_interval);
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"FLUSHALL"}));
  pass(how.look_interval);
  CAF_REQUIRE(!lost.empty());
  CAF_CHECK(lost[0].find("shard 1") != std::string::npos);
}

CAF_TEST(a cell whose log lost blocks writes its rows again) {
  one->next.block = "one block";
  dirty(*one);
  pass(how.longest_interval);
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"DEL", "millrace:actors:log:1:0:0"}));
  pass(how.look_interval); // where nothing is flushed
  CAF_CHECK(one->log == (strings{"collect", "flushed", "copy"}));
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(one->log == (strings{"collect", "flushed", "copy", "collect", "flushed", "copy"}));
  CAF_CHECK(lost.empty());
}

CAF_TEST(a figure whose parts are gone fails and is asked to be filled again) {
  auto plans = to_json(small_shop());
  CAF_REQUIRE(
      store.set_format({"2", small_shop().fingerprint(), 32, plans, "", "live", "", 0, "", "", "a life"}));
  auto rolled = std::find_if(small_shop().figures.begin(), small_shop().figures.end(),
                             [](auto& x) { return x.what == figure_kind::rolled_up; });
  CAF_REQUIRE(rolled != small_shop().figures.end());
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"HSET", "millrace:actors:counts", rolled->name, "3"}));
  pass(how.look_interval);
  pass(how.look_interval);
  CAF_CHECK(status().failed[rolled->name].find("parts of 0 groups, not of 3") != std::string::npos);
  auto next = store.format();
  CAF_REQUIRE(next && !next->next.empty());
  CAF_CHECK((difference(small_shop(), plans_from_json(next->next)).fills()
             == std::vector<std::string>{rolled->name}));
  CAF_CHECK(store.set_format({}));
}

CAF_TEST(a policy that evicts is among the findings until it is changed) {
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru"}));
  pass(how.look_interval);
  CAF_CHECK(status().findings.at(0).what.find("maxmemory-policy allkeys-lru") != std::string::npos);
  CAF_REQUIRE(raw->call({"CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction"}));
  pass(how.look_interval);
  CAF_CHECK(status().findings.empty());
}

CAF_TEST(a Redis that becomes a replica is trouble with its age until it is a primary again) {
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"REPLICAOF", "127.0.0.1", "1"}));
  pass(how.look_interval);
  CAF_CHECK_EQUAL(status().trouble_since, 1700000000);
  CAF_CHECK(status().trouble.find("Redis is a replica") != std::string::npos);
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(one->log == strings{"collect"});
  CAF_REQUIRE(raw->call({"REPLICAOF", "NO", "ONE"}));
  for (int i = 0; i < 10; ++i)
    pass(std::chrono::seconds(1));
  CAF_CHECK(one->log == (strings{"collect", "flushed"}));
  CAF_CHECK(status().trouble.empty());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a Redis that does not answer a look is said until it does) {
  refusals = 1;
  pass(how.look_interval);
  CAF_CHECK(status().trouble.find("Redis doesn't answer") != std::string::npos);
  pass(how.look_interval);
  CAF_CHECK(status().trouble.empty());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a cell with another owner makes the node start over) {
  take_away(*one);
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(one->log == strings{"collect"});
  CAF_REQUIRE_EQUAL(lost.size(), 1u);
  CAF_CHECK(lost[0].find("shard 1") != std::string::npos);
}

CAF_TEST(one of many gives up the cell that has another owner and writes the others) {
  std::vector<cell_id> fenced;
  self->send_exit(writer, caf::exit_reason::kill);
  how.fenced = [&](cell_id x) { fenced.push_back(x); };
  spawn();
  take_away(*one);
  dirty(*one);
  dirty(*two);
  pass(how.longest_interval);
  CAF_CHECK(fenced == std::vector<cell_id>{one->next.cell});
  CAF_CHECK(one->log == strings{"collect"});
  CAF_CHECK(two->log == (strings{"collect", "flushed"}));
  CAF_CHECK(lost.empty());
  dirty(*one); // nobody of ours any more
  pass(how.longest_interval);
  pass(how.look_interval);
  CAF_CHECK(one->log == strings{"collect"});
  CAF_CHECK_EQUAL(fenced.size(), 1u);
}

CAF_TEST(a shard that has another owner is given up completely) {
  std::vector<cell_id> fenced;
  self->send_exit(writer, caf::exit_reason::kill);
  how.fenced = [&](cell_id x) { fenced.push_back(x); };
  auto sibling = script(1);
  sibling->next.cell.entity = entity_id{1};
  cells[sibling->next.cell] = sys.spawn(fake_cell, sibling);
  claim(*sibling);
  spawn();
  own(*sibling);
  take_away(*one);
  take_away(*sibling);
  for (auto& x : {one, sibling, two})
    dirty(*x);
  pass(how.longest_interval);
  CAF_CHECK(fenced == std::vector<cell_id>{one->next.cell});
  CAF_CHECK(sibling->log == strings{"collect"});
  CAF_CHECK(two->log == (strings{"collect", "flushed"}));
  CAF_CHECK(lost.empty());
}

CAF_TEST(cells that are let go are not written and who waits for that is told) {
  refusals = 1;
  dirty(*one);
  pass(how.longest_interval); // under way, and Redis doesn't answer
  auto request = self->request(writer, caf::infinite, atom::release_v, std::vector<cell_id>{one->next.cell});
  settle();
  CAF_CHECK(!self->has_next_message());
  pass(std::chrono::seconds(1));
  CAF_REQUIRE(self->has_next_message());
  request.receive([](bool told) { CAF_CHECK(told); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  dirty(*one);
  pass(std::chrono::seconds(1));
  CAF_CHECK(one->log == strings{"collect"}); // and isn't told of what was under way
  CAF_CHECK(lost.empty());
}

CAF_TEST(a cell that was claimed again is not given up for what was under way before) {
  refusals = 1;
  dirty(*one);
  pass(how.longest_interval);
  claim(*one);
  own(*one);
  pass(std::chrono::seconds(1));
  CAF_CHECK(lost.empty());
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK_EQUAL(one->log.back(), "flushed");
  CAF_CHECK_EQUAL(number(*one), 1u);
}

CAF_TEST(a cell that is gone makes the node start over) {
  dirty(*one);
  self->send_exit(cells.at(one->next.cell), caf::exit_reason::kill);
  settle();
  pass(how.longest_interval);
  CAF_REQUIRE_EQUAL(lost.size(), 1u);
}

CAF_TEST(a figure that Redis refuses is named and the rest goes on) {
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"SET", "customer:1:stats", "not a hash"}));
  one->next.output.writes = {{figure_id{1}, write_kind::hset, "customer:1:stats", {"orders", "1"}, 0},
                             {figure_id{0}, write_kind::set, "customer:1", {"{}"}, 0}};
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK_EQUAL(one->log.back(), "flushed");
  CAF_CHECK(status().failed.count(small_shop().figures[1].name) == 1);
  auto text = raw->call({"GET", "customer:1"});
  CAF_CHECK(text && text->text == "{}");
  CAF_CHECK(lost.empty());
}

CAF_TEST(a figure that Redis refused another node is told by this one) {
  auto raw = redis::client::connect(server().settings());
  CAF_REQUIRE(raw && raw->call({"HSET", redis::key_prefix("actors") + "failed", "geo", "WRONGTYPE"}));
  pass(how.look_interval);
  CAF_CHECK(status().failed["geo"] == "WRONGTYPE");
  CAF_REQUIRE(raw->call({"DEL", redis::key_prefix("actors") + "failed"}));
  pass(how.look_interval);
  CAF_CHECK(status().failed.empty());
}

CAF_TEST(it hears the time of Redis) {
  std::chrono::microseconds told{0};
  self->send_exit(writer, caf::exit_reason::kill);
  how.time_is = [&](std::chrono::microseconds time) { told = time; };
  spawn();
  pass(how.look_interval);
  CAF_CHECK_GREATER(told.count(), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
