#define CAF_SUITE actors.inspector
#include "actors/inspector/inspector_actor.hpp"

#include "tests/actors/fakes.hpp"

#include <nlohmann/json.hpp>

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

fill_actor::behavior_type fake_fill(fill_actor::pointer) {
  return {[](atom::homes, const cell_homes&, bool) {}, [](atom::tick) {},
          [](atom::status) { return std::string(R"({"phase":"live"})"); }};
}

member_actor::behavior_type fake_member(member_actor::pointer, cell_homes homes) {
  return {[](atom::hello, const node_card& x) { return x; },
          [=](atom::homes) { return homes; },
          [](atom::poll) {},
          [](atom::tick) {},
          [](atom::fenced, cell_id) {},
          [](atom::leave) { return true; },
          [](atom::release) { return true; },
          [](atom::status) { return std::string(R"({"name":"one"})"); }};
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
  nlohmann::json status() {
    nlohmann::json out;
    auto request = self->request(inspector, caf::infinite, atom::status_v);
    settle();
    request.receive([&](const std::string& x) { out = nlohmann::json::parse(x); },
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
  CAF_CHECK(x["phase"] == "live");
  CAF_CHECK(x["events"] == 7);
  CAF_CHECK(x["rows"] == 9);
  CAF_CHECK(x["member"]["name"] == "one");
  CAF_CHECK(x["figures"][0]["state"] == "live");
  CAF_CHECK(x["figures"][1]["state"] == "failed");
}

CAF_TEST(an actor that is gone does not keep status back) {
  self->send_exit(how.writer, caf::exit_reason::kill);
  self->send_exit(homes.front().at, caf::exit_reason::kill);
  settle();
  auto x = status();
  CAF_CHECK(x["rows"] == 6);
  CAF_CHECK(x["events"] == 7);
}

CAF_TEST(what is wrong is known to have begun though nobody asked) {
  now = 1090;
  auto x = status();
  CAF_CHECK(x["troubles"][0]["line"] == "the figure geo has failed, for 90 s: WRONGTYPE");
}

CAF_TEST(what an actor said last is shown where it does not answer) {
  self->send_exit(how.writer, caf::exit_reason::kill);
  settle();
  auto x = status();
  CAF_CHECK(x["silent"] == (nlohmann::json{"redis_writer"}));
  CAF_CHECK(x["figures"][1]["state"] == "failed");
}

CAF_TEST(the last write to a place is the latest that any cell knows) {
  CAF_CHECK_EQUAL(written("geo"), 200);
}

CAF_TEST(a figure that nobody knows was never written) { CAF_CHECK_EQUAL(written("nonsense"), 0); }

CAF_TEST_FIXTURE_SCOPE_END()
