#define CAF_SUITE redis.followers
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// One figure with these options of its target line.
template <class Set>
plan_set with_target(Set set) {
  figure_plan x;
  set(x.place);
  return one_table({x});
}

/// Returns the stream's entries: "op=set key=k value=1", the fields that these tests compare.
std::vector<std::string> entries(store_fixture& f, const std::string& stream) {
  std::vector<std::string> out;
  for (auto& entry : f.ask({"XRANGE", stream, "-", "+"}).list) {
    std::string line;
    auto& fields = entry.list.at(1).list;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
      if (fields[i].text != "as_of")
        line += (line.empty() ? "" : " ") + fields[i].text + "=" + fields[i + 1].text;
    out.push_back(line);
  }
  return out;
}

using lines = std::vector<std::string>;

alert_change change(alert_change::step what, const std::string& subject, std::int64_t at, bool kept = true) {
  alert_change out;
  out.alert = "big";
  out.subject = subject;
  out.what = what;
  out.kept = kept;
  out.now = out.event = {alert_subject::phase::firing, {at}, {100}, {"id", subject, "total", "12.50"}};
  out.at = {at};
  return out;
}

/// All that the cell knows follows.
alert_change anew() {
  alert_change out;
  out.kept = false;
  return out;
}

void flush_alerts(store_fixture& f, std::vector<alert_change> changes) {
  auto flush = f.next(f.claim(cell(0)));
  flush.alerts = std::move(changes);
  flush.alerts_known = {"big"};
  CAF_REQUIRE(must(f.store.flush({flush}, tick_seconds{100})).verdict == flush_verdict::done);
}

plan_set with_alert() {
  figure_plan x;
  x.name = "big";
  x.place.what = target_kind::alert;
  x.place.alert = alert_rule{};
  x.place.ttl_seconds = 60;
  return one_table({x});
}

} // namespace

CAF_TEST(each change of a place is an entry with the value before) {
  store_fixture f(with_target([](auto& x) { x.events = "feed", x.events_maxlen = 1000; }));
  f.apply({write(write_kind::set, "text", {"1"}), write(write_kind::hset, "hash", {"f", "1", "g", "2"}),
           write(write_kind::zadd, "zset", {"0.5", "m"})});
  CAF_CHECK(entries(f, "feed")
            == (lines{"op=set key=text value=1", "op=set key=hash field=f value=1",
                      "op=set key=hash field=g value=2", "op=set key=zset field=m value=0.5"}));
  f.ask({"DEL", "feed"});
  f.apply({write(write_kind::del, "text"), write(write_kind::hset, "hash", {"f", "1", "g", "3"}),
           write(write_kind::zadd, "zset", {"0.50", "m"})});
  CAF_CHECK(entries(f, "feed") == (lines{"op=del key=text old=1", "op=set key=hash field=g value=3 old=2"}));
  f.ask({"DEL", "feed"});
  f.apply({write(write_kind::hdel, "hash", {"f"}), write(write_kind::zrem, "zset", {"m"})});
  CAF_CHECK(entries(f, "feed")
            == (lines{"op=del key=hash field=f old=1", "op=del key=zset field=m old=0.5"}));
}

CAF_TEST(changes of one place within a flush follow each other) {
  store_fixture f(with_target([](auto& x) { x.events = "feed", x.events_maxlen = 1000; }));
  f.ask({"SET", "millrace:shop:staged:text", "1"});
  f.apply(
      {write(write_kind::unstage, "text", {"millrace:shop:staged:text"}), write(write_kind::del, "text")});
  CAF_CHECK(entries(f, "feed") == (lines{"op=set key=text value=1", "op=del key=text old=1"}));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "text"}), "0");
}

CAF_TEST(places that a fill shows say that they are the first) {
  store_fixture f(with_target([](auto& x) { x.events = "feed", x.events_maxlen = 1000; }));
  f.apply({write(write_kind::set, "millrace:shop:staged:text", {"1"})});
  CAF_CHECK(entries(f, "feed").empty());
  auto flush = f.next(f.claim(cell(0)));
  flush.opened = {figure_id{0}};
  flush.output.writes = {write(write_kind::unstage, "text", {"millrace:shop:staged:text"})};
  must(f.store.flush({flush}, tick_seconds{100}));
  CAF_CHECK(entries(f, "feed") == (lines{"op=set key=text value=1 first=1"}));
}

