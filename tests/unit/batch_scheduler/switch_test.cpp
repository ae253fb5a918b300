#define CAF_SUITE batch_scheduler.switch
#include "tests/unit/batch_scheduler/fixture.hpp"

#include <atomic>
#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;
using redis::batch_form;
using redis::batch_row;

namespace {

batch_row member(std::string key, std::string name, std::string text) {
  return {{std::move(key), std::move(name)}, {{"", std::move(text)}}};
}
batch_row value(std::string key, std::string text) { return {{std::move(key), ""}, {{"", std::move(text)}}}; }
batch_row nothing(std::string key, std::string name = "") { return {{std::move(key), std::move(name)}, {}}; }

bool is_fenced(const auto& x) { return !x && x.why().code == errc::fenced; }

} // namespace

CAF_TEST(a staged result is invisible until the run ends) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  CAF_CHECK(!must(f.store.stage_batch(f.rows(run, batch_form::field, {member("x", "1", "a")}))));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "x"}), "0");
  CAF_CHECK(!must(f.end(run)));
  CAF_CHECK_EQUAL(f.text({"HGET", "x", "1"}), "a");
  CAF_CHECK_EQUAL(f.keys("millrace:shop:batch:*"), std::set<std::string>{"millrace:shop:batch:places:x"});
}

CAF_TEST(the next result replaces every place of the last one) {
  batch_fixture f({batch_of_keys(target_kind::string, "x")});
  auto run = f.begin();
  must(f.store.stage_batch(f.rows(run, batch_form::value, {value("x:1", "a"), value("x:2", "b")})));
  must(f.end(run));
  CAF_CHECK_EQUAL(f.keys("x:*"), (std::set<std::string>{"x:1", "x:2"}));
  run = f.begin(1060);
  must(f.store.stage_batch(f.rows(run, batch_form::value, {value("x:2", "c"), nothing("x:3")})));
  must(f.end(run, 1061));
  CAF_CHECK_EQUAL(f.keys("x:*"), std::set<std::string>{"x:2"});
  CAF_CHECK_EQUAL(f.text({"GET", "x:2"}), "c");
  run = f.begin(1120);
  must(f.end(run, 1121)); // an empty result
  CAF_CHECK(f.keys("x:*").empty());
}

CAF_TEST(a reader never sees a part of a result) {
  batch_fixture f({batch_of_keys(target_kind::string, "x")});
  constexpr int places = 3000;
  std::atomic<bool> done = false;
  std::atomic<int> mixed = 0, looks = 0;
  auto store_result = [&](std::int64_t now, const std::string& text) {
    auto run = f.begin(now);
    std::vector<batch_row> rows;
    for (int i = 0; i < places; ++i)
      rows.push_back(value("x:" + std::to_string(i), text));
    must(f.store.stage_batch(f.rows(run, batch_form::value, std::move(rows))));
    must(f.end(run, now + 1));
  };
  store_result(1000, "0");
  std::thread reader([&] {
    auto eyes = must(redis::client::connect(f.server.settings()));
    redis::command mget{"MGET"};
    for (int i = 0; i < places; ++i)
      mget.push_back("x:" + std::to_string(i));
    while (!done) {
      auto seen = must(eyes.call(mget));
      ++looks;
      for (auto& x : seen.list)
        mixed += x.text != seen.list[0].text || x.what == redis::reply::kind::nil ? 1 : 0;
    }
  });
  for (int i = 1; i <= 10 || looks < 20; ++i)
    store_result(1000 + 60 * i, std::to_string(i));
  done = true;
  reader.join();
  CAF_CHECK_EQUAL(mixed.load(), 0);
}

CAF_TEST(two rows for one place are found in every form) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  auto stage = [&](batch_form form, std::vector<batch_row> rows) {
    return must(f.store.stage_batch(f.rows(run, form, std::move(rows))));
  };
  CAF_CHECK(!stage(batch_form::field, {member("f", "1", "a"), member("f", "2", "a")}));
  CAF_CHECK((stage(batch_form::field, {member("f", "1", "b")}) == redis::batch_place{"f", "1"}));
  CAF_CHECK((stage(batch_form::field, {nothing("f", "2")}) == redis::batch_place{"f", "2"}));
  CAF_CHECK(!stage(batch_form::field, {nothing("f", "3")}));
  CAF_CHECK((stage(batch_form::field, {nothing("f", "3")}) == redis::batch_place{"f", "3"}));
  CAF_CHECK((stage(batch_form::field, {member("f", "3", "a")}) == redis::batch_place{"f", "3"}));
  CAF_CHECK(
      (stage(batch_form::field, {nothing("f", "4"), member("f", "4", "a")}) == redis::batch_place{"f", "4"}));
  CAF_CHECK((stage(batch_form::zset, {member("z", "m", "1"), member("z", "m", "2")})
             == redis::batch_place{"z", "m"}));
  CAF_CHECK((stage(batch_form::value, {value("v", "1"), nothing("v")}) == redis::batch_place{"v", ""}));
  CAF_CHECK(
      (stage(batch_form::hash, {nothing("h"), {{"h", ""}, {{"a", "1"}}}}) == redis::batch_place{"h", ""}));
}

