#define CAF_SUITE actors.watched
#include "nodes/node/watched_actor.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;

namespace {

struct fixture : test_coordinator_fixture<> {
  std::vector<std::string> lost;

  caf::actor watched(std::function<void()> does) {
    auto out =
        sys.spawn([does](caf::event_based_actor*) -> caf::behavior { return {[does](int) { does(); }}; });
    goes_with(out, "the worker", [this](std::string why) { lost.push_back(std::move(why)); });
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(watched_tests, fixture)

CAF_TEST(an actor that throws is told of by its name) {
  self->send(watched([] { throw std::runtime_error("no"); }), 1);
  run();
  CAF_REQUIRE_EQUAL(lost.size(), 1u);
  CAF_CHECK(lost[0].find("the worker failed: ") == 0);
}

CAF_TEST(an actor that was told to end is no failure) {
  auto x = watched([] {});
  self->send_exit(x, caf::exit_reason::user_shutdown);
  run();
  CAF_CHECK(lost.empty());
}

CAF_TEST(the end of an unknown actor is not a failure) {
  watched([] {});
  run();
  CAF_CHECK(lost.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
