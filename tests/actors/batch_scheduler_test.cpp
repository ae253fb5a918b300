#define CAF_SUITE actors.batch_scheduler
#include "actors/batch_scheduler/batch_scheduler_actor.hpp"

#include "tests/actors/fakes.hpp"

#include <algorithm>

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// What the fake worker was ordered, and the promises of the runs that it hasn't ended.
struct worker_script {
  std::vector<batch_order> orders;
  std::vector<caf::typed_response_promise<batch_outcome>> open;
};

/// A worker that ends its last run when it is told the outcome: a promise is kept within its actor.
caf::behavior fake_worker(caf::event_based_actor* self, std::shared_ptr<worker_script> script) {
  return {
      [=](atom::run, const batch_order& x) -> caf::result<batch_outcome> {
        script->orders.push_back(x);
        script->open.push_back(self->make_response_promise<batch_outcome>());
        return script->open.back();
      },
      [=](atom::tick, const batch_outcome& x) { script->open.back().deliver(x); },
  };
}

/// A scheduler with a ledger in memory, which fences as Redis does, and a clock that the test moves.
struct fixture : test_coordinator_fixture<message_config> {
  plan_set plans;
  redis::batch_ledger ledger;
  std::vector<redis::batch_step> steps;
  std::int64_t now = 1020;
  bool away = false;
  std::shared_ptr<worker_script> worker = std::make_shared<worker_script>();
  caf::actor works;
  batch_scheduler_actor scheduler;

  fixture() {
    batch_plan x;
    x.name = "x";
    x.every_seconds = 60;
    x.version = 1;
    plans.batches = {x};
    works = sys.spawn(fake_worker, worker);
    batch_scheduler_settings how;
    how.plans = &plans;
    how.worker = caf::actor_cast<batch_worker_actor>(works);
    how.now = [this] { return now; };
    how.ledger.look = [this]() -> result<redis::batch_ledger> {
      return away ? result<redis::batch_ledger>(error{errc::unavailable, "Redis is away"}) : ledger;
    };
    how.ledger.claim = [this](const std::string& token) {
      ledger.token = token;
      return result<void>();
    };
    how.ledger.step = [this](const redis::batch_step& x) { return take(x); };
    scheduler = sys.spawn(batch_scheduler, how);
    settle();
  }
  ~fixture() override { // it would tick for ever
    self->send_exit(scheduler, caf::exit_reason::kill);
    self->send_exit(works, caf::exit_reason::kill);
    settle();
  }