CAF_TEST(a stream keeps about as many entries as it says) {
  store_fixture f(with_target([](auto& x) { x.events = "feed", x.events_maxlen = 10; }));
  for (int i = 0; i < 300; ++i)
    f.apply({write(write_kind::set, "text", {std::to_string(i)})});
  CAF_CHECK_LESS(f.ask({"XLEN", "feed"}).integer, 150);
}

CAF_TEST(a key in the way of a stream fails its figure and stops nothing) {
  store_fixture f(with_target([](auto& x) { x.events = "feed", x.events_maxlen = 10; }));
  f.ask({"SET", "feed", "not ours"});
  auto outcome = f.apply({write(write_kind::set, "text", {"1"})});
  CAF_CHECK_EQUAL(outcome.failed.count(figure_id{0}), 1u);
  CAF_CHECK_EQUAL(f.text({"GET", "text"}), "1");
}

CAF_TEST(the newest place is copied and follows its original) {
  store_fixture f(with_target([](auto& x) { x.newest = "m:latest"; }));
  f.apply({write(write_kind::hset, "m:2026", {"a", "1"}), write(write_kind::hset, "m:2025", {"a", "2"})});
  CAF_CHECK_EQUAL(f.text({"HGET", "m:latest", "a"}), "1");
  f.apply({write(write_kind::hset, "m:2025", {"a", "3"})});
  CAF_CHECK_EQUAL(f.text({"HGET", "m:latest", "a"}), "1");
  f.apply({write(write_kind::hset, "m:2026", {"b", "4"}, 100)});
  CAF_CHECK_EQUAL(f.text({"HGET", "m:latest", "b"}), "4");
  CAF_CHECK_GREATER(f.ask({"TTL", "m:latest"}).integer, 90);
  f.apply({write(write_kind::hdel, "m:2026", {"a", "b"})});
  CAF_CHECK_EQUAL(f.text({"HGET", "m:latest", "a"}), "3");
  f.apply({write(write_kind::hdel, "m:2025", {"a"})});
  CAF_CHECK_EQUAL(f.text({"EXISTS", "m:latest"}), "0");
}

CAF_TEST(a list of places that lost some has its figures filled again) {
  store_fixture f(with_target([](auto& x) { x.newest = "m:latest"; }));
  f.apply({write(write_kind::set, "m:2025", {"old"}), write(write_kind::set, "m:2026", {"new"})});
  CAF_CHECK(must(f.store.inspect({})).refill.empty());
  f.ask({"DEL", "millrace:shop:newest:m:latest"});
  f.apply({write(write_kind::set, "m:2024", {"older"})});
  CAF_CHECK(must(f.store.inspect({})).refill == (lines{"figure0"}));
}

CAF_TEST(an original that expired makes way for the next) {
  store_fixture f(with_target([](auto& x) { x.newest = "m:latest"; }));
  f.apply({write(write_kind::set, "m:2025", {"old"}), write(write_kind::set, "m:2026", {"new"})});
  f.ask({"DEL", "m:2026"});
  f.apply({write(write_kind::set, "m:2024", {"older"})});
  CAF_CHECK_EQUAL(f.text({"GET", "m:latest"}), "old");
}

CAF_TEST(an event is a hash and an entry and the subject is active until it is resolved) {
  store_fixture f(with_alert());
  flush_alerts(f, {change(alert_change::step::fires, "7", 100)});
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "state"}), "firing");
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "total"}), "12.50");
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "alert_id"}), "big:7:100");
  CAF_CHECK_EQUAL(f.text({"TTL", "alerts:big:7"}), "-1");
  CAF_CHECK_EQUAL(f.text({"SISMEMBER", "alerts:active:big", "7"}), "1");
  CAF_CHECK_EQUAL(f.text({"GET", "alerts:count:big"}), "1");
  flush_alerts(f, {change(alert_change::step::resolves, "7", 130, false)});
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "state"}), "resolved");
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "alert_id"}), "big:7:100");
  CAF_CHECK_EQUAL(f.text({"HGET", "alerts:big:7", "alert_end"}), "130");
  CAF_CHECK_GREATER(f.ask({"TTL", "alerts:big:7"}).integer, 50);
  CAF_CHECK_EQUAL(f.text({"EXISTS", "alerts:active:big"}), "0");
  CAF_CHECK_EQUAL(f.text({"XLEN", "alerts:stream"}), "2");
  CAF_CHECK(f.claim(cell(0)).alerts.empty());
}

