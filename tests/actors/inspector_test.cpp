#define CAF_SUITE actors.inspector
#include "actors/inspector/inspector_actor.hpp"

#include "actors/inspector/troubles.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

fill_actor::behavior_type fake_fill(fill_actor::pointer) {
  return {[](atom::homes, const cell_homes&, bool) {}, [](atom::tick) {},
          [](atom::status) { return fill_report{true}; }};
}

member_actor::behavior_type fake_member(member_actor::pointer, cell_homes homes) {
  return {[](atom::hello, const node_card& x) { return x; },
          [](atom::inspector) -> caf::result<inspector_actor> { return caf::sec::invalid_argument; },
          [](atom::inspector, const inspector_actor&) {},
          [=](atom::homes) { return homes; },
          [](atom::poll) {},
          [](atom::tick) {},
          [](atom::fenced, cell_id) {},
          [](atom::leave) { return true; },
          [](atom::release) { return true; },
          [](atom::status) { return member_report{"one"}; }};
}

struct fixture : test_coordinator_fixture<message_config> {
  std::vector<std::shared_ptr<cell_script>> cells;
  std::int64_t now = 1000;
  inspector_settings how;
  inspector_actor inspector;
  cell_homes homes;

  fixture() {
    how.frame.project = "shop";
    how.now = [this] { return now; };
    how.frame.figures = {"revenue", "geo"};
    how.frame.shards = 32;
    how.plans = &small_shop();
    how.frame.tables_of = {{"revenue", {"public.orders"}}, {"geo", {"public.orders"}}};
    how.router = sys.spawn(fake_router, std::make_shared<router_log>());
    how.writer = sys.spawn(fake_writer, std::make_shared<writer_log>());
    how.fill = sys.spawn(fake_fill);
    for (std::uint16_t i = 0; i < 3; ++i) {
      cells.push_back(std::make_shared<cell_script>());
      cells.back()->written = 100 * i;
      homes.push_back({{shard_id{i}, entity_id{0}}, sys.spawn(fake_cell, cells.back())});
    }
    how.member = sys.spawn(fake_member, homes);
    inspector = sys.spawn(millrace::inspector, how);
    settle();
  }
  ~fixture() override { // it looks for ever
    self->send_exit(inspector, caf::exit_reason::kill);
    settle();
  }
  void settle() {
    while (sched.try_run_once()) {
    }
  }
  node_report status() {
    node_report out;
    auto request = self->request(inspector, caf::infinite, atom::status_v);
    settle();
    request.receive([&](node_report& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  row_report find_row(const std::string& table, const std::vector<std::string>& key) {
    row_report out;
    auto request = self->request(inspector, caf::infinite, atom::row_v, table, key);
    settle();
    request.receive([&](row_report& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  std::int64_t written(const std::string& figure) {
    std::int64_t out = -1;
    auto request =
        self->request(inspector, caf::infinite, atom::written_v, figure, std::vector<std::string>{"key"});
    settle();
    request.receive([&](const std::vector<std::int64_t>& x) { out = x.at(0); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(inspector_tests, fixture)

CAF_TEST(status is put together from all actors) {
  auto x = status();
  CAF_CHECK(x.fill.live);
  CAF_CHECK_EQUAL(x.router.records, 7);
  CAF_CHECK_EQUAL(x.rows, 9u);
  CAF_CHECK_EQUAL(x.member.name, "one");
  CAF_CHECK(x.figures.at(0).state == figure_state::live);
  CAF_CHECK(x.figures.at(1).state == figure_state::failed);
  CAF_CHECK(x.silent.empty());
}

CAF_TEST(an actor that is gone does not keep status back) {
  self->send_exit(how.writer, caf::exit_reason::kill);
  self->send_exit(homes.front().at, caf::exit_reason::kill);
  settle();
  auto x = status();
  CAF_CHECK_EQUAL(x.rows, 6u);
  CAF_CHECK_EQUAL(x.router.records, 7);
}

CAF_TEST(the start of a fault is known without a question) {
  now = 1090;
  auto x = status();
  CAF_CHECK_EQUAL(in_a_line(x.troubles.at(0), now), "the figure geo has failed, for 90 s: WRONGTYPE");
}

CAF_TEST(what an actor said last is shown where it does not answer) {
  self->send_exit(how.writer, caf::exit_reason::kill);
  settle();
  auto x = status();
  CAF_REQUIRE_EQUAL(x.silent.size(), 1u);
  CAF_CHECK_EQUAL(x.silent[0].who, "redis_writer");
  CAF_CHECK(x.figures.at(1).state == figure_state::failed);
}

CAF_TEST(an actor that is silent for a moment is no trouble and one that stays silent is the worst) {
  self->send_exit(how.writer, caf::exit_reason::kill);
  settle();
  CAF_CHECK(status().troubles.at(0).what != "parts of the node don't answer");
  now += 5;
  auto x = status();
  CAF_CHECK_EQUAL(x.troubles.at(0).what, "parts of the node don't answer");
  CAF_CHECK_EQUAL(x.troubles.at(0).why.find("redis_writer"), 0u);
}

CAF_TEST(what has not answered within a second is named) {
  auto request = self->request(inspector, caf::infinite, atom::status_v);
  sched.run_once(); // the inspector asks
  sched.run_once();
  advance_time(std::chrono::seconds{2});
  settle();
  node_report x;
  request.receive([&](node_report& y) { x = std::move(y); }, [&](caf::error& y) { CAF_FAIL(sys.render(y)); });
  CAF_CHECK(!x.silent.empty());
}

CAF_TEST(the last write to a place is the latest that any cell knows) {
  CAF_CHECK_EQUAL(written("geo"), 200);
}

CAF_TEST(a row is looked for in all cells of the node) {
  cells[1]->copies = {{1, "orders", {"id"}, {"17"}, {}}};
  auto x = find_row("orders", {"17"});
  CAF_CHECK_EQUAL(x.table, "public.orders");
  CAF_REQUIRE_EQUAL(x.copies.size(), 1u);
  CAF_CHECK_EQUAL(x.copies[0].shard, 1);
  CAF_CHECK(x.note.empty());
}

CAF_TEST(a cell that is gone does not keep a row back and is said) {
  cells[1]->copies = {{1, "orders", {"id"}, {"17"}, {}}};
  self->send_exit(homes.front().at, caf::exit_reason::kill);
  settle();
  auto x = find_row("orders", {"17"});
  CAF_CHECK_EQUAL(x.copies.size(), 1u);
  CAF_CHECK_EQUAL(x.note, "1 cells of this node didn't answer");
}

CAF_TEST(a question for a table that no figure reads is answered with what there is) {
  CAF_CHECK_EQUAL(find_row("order", {"17"}).trouble.find("no figure reads a table order"), 0u);
}

CAF_TEST(each kind of actor is counted with its slowest answer) {
  auto x = status();
  auto found = std::find_if(x.actors.begin(), x.actors.end(), [](auto& one) { return one.kind == "cell"; });
  CAF_REQUIRE(found != x.actors.end());
  CAF_CHECK_EQUAL(found->count, 3u);
  CAF_CHECK_EQUAL(found->silent, 0u);
  CAF_CHECK(found->answered_us >= 0);
}

CAF_TEST(a figure that nobody knows was never written) { CAF_CHECK_EQUAL(written("nonsense"), 0); }

CAF_TEST_FIXTURE_SCOPE_END()
