#define CAF_SUITE actors.member
#include "actors/member/member_actor.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const source_id orders{1ULL << 32 | 3};

/// What the fake fill coordinator heard last.
struct fill_log {
  cell_homes homes;
  bool leads = false;
};

fill_actor::behavior_type fake_fill(fill_actor::pointer, std::shared_ptr<fill_log> log) {
  return {[=](atom::homes, const cell_homes& x, bool leads) {
            log->homes = x;
            log->leads = leads;
          },
          [](atom::tick) {}, [](atom::status) { return fill_report{}; }};
}

/// What the fake dispatcher knows.
using dispatcher_log = cell_homes;

dispatcher_actor::behavior_type fake_dispatcher(dispatcher_actor::pointer,
                                                std::shared_ptr<dispatcher_log> log) {
  return {[](const std::vector<change_batch>&) {}, [=](atom::homes, const cell_homes& x) { *log = x; }};
}

/// A member whose work a test hands out, with a ledger that always gives.
struct fixture : test_coordinator_fixture<message_config> {
  assignment work;
  bool has_left = false;
  std::optional<error> claim_fails;
  int claims = 0;
  std::vector<std::string> lost;
  std::vector<aggregator_actor> spawned;
  std::shared_ptr<router_log> router = std::make_shared<router_log>();
  std::shared_ptr<dispatcher_log> dispatcher = std::make_shared<dispatcher_log>();
  dispatcher_actor others_door;
  std::shared_ptr<writer_log> writer = std::make_shared<writer_log>();
  std::shared_ptr<fill_log> fill = std::make_shared<fill_log>();
  member_settings how;
  member_actor member;

