#define CAF_SUITE actors.alert_sender
#include "actors/alert_sender/alert_sender_actor.hpp"

#include "tests/actors/fakes.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// What a fake courier was asked, and the promises of the rounds that it hasn't ended.
struct courier_script {
  std::vector<bool> rounds; ///< whether each was the first since the node leads
  std::vector<caf::typed_response_promise<receiver_report>> open;
};

/// A courier that ends its last round when it is told the report.
caf::behavior fake_courier(caf::event_based_actor* self, std::shared_ptr<courier_script> script) {
  return {
      [=](atom::run, bool fresh) -> caf::result<receiver_report> {
        script->rounds.push_back(fresh);
        script->open.push_back(self->make_response_promise<receiver_report>());
        return script->open.back();
      },
      [=](atom::tick, const receiver_report& x) { script->open.back().deliver(x); },
  };
}

/// A sender with two receivers.
struct fixture : test_coordinator_fixture<message_config> {
  std::vector<std::shared_ptr<courier_script>> scripts;
  std::vector<caf::actor> couriers;
  alert_sender_actor sender;

  fixture() {
    alert_sender_settings how;
    for (auto* name : {"alertmanager", "webhook"}) {
      scripts.push_back(std::make_shared<courier_script>());
      couriers.push_back(sys.spawn(fake_courier, scripts.back()));
      how.receivers.push_back({name, "http://h:80", caf::actor_cast<alert_courier_actor>(couriers.back())});
    }
    how.now = [] { return std::int64_t{1000}; };
    sender = sys.spawn(alert_sender, how);
    settle();
  }
  ~fixture() override { // it would tick for ever
    self->send_exit(sender, caf::exit_reason::kill);
    for (auto& x : couriers)
      self->send_exit(x, caf::exit_reason::kill);
    settle();
  }

  void settle() {
    while (sched.try_run_once()) {
    }
  }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      advance_time(std::chrono::seconds{1});
      settle();
    }
  }
  void lead(bool x) {
    self->send(sender, atom::lead_v, x);
    settle();
    pass(1);
  }
  /// Ends the courier's last round: it has sent so many events.
  void end(std::size_t which, std::uint64_t sent) {
    receiver_report x;
    x.name = "ended";
    x.sent = sent;
    self->send(couriers[which], atom::tick_v, x);
    settle();
  }
  sender_report status() {
    sender_report out;
    auto asked = self->request(sender, caf::infinite, atom::status_v);
    settle();
    asked.receive([&](sender_report& x) { out = std::move(x); }, [](caf::error&) {});
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(alert_sender_tests, fixture)

CAF_TEST(a node that does not lead sends nothing and names its receivers) {
  pass(60);
  CAF_CHECK(scripts[0]->rounds.empty());
  auto x = status();
  CAF_CHECK(!x.leads);
  CAF_REQUIRE_EQUAL(x.receivers.size(), 2u);
  CAF_CHECK_EQUAL(std::string(x.receivers[1].name), "webhook");
}

CAF_TEST(a courier gets its next round when the last one has ended) {
  lead(true);
  pass(5);
  CAF_CHECK(scripts[0]->rounds == std::vector<bool>{true});
  end(0, 3);
  pass(1);
  CAF_CHECK(scripts[0]->rounds == (std::vector<bool>{true, false}));
  CAF_CHECK_EQUAL(status().receivers[0].sent, 3u);
}

CAF_TEST(a receiver that does not answer holds up neither the other nor the status) {
  lead(true);
  for (int i = 0; i < 10; ++i) {
    end(1, 1);
    pass(1);
  }
  CAF_CHECK_EQUAL(scripts[0]->rounds.size(), 1u);
  CAF_CHECK_EQUAL(scripts[1]->rounds.size(), 11u);
  CAF_CHECK_EQUAL(status().receivers[1].sent, 1u);
}

CAF_TEST(a round that does not end is told and no other begins before its end) {
  lead(true);
  pass(125);
  CAF_CHECK_EQUAL(scripts[0]->rounds.size(), 1u);
  auto stuck = status().receivers[0];
  CAF_CHECK_EQUAL(std::string{stuck.trouble}, "a round doesn't end");
  CAF_CHECK_EQUAL(std::int64_t{stuck.since}, 1000 - 120);
  end(0, 3);
  CAF_CHECK(status().receivers[0].trouble.empty());
  pass(1);
  CAF_CHECK_EQUAL(scripts[0]->rounds.size(), 2u);
}

CAF_TEST(a node that no longer leads forgets its rounds and starts over) {
  lead(true);
  lead(false);
  end(0, 3);
  CAF_CHECK_EQUAL(status().receivers[0].sent, 0u);
  pass(10);
  CAF_CHECK_EQUAL(scripts[0]->rounds.size(), 1u);
  lead(true);
  CAF_CHECK(scripts[0]->rounds == (std::vector<bool>{true, true}));
}

CAF_TEST_FIXTURE_SCOPE_END()