  result<std::optional<redis::batch_refusal>> take(const redis::batch_step& x) {
    if (x.token != ledger.token || x.number != ledger.number)
      return redis::fenced_batch();
    steps.push_back(x);
    ledger.number = x.next_number;
    ledger.running = x.running;
    for (auto& [name, record] : x.records)
      ledger.records[name] = record;
    for (auto& name : x.answered)
      ledger.requested.erase(name);
    return std::optional<redis::batch_refusal>();
  }
  void settle() {
    while (sched.try_run_once()) {
    }
  }
  void pass(std::int64_t seconds) {
    for (std::int64_t i = 0; i < seconds; ++i) {
      ++now;
      advance_time(std::chrono::seconds{1});
      settle();
    }
  }
  void lead(bool x = true) {
    self->send(scheduler, atom::lead_v, x);
    settle();
    pass(1);
  }
  /// Ends the worker's last run.
  void end(const std::string& why = {}) {
    auto& order = worker->orders.back();
    self->send(works, atom::tick_v, batch_outcome{order.number, "snapshot", {{0, 3, 10, why}}});
    settle();
  }
  scheduler_report status() {
    scheduler_report out;
    auto asked = self->request(scheduler, caf::infinite, atom::status_v);
    settle();
    asked.receive([&](scheduler_report& x) { out = std::move(x); }, [](caf::error&) {});
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(batch_scheduler_tests, fixture)

CAF_TEST(a node that does not lead starts no run) {
  pass(120);
  CAF_CHECK(worker->orders.empty());
  CAF_CHECK(ledger.token.empty());
  CAF_CHECK(!status().leads);
}

CAF_TEST(a leader runs a figure at once and then at its times) {
  lead();
  CAF_REQUIRE_EQUAL(worker->orders.size(), 1u);
  CAF_CHECK_EQUAL(worker->orders[0].token, ledger.token);
  CAF_CHECK_EQUAL(std::string(status().batches.at(0).state), "runs");
  end();
  CAF_CHECK(!ledger.running);
  CAF_CHECK_EQUAL(ledger.records["x"].succeeded, now);
  CAF_CHECK_EQUAL(std::string(status().batches.at(0).state), "waits");
  pass(58);
  CAF_CHECK_EQUAL(worker->orders.size(), 1u);
  pass(2);
  CAF_CHECK_EQUAL(worker->orders.size(), 2u);
}

CAF_TEST(a run that overruns delays the next and the times between are missed) {
  lead();
  pass(200);
  CAF_CHECK_EQUAL(worker->orders.size(), 1u);
  end();
  pass(1);
  CAF_REQUIRE_EQUAL(worker->orders.size(), 2u);
  CAF_CHECK_EQUAL(ledger.records["x"].missed, 2u); // 1080 and 1140; 1200 runs late
  CAF_CHECK_EQUAL(steps.back().history.size(), 1u);
}

CAF_TEST(a failed figure is tried again with pauses) {
  lead();
  end("PostgreSQL: division by zero");
  auto x = status().batches.at(0);
  CAF_CHECK_EQUAL(x.state, "failed");
  CAF_CHECK(x.why.find("PostgreSQL: division by zero") == 0);
  pass(1);
  CAF_CHECK_EQUAL(worker->orders.size(), 2u);
  end("PostgreSQL: division by zero");
  pass(1);
  CAF_CHECK_EQUAL(worker->orders.size(), 2u);
  pass(1);
  CAF_CHECK_EQUAL(worker->orders.size(), 3u);
  end();
  CAF_CHECK_EQUAL(std::string(status().batches.at(0).state), "waits");
}

CAF_TEST(a node that takes the lead ends the run of the dead one and tries again) {
  ledger.token = "of the dead";
  ledger.number = 5;
  ledger.running = redis::batch_running{5, 1020, {"x"}};
  redis::batch_record begun;
  begun.version = 1;
  begun.slot = 1020;
  begun.failures = 1;
  begun.ended = 1020;
  ledger.records["x"] = begun;
  lead();
  CAF_REQUIRE(!steps.empty());
  CAF_CHECK_EQUAL(steps[0].dropped, std::vector<std::string>{"x"});
  CAF_CHECK(steps[0].history.at(0).find("interrupted") != std::string::npos);
  pass(2);
  CAF_REQUIRE_EQUAL(worker->orders.size(), 1u);
  CAF_CHECK_EQUAL(worker->orders[0].number, 6u);
}

CAF_TEST(a node that lost the lead ends no run) {
  lead();
  auto before = steps.size();
  lead(false);
  end();
  CAF_CHECK_EQUAL(steps.size(), before);
  CAF_CHECK(ledger.running);
}

CAF_TEST(a node that was fenced claims again and counts its run as interrupted) {
  lead();
  ledger.token = "another";
  end();
  pass(2);
  CAF_CHECK(ledger.token != "another");
  CAF_CHECK(!ledger.running || ledger.running->number > 1);
  auto told = std::any_of(steps.begin(), steps.end(), [](auto& x) {
    return !x.history.empty() && x.history[0].find("interrupted") != std::string::npos;
  });
  CAF_CHECK(told);
}

CAF_TEST(a request is answered by a run) {
  lead();
  end();
  ledger.requested = {"x"};
  pass(1);
  CAF_CHECK_EQUAL(worker->orders.size(), 2u);
  CAF_CHECK(ledger.requested.empty());
}

CAF_TEST(while Redis is away nothing runs and a run that ended meanwhile is recorded later) {
  lead();
  away = true;
  end();
  pass(3);
  CAF_CHECK(ledger.running);
  CAF_CHECK_EQUAL(std::string(status().trouble), "Redis is away");
  away = false;
  pass(1);
  CAF_CHECK(!ledger.running);
  CAF_CHECK_EQUAL(ledger.records["x"].rows, 3u);
  CAF_CHECK_EQUAL(std::string(status().trouble), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