  fixture() {
    how.name = "one";
    how.life = "now";
    how.plans = &small_shop();
    how.work.look = [this]() -> result<assignment> { return work; };
    how.work.leave = [this] { has_left = true; };
    how.claim = [this](const std::vector<cell_id>& cells) -> result<std::vector<cell_ledger>> {
      if (claim_fails)
        return *claim_fails;
      std::vector<cell_ledger> out;
      for (auto cell : cells) {
        auto& x = out.emplace_back();
        x.cell = cell;
        x.owner = "token" + std::to_string(++claims);
      }
      return out;
    };
    how.positions = []() -> result<std::vector<cell_positions>> { return std::vector<cell_positions>{}; };
    how.spawn = [this](cell_id) {
      spawned.push_back(sys.spawn(fake_cell, std::make_shared<cell_script>()));
      return spawned.back();
    };
    how.lost = [this](std::string why) { lost.push_back(std::move(why)); };
    others_door = sys.spawn(fake_dispatcher, std::make_shared<dispatcher_log>());
    how.dispatcher = sys.spawn(fake_dispatcher, dispatcher);
    how.router = sys.spawn(fake_router, router);
    how.writer = sys.spawn(fake_writer, writer);
    how.fill = sys.spawn(fake_fill, fill);
    member = sys.spawn(millrace::member, how);
    settle();
  }
  ~fixture() override {
    self->send_exit(member, caf::exit_reason::kill);
    for (auto& x : spawned)
      self->send_exit(x, caf::exit_reason::kill);
    settle();
  }
  void settle() {
    while (sched.try_run_once()) {
    }
  }
  void poll() {
    advance_time(how.interval);
    settle();
  }
  member_state& state() {
    return deref<std::remove_pointer_t<member_actor::stateful_pointer<member_state>>>(member).state;
  }
  /// Another node says that it is there, and serves nothing yet.
  void meet_two() { greet({node_protocol, "two", "now", {}, others_door}); }
  /// Has a source, until the other node is given it. Returns how often the router had heard of sources then.
  std::size_t lose_orders() {
    work.sources = {orders};
    poll();
    meet_two();
    auto heard = router->sources.size();
    work.sources.clear();
    poll();
    return heard;
  }
  /// The card of the other node, with all cells of a shard.
  node_card other_with(std::uint16_t shard) {
    node_card out{node_protocol, "two", "now", {}, others_door};
    for (std::uint16_t i = 0; i < entities(); ++i) {
      spawned.push_back(sys.spawn(fake_cell, std::make_shared<cell_script>()));
      out.cells.push_back({{shard_id{shard}, entity_id{i}}, spawned.back()});
    }
    return out;
  }
  void give(std::set<std::uint16_t> shards) {
    work.shards.clear();
    for (auto x : shards)
      work.shards.insert(shard_id{x});
    poll();
  }
  std::size_t entities() const { return small_shop().tables.size(); }
  node_card greet(const node_card& x) {
    node_card out;
    auto request = self->request(member, caf::infinite, atom::hello_v, x);
    settle();
    request.receive([&](const node_card& card) { out = card; },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  /// The card of another node that serves a cell.
  node_card other(const std::string& life, std::uint32_t protocol = node_protocol) {
    spawned.push_back(sys.spawn(fake_cell, std::make_shared<cell_script>()));
    return {protocol, "two", life, {{{shard_id{9}, entity_id{0}}, spawned.back()}}, others_door};
  }
  /// How many cells the router reaches by a door.
  std::size_t cells_behind(const dispatcher_actor& door) const {
    for (auto& some : router->homes.back())
      if (some.door == door)
        return some.cells.size();
    return 0;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(member_tests, fixture)

CAF_TEST(a node without figures has its shards though they have no cells) {
  static const plan_set none;
  self->send_exit(member, caf::exit_reason::kill);
  how.plans = &none;
  member = sys.spawn(millrace::member, how);
  settle();
  give({0, 1});
  CAF_CHECK(fill->leads);
  poll();
  CAF_CHECK_EQUAL(state().claims, 1); // and isn't claimed again and again
}

CAF_TEST(shards that it is given are claimed and served and everybody hears where) {
  give({0, 1});
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
  CAF_CHECK_EQUAL(fill->homes.size(), 2 * entities());
  CAF_CHECK_EQUAL(dispatcher->size(), 2 * entities());
  CAF_CHECK_EQUAL(cells_behind(how.dispatcher), 2 * entities());
  CAF_CHECK(fill->leads);
  auto card = greet({node_protocol, "two", "now", {}, others_door});
  CAF_CHECK_EQUAL(card.cells.size(), 2 * entities());
  CAF_CHECK(card.door == how.dispatcher);
}

CAF_TEST(what stays is not touched when more comes) {
  give({4});
  auto before = claims;
  give({4, 5});
  CAF_CHECK_EQUAL(claims, before + static_cast<int>(entities()));
  CAF_CHECK(!fill->leads);
}

CAF_TEST(a shard that goes is let go at the writer and its cells end) {
  give({0, 1});
  give({1});
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  CAF_CHECK_EQUAL(fill->homes.size(), entities());
  CAF_CHECK(!fill->leads);
}

CAF_TEST(a shard that another node took is reached by that node alone) {
  give({9});
  greet(other_with(9));
  CAF_CHECK_EQUAL(cells_behind(others_door), 0u); // ours, as long as nobody fences it
  give({});
  CAF_CHECK(dispatcher->empty());
  CAF_CHECK_EQUAL(cells_behind(how.dispatcher), 0u);
  CAF_CHECK_EQUAL(cells_behind(others_door), entities());
}

CAF_TEST(a shard that goes to another node is served until that one says that it has it) {
  give({1, 2});
  meet_two();
  give({1});
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
  CAF_CHECK_EQUAL(cells_behind(how.dispatcher), 2 * entities());
  greet(other("now")); // it has some other shard
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
  greet(other_with(2));
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  CAF_CHECK_EQUAL(cells_behind(how.dispatcher), entities());
  CAF_CHECK_EQUAL(cells_behind(others_door), entities());
}

CAF_TEST(a shard that goes and is fenced on its way is let go at once and not claimed again) {
  give({1, 2});
  meet_two();
  give({1});
  auto before = claims;
  self->send(member, atom::fenced_v, cell_id{shard_id{2}, entity_id{0}});
  settle();
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  CAF_CHECK_EQUAL(claims, before);
}

CAF_TEST(a shard that no node accepts is released at the limit) {
  give({1, 2});
  meet_two();
  state().how.hand_over_limit = std::chrono::milliseconds{0};
  give({1});
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
}

CAF_TEST(a shard that comes back before anybody took it stays as it is) {
  give({1, 2});
  meet_two();
  auto before = claims;
  give({1});
  give({1, 2});
  state().how.hand_over_limit = std::chrono::milliseconds{0};
  poll();
  CAF_CHECK_EQUAL(claims, before);
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
}

CAF_TEST(who has to let the first shard go leads no more) {
  give({0, 1});
  meet_two();
  CAF_CHECK(fill->leads);
  give({1});
  CAF_CHECK(!fill->leads);
  CAF_CHECK_EQUAL(fill->homes.size(), 2 * entities());
}

CAF_TEST(a source that goes to another node is read a moment longer) {
  auto heard = lose_orders();
  poll();
  CAF_CHECK_EQUAL(router->sources.size(), heard);
  state().ending.at(orders) -= state().how.overlap;
  poll();
  CAF_REQUIRE_EQUAL(router->sources.size(), heard + 1);
  CAF_CHECK(router->sources.back().empty());
}

CAF_TEST(a source that comes back in that moment is read on) {
  auto heard = lose_orders();
  work.sources = {orders};
  poll();
  CAF_CHECK(state().ending.empty());
  CAF_CHECK_EQUAL(router->sources.size(), heard);
}

CAF_TEST(a fenced shard is claimed again while it is still given) {
  give({0, 1});
  auto before = claims;
  self->send(member, atom::fenced_v, cell_id{shard_id{1}, entity_id{0}});
  settle();
  poll();
  CAF_CHECK_EQUAL(claims, before + static_cast<int>(entities()));
  CAF_CHECK_EQUAL(fill->homes.size(), 2 * entities());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a shard that goes and comes back while its cells load is served by the new ones) {
  work.shards = {shard_id{1}};
  self->send(member, atom::poll_v); // claims; nobody runs the cells yet
  sched.prioritize(member);
  sched.run_once();
  auto first = spawned;
  CAF_REQUIRE_EQUAL(first.size(), entities());
  self->send(member, atom::fenced_v, cell_id{shard_id{1}, entity_id{0}});
  sched.prioritize(member);
  sched.run_once();
  CAF_CHECK(fill->homes.empty());
  poll();
  CAF_REQUIRE_EQUAL(spawned.size(), 2 * entities());
  CAF_REQUIRE_EQUAL(fill->homes.size(), entities());
  for (std::size_t i = 0; i < entities(); ++i)
    CAF_CHECK(fill->homes[i].at == spawned[entities() + i]);
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  CAF_CHECK(lost.empty());
}

CAF_TEST(a Redis that is away is asked again and a ledger that was created again is not ) {
  claim_fails = error{errc::unavailable, "away"};
  give({0});
  CAF_CHECK(fill->homes.empty());
  claim_fails.reset();
  poll();
  CAF_CHECK_EQUAL(fill->homes.size(), entities());
  claim_fails = error{errc::fenced, "the ledger was created again"};
  give({0, 1});
  CAF_REQUIRE_EQUAL(lost.size(), 1u);
  CAF_CHECK_EQUAL(lost[0], "the ledger was created again");
}

CAF_TEST(the router hears of its sources when they change) {
  work.sources = {orders};
  poll();
  poll();
  CAF_REQUIRE_EQUAL(router->sources.size(), 2u); // none at first
  CAF_CHECK(router->sources.back() == std::vector<source_id>{orders});
}

CAF_TEST(cells of another node are known by its card and gone with it) {
  greet(other("now"));
  CAF_CHECK_EQUAL(cells_behind(others_door), 1u);
  greet({node_protocol, "two", "now", {}, others_door});
  CAF_CHECK_EQUAL(cells_behind(others_door), 0u);
}

CAF_TEST(cards of another life or protocol are as empty ones) {
  greet(other("before"));
  greet(other("now", node_protocol + 1));
  CAF_CHECK(router->homes.empty());
}

CAF_TEST(who leaves serves on until another node has everything) {
  give({1});
  work.sources = {orders};
  poll();
  meet_two();
  auto request = self->request(member, caf::infinite, atom::leave_v);
  settle();
  CAF_CHECK(has_left);
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  greet(other_with(1));
  poll();
  CAF_CHECK(writer->owned.empty());
  CAF_CHECK(!state().has_left()); // the other node may not read yet
  state().out -= 2 * state().how.overlap;
  poll();
  request.receive([](bool done) { CAF_CHECK(done); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  CAF_CHECK(router->sources.back() == std::vector<source_id>{orders}); // until its actor ends
}

CAF_TEST(a leaving node does not wait for another leaving node) {
  give({1});
  meet_two();
  auto request = self->request(member, caf::infinite, atom::leave_v);
  settle();
  auto two = other("now");
  two.takes_shards = false;
  CAF_CHECK(!greet(two).takes_shards);
  poll();
  request.receive([](bool done) { CAF_CHECK(done); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
}

CAF_TEST(shards that another node serves are claimed one after the other) {
  meet_two();
  auto two = other_with(1);
  auto more = other_with(2);
  two.cells.insert(two.cells.end(), more.cells.begin(), more.cells.end());
  greet(two);
  give({1, 2, 3, 4});
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities()); // those that nobody serves, at once
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), 3 * entities());
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), 4 * entities());
}

CAF_TEST(who has no word from its group claims nothing and serves on) {
  give({1});
  work.in_touch = false;
  give({1, 2});
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
  work.in_touch = true;
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
}

CAF_TEST(while a shard loads none is taken from another node) {
  greet(other_with(2));
  work.shards = {shard_id{1}};
  self->send(member, atom::poll_v); // claims; nobody runs the cells yet
  sched.prioritize(member);
  sched.run_once();
  auto before = claims;
  work.shards = {shard_id{1}, shard_id{2}};
  self->send(member, atom::poll_v);
  sched.prioritize(member);
  sched.run_once();
  CAF_CHECK_EQUAL(claims, before);
  settle();
  poll();
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
}

CAF_TEST(whose role is to route is no heir) {
  give({1, 2});
  node_card two{node_protocol, "two", "now", {}, others_door, false};
  greet(two);
  give({1});
  CAF_CHECK_EQUAL(writer->owned.size(), entities());
}

CAF_TEST(a leaving node flushes shards that no node accepts and then releases them) {
  give({0, 1});
  auto left = self->request(member, caf::infinite, atom::leave_v);
  settle();
  left.receive([](bool done) { CAF_CHECK(done); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  CAF_CHECK(has_left);
  CAF_CHECK_EQUAL(writer->owned.size(), 2 * entities());
  auto released = self->request(member, caf::infinite, atom::release_v);
  settle();
  released.receive([](bool done) { CAF_CHECK(done); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  CAF_CHECK(writer->owned.empty());
  poll();
  CAF_CHECK(writer->owned.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
