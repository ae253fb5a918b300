#define CAF_SUITE redis.outgoing
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using step = alert_change::step;

plan_set with_alert(const std::string& severity = "warning", const std::string& name = "big") {
  figure_plan x;
  x.name = name;
  x.place.what = target_kind::alert;
  x.place.alert = alert_rule{};
  x.place.alert->severity = severity;
  return one_table({x});
}

void flush(store_fixture& f, step what, const std::string& subject) {
  alert_change x;
  x.figure = figure_id{0};
  x.alert = "big";
  x.subject = subject;
  x.what = what;
  x.kept = what != step::resolves;
  x.now = x.event = {alert_subject::phase::firing, {100}, {100}, {"id", subject}};
  x.at = {what == step::resolves ? 130 : 100};
  auto next = f.next(f.claim(cell(0)));
  next.alerts = {x};
  next.alerts_known = {"big"};
  CAF_REQUIRE(must(f.store.flush({next}, tick_seconds{100})).verdict == flush_verdict::done);
}

std::string text_of(const redis::stream_event& x, const std::string& field) {
  for (std::size_t i = 0; i + 1 < x.fields.size(); i += 2)
    if (x.fields[i] == field)
      return x.fields[i + 1];
  return "(none)";
}

/// Confirms all that the receiver's position allows.
redis::outgoing_alerts take_all(store_fixture& f) {
  auto x = must(f.store.outgoing("hook", 100));
  must(f.store.confirm_alerts("hook", x.position, x.newest + " " + std::to_string(x.added), ""));
  return x;
}

} // namespace

CAF_TEST(without a stream there is nothing to send) {
  store_fixture f(with_alert());
  auto x = must(f.store.outgoing("hook", 100));
  CAF_CHECK_EQUAL(x.position, "");
  CAF_CHECK_EQUAL(x.newest, "0-0");
  CAF_CHECK_EQUAL(x.added, 0u);
  CAF_CHECK(x.next.empty());
  CAF_CHECK(must(f.store.active("big", "0")).events.empty());
}

CAF_TEST(events after the position are read in their order) {
  store_fixture f(with_alert());
  take_all(f);
  flush(f, step::fires, "7");
  flush(f, step::resolves, "7");
  auto x = must(f.store.outgoing("hook", 1));
  CAF_REQUIRE_EQUAL(x.next.size(), 1u);
  CAF_CHECK_EQUAL(text_of(x.next[0], "state"), "firing");
  CAF_CHECK_EQUAL(text_of(x.next[0], "alert_id"), "big:7:100");
  CAF_CHECK_EQUAL(x.added, 2u);
  must(f.store.confirm_alerts("hook", x.position, x.next[0].id + " 1", ""));
  x = must(f.store.outgoing("hook", 100));
  CAF_REQUIRE_EQUAL(x.next.size(), 1u);
  CAF_CHECK_EQUAL(text_of(x.next[0], "state"), "resolved");
  CAF_CHECK_EQUAL(x.newest, x.next[0].id);
  CAF_CHECK_EQUAL(must(f.store.outgoing("another", 100)).position, "");
}

CAF_TEST(a position is moved only from where it was found and in its ledger) {
  store_fixture f(with_alert());
  must(f.store.confirm_alerts("hook", "", "1-0 1", ""));
  auto moved = f.store.confirm_alerts("hook", "", "2-0 2", "");
  CAF_REQUIRE(!moved);
  CAF_CHECK(moved.why().code == errc::fenced);
  CAF_CHECK(!f.store.confirm_alerts("hook", "1-0 1", "2-0 2", "another incarnation"));
  CAF_CHECK_EQUAL(must(f.store.outgoing("hook", 1)).position, "1-0 1");
}

CAF_TEST(what fires is read from the subjects and their events) {
  store_fixture f(with_alert());
  for (auto* subject : {"7", "8", "9"})
    flush(f, step::fires, subject);
  flush(f, step::resolves, "8");
  std::set<std::string> keys;
  for (auto& x : must(f.store.active("big", "0")).events)
    keys.insert(text_of(x, "subject"));
  CAF_CHECK(keys == (std::set<std::string>{"7", "9"}));
  f.ask({"DEL", "alerts:active:big"});
  f.ask({"SET", "alerts:active:big", "another client's"});
  CAF_CHECK(!f.store.active("big", "0")); // an error isn't taken for an alert that has ended
}

CAF_TEST(an alert is resolved with the severity with which it fired) {
  store_fixture f(with_alert("critical"));
  take_all(f);
  flush(f, step::fires, "7");
  flush(f, step::fires, "8");
  f.plans_ = with_alert("info");
  f.store = f.open();
  flush(f, step::resolves, "7");
  f.plans_ = with_alert("info", "another"); // the alert is gone
  f.store = f.open();
  flush(f, step::resolves, "8");
  auto x = must(f.store.outgoing("hook", 100));
  CAF_REQUIRE_EQUAL(x.next.size(), 4u);
  for (auto& event : x.next)
    CAF_CHECK_EQUAL(text_of(event, "severity"), "critical");
}

CAF_TEST(silences and positions survive a wipe of the ledger) {
  store_fixture f(with_alert());
  must(f.store.set_silence("a", "text"));
  must(f.store.set_silence("b", "text"));
  must(f.store.set_silence("b", ""));
  must(f.store.confirm_alerts("hook", "", "1-0 1", ""));
  flush(f, step::fires, "7");
  must(f.store.wipe({cell(0)}, ""));
  CAF_CHECK(must(f.store.silences()) == (std::map<std::string, std::string>{{"a", "text"}}));
  CAF_CHECK_EQUAL(must(f.store.outgoing("hook", 1)).position, "1-0 1");
  CAF_CHECK(f.keys("millrace:shop:*")
            == (std::set<std::string>{"millrace:shop:silences", "millrace:shop:alerts_sent"}));
}
