#define CAF_SUITE actors.place_walks
#include "tests/actors/redis_writer_fixture.hpp"

#include "actors/figures/fold/fingerprint.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// The first cell says that it left an order of customer 1 at a place, and another text stands there.
struct walking : writer_fixture {
  walking() {
    self->send_exit(writer, caf::exit_reason::kill);
    how.walked_places = 100;
    spawn();
    CAF_REQUIRE(raw && raw->call({"SET", "customer:1", "theirs"}));
    one->next.checks = {{figure_of("shown"), "customer:1", "", fingerprint({"ours"})}};
    one->next.checked_all = true;
  }
  ~walking() override {
    for (auto* key : {"failed", "refill", "mended"})
      (void)raw->call({"DEL", redis::key_prefix("actors") + key});
  }
  static figure_id figure_of(const std::string& name) {
    for (std::uint16_t i = 0; i < small_shop().figures.size(); ++i)
      if (small_shop().figures[i].name == name)
        return {i};
    return {};
  }
  std::string failed() {
    auto all = store.failed_figures();
    CAF_REQUIRE(all);
    return all->count("shown") ? all->at("shown") : "";
  }
  result<redis::client> raw = redis::client::connect(server().settings());
};

using strings = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(walking_tests, walking)

CAF_TEST(a place that another client changed is found though nothing is flushed) {
  pass(how.look_interval);
  pass(how.idle_interval);
  CAF_CHECK(one->log == (strings{"collect and check", "flushed"}));
  CAF_CHECK_EQUAL(failed(), "another client changed or deleted customer:1");
}

CAF_TEST(a place is left alone that the cell left so) {
  one->next.checks[0].fingerprint = fingerprint({"theirs"});
  pass(how.look_interval);
  pass(how.idle_interval);
  CAF_CHECK_EQUAL(failed(), "");
}

CAF_TEST(a cell tells places once a look) {
  pass(how.look_interval);
  dirty(*one);
  pass(how.longest_interval);
  dirty(*one);
  pass(how.longest_interval);
  CAF_CHECK(one->log == (strings{"collect and check", "flushed", "collect", "flushed"}));
  pass(how.look_interval);
  pass(how.idle_interval);
  CAF_CHECK_EQUAL(one->log.at(4), "collect and check");
}

CAF_TEST(a place of another type fails its figure with the words of Redis) {
  CAF_REQUIRE(raw->call({"DEL", "customer:1"}) && raw->call({"RPUSH", "customer:1", "theirs"}));
  pass(how.look_interval);
  pass(how.idle_interval);
  CAF_CHECK_EQUAL(failed().find("WRONGTYPE"), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