CAF_TEST(all forms are shown as they are staged) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  must(f.store.stage_batch(f.rows(run, batch_form::hash, {{{"h", ""}, {{"a", "1"}, {"b", "2"}}}})));
  must(f.store.stage_batch(f.rows(run, batch_form::zset, {member("z", "m", "2.5"), nothing("z", "n")})));
  must(f.end(run));
  CAF_CHECK_EQUAL(f.text({"HGET", "h", "b"}), "2");
  CAF_CHECK_EQUAL(f.text({"HLEN", "h"}), "2");
  CAF_CHECK_EQUAL(f.text({"ZSCORE", "z", "m"}), "2.5");
  CAF_CHECK_EQUAL(f.text({"ZCARD", "z"}), "1");
}

CAF_TEST(a scheduler that lost the ledger changes nothing) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  must(f.store.stage_batch(f.rows(run, batch_form::field, {member("x", "1", "a")})));
  f.claim_all(); // another node
  CAF_CHECK(is_fenced(f.store.stage_batch(f.rows(run, batch_form::field, {member("x", "2", "a")}))));
  CAF_CHECK(is_fenced(f.end(run)));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "x"}), "0");
  // The new one ends the run as interrupted, and deletes what it had staged.
  auto have = f.look();
  CAF_REQUIRE(have.running);
  must(f.store.step_batches(interrupted(have, 1002)));
  CAF_CHECK(f.keys("millrace:shop:batch:*").empty());
  CAF_CHECK_EQUAL(f.text({"GET", "batch_jobs:failed"}), "1");
  CAF_CHECK(f.text({"LINDEX", "batch_jobs:history", "0"}).find("\"interrupted\"") != std::string::npos);
  CAF_CHECK(!f.look().running);
}

CAF_TEST(a run that ended does not end again) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  must(f.end(run));
  CAF_CHECK(is_fenced(f.end(run))); // the first answer was lost
  f.begin(1060);
  auto have = f.look();
  have.number = run.number;
  CAF_CHECK(is_fenced(f.store.step_batches(end_of(f.plans_, have, {run.number, "", {}}, 1070))));
  CAF_CHECK_EQUAL(f.text({"GET", "batch_jobs:completed"}), "1");
}

CAF_TEST(a run is recorded while it runs and after it) {
  batch_fixture f({batch("x")});
  auto run = f.begin();
  CAF_CHECK(f.text({"GET", "batch_jobs:current"}).find("\"x\"") != std::string::npos);
  must(f.end(run));
  CAF_CHECK_EQUAL(f.text({"EXISTS", "batch_jobs:current"}), "0");
  CAF_CHECK_EQUAL(f.text({"GET", "batch_jobs:completed"}), "1");
  CAF_CHECK_EQUAL(f.text({"GET", "batch_jobs:last_duration"}), "0.005");
  CAF_CHECK_EQUAL(f.text({"GET", "batch_jobs:last_success"}), "1970-01-01T00:16:41Z");
  auto recorded = f.look();
  CAF_CHECK_EQUAL(recorded.records.at("x").snapshot, "2026-01-01T00:00:00.000000Z");
  for (int i = 0; i < 120; ++i)
    must(f.end(f.begin(1060 + 60 * i), 1061 + 60 * i));
  CAF_CHECK_EQUAL(f.text({"LLEN", "batch_jobs:history"}), "100");
}

CAF_TEST(a retired figure loses its places and its record) {
  batch_fixture f({batch_of_keys(target_kind::string, "x"), batch_of_keys(target_kind::string, "y")});
  auto run = f.begin();
  must(f.store.stage_batch(f.rows(run, batch_form::value, {value("x:1", "a")}, 0)));
  must(f.store.stage_batch(f.rows(run, batch_form::value, {value("y:1", "a")}, 1)));
  must(f.end(run));
  run = f.begin(1060);
  must(f.store.stage_batch(f.rows(run, batch_form::value, {value("x:2", "a")}, 0)));
  must(f.store.retire_batches({&f.plans_.batches[0]}, ""));
  CAF_CHECK(f.keys("x:*").empty());
  CAF_CHECK_EQUAL(f.keys("y:*"), std::set<std::string>{"y:1"});
  CAF_CHECK(!f.look().records.contains("x"));
  CAF_CHECK(f.look().records.contains("y"));
  CAF_CHECK(is_fenced(f.end(run, 1061)));
  CAF_CHECK(f.keys("x:*").empty());
}

CAF_TEST(a result that this user may not write is refused and nothing is written) {
  batch_fixture f({batch("x"), batch("y")});
  f.ask({"ACL", "SETUSER", "node", "on", "nopass", "+@all", "~millrace:*", "~batch_jobs:*", "~x", "&*"});
  auto how = f.server.settings();
  how.user = "node";
  how.password = "any";
  auto run = f.begin();
  must(f.store.stage_batch(f.rows(run, batch_form::field, {member("x", "1", "a")}, 0)));
  must(f.store.stage_batch(f.rows(run, batch_form::field, {member("y", "1", "a")}, 1)));
  f.store = must(redis::store::open(must(redis::client::connect(how)), "shop", f.plans_));
  auto refused = must(f.end(run));
  CAF_REQUIRE(refused);
  CAF_CHECK_EQUAL(refused->figure, "y");
  CAF_CHECK_EQUAL(f.text({"EXISTS", "x"}), "0");
  CAF_CHECK(f.look().running);
}