CAF_TEST(an adopted subject is active without an event) {
  store_fixture f(with_alert());
  flush_alerts(f, {change(alert_change::step::adopts, "7", 100)});
  CAF_CHECK_EQUAL(f.text({"SISMEMBER", "alerts:active:big", "7"}), "1");
  CAF_CHECK_EQUAL(f.text({"EXISTS", "alerts:stream", "alerts:count:big"}), "0");
}

CAF_TEST(a claim returns the subjects and the alerts that are declared) {
  store_fixture f(with_alert());
  auto pending = change(alert_change::step::notes, "a:b\n", 100);
  pending.now = {alert_subject::phase::pending, {90}, {0}, {"id", "x"}};
  flush_alerts(f, {pending});
  auto ledger = f.claim(cell(0));
  CAF_CHECK(ledger.alerts_known == (lines{"big"}));
  CAF_REQUIRE_EQUAL(ledger.alerts.size(), 1u);
  auto& [who, x] = *ledger.alerts.begin();
  CAF_CHECK(who == std::pair(std::string("big"), std::string("a:b\n")));
  CAF_CHECK(x.what == alert_subject::phase::pending && x.since == tick_seconds{90});
  CAF_CHECK(x.columns == (lines{"id", "x"}));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "alerts:big:a:b\n"}), "0"); // nothing has happened yet
}

CAF_TEST(subjects that another client deleted are found) {
  store_fixture f(with_alert());
  flush_alerts(f, {change(alert_change::step::fires, "7", 100)});
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken.empty());
  f.ask({"HDEL", "millrace:shop:alert:0:0", std::string("big\0", 4) + "7"});
  CAF_CHECK_EQUAL(must(f.store.inspect({cell(0)})).broken.size(), 1u);
  auto ledger = f.claim(cell(0));
  CAF_CHECK(ledger.alerts.empty() && ledger.alerts_known.empty());
  auto masked = f.next(ledger);
  masked.alerts = {change(alert_change::step::notes, "8", 100)};
  CAF_CHECK_EQUAL(must(f.store.flush({masked}, tick_seconds{100})).broken.size(), 1u);
  CAF_CHECK_EQUAL(must(f.store.inspect({cell(0)})).broken.size(), 1u); // until the cell writes all of them
  auto whole = f.next(f.claim(cell(0)));
  whole.alerts = {change(alert_change::step::notes, "7", 100), change(alert_change::step::notes, "8", 100)};
  whole.alerts_known = {"big"};
  whole.alerts.insert(whole.alerts.begin(), anew());
  CAF_CHECK(must(f.store.flush({whole}, tick_seconds{100})).broken.empty());
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken.empty());
  f.ask({"SET", "millrace:shop:alert:0:0", "not ours"});
  CAF_CHECK(f.claim(cell(0)).alerts.empty());
  auto again = f.next(f.claim(cell(0)));
  again.alerts = {change(alert_change::step::notes, "7", 100)};
  again.alerts_known = {"big"};
  again.alerts.insert(again.alerts.begin(), anew());
  must(f.store.flush({again}, tick_seconds{100}));
  CAF_CHECK(must(f.store.inspect({cell(0)})).broken.empty());
}

CAF_TEST(a flush that is stale tells no event) {
  store_fixture f(with_alert());
  auto flush = f.next(f.claim(cell(0)));
  flush.number += 1;
  flush.alerts = {change(alert_change::step::fires, "7", 100)};
  CAF_CHECK(must(f.store.flush({flush}, tick_seconds{100})).verdict == flush_verdict::stale);
  CAF_CHECK_EQUAL(f.text({"EXISTS", "alerts:stream", "alerts:big:7"}), "0");
}

CAF_TEST(the ledger keeps the ticks that a cell shows) {
  store_fixture f;
  auto flush = f.next(f.claim(cell(0)));
  flush.span = {tick_seconds{100}, tick_seconds{107}};
  must(f.store.flush({flush}, tick_seconds{100}));
  CAF_CHECK(f.claim(cell(0)).tick == tick_seconds{100});
  auto spans = must(f.store.spans({cell(0), cell(1)}));
  CAF_CHECK(spans.at(0).next == tick_seconds{107});
  CAF_CHECK(spans.at(1).tick == tick_seconds{0});
}
