#define CAF_SUITE batch_scheduler.run
#include "actors/batch_scheduler/batch_run.hpp"
#include "tests/unit/batch_scheduler/fixture.hpp"
#include "tests/unit/postgres_server.hpp"

#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

postgres_server& database_server() {
  static auto one = postgres_server::start(15640);
  return *one;
}

/// Runs of batch figures on a private PostgreSQL and Redis.
struct run_fixture : batch_fixture {
  using batch_fixture::batch_fixture;

  batch_outcome run(const batch_order& order) {
    batch_run_settings how;
    how.plans = &plans_;
    how.database = [] { return postgres::session::open(database_server().settings()); };
    how.store = [this] { return result<redis::store>(open()); };
    how.statement_timeout = std::chrono::seconds{3};
    return run_batches(how, order);
  }

  /// Makes a complete run. Returns each figure's error.
  std::vector<std::string> make(std::int64_t now = 1000) {
    auto order = begin(now);
    auto outcome = run(order);
    must(store.step_batches(end_of(plans_, look(), outcome, now + 1)));
    std::vector<std::string> out;
    for (auto& x : outcome.results)
      out.push_back(x.why);
    return out;
  }
};

using texts = std::vector<std::string>;

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

} // namespace

CAF_TEST(a result is in Redis as PostgreSQL prints it) {
  auto json = batch_of_keys(target_kind::json, "j", "SELECT 1 AS id, 2.50 AS name, NULL::int AS none");
  json.outputs.push_back(output("none"));
  run_fixture f({batch("x", "SELECT i AS id, 1.0::numeric(5,2) AS name FROM generate_series(1, 2) i"), json});
  CAF_CHECK_EQUAL(f.make(), (texts{"", ""}));
  CAF_CHECK_EQUAL(f.text({"HGET", "x", "2"}), "1.00");
  CAF_CHECK_EQUAL(f.text({"HLEN", "x"}), "2");
  CAF_CHECK_EQUAL(f.text({"GET", "j:1"}), R"({"id":1,"name":2.50,"none":null})");
}

CAF_TEST(a large result is staged in chunks and complete) {
  run_fixture f({batch("x", "SELECT i AS id, repeat('a', 100) AS name FROM generate_series(1, 20000) i")});
  CAF_CHECK_EQUAL(f.make(), texts{""});
  CAF_CHECK_EQUAL(f.text({"HLEN", "x"}), "20000");
  CAF_CHECK(f.look().records.at("x").rows == 20'000u);
}

CAF_TEST(a row whose placeholder is NULL has no place and a NULL value is an absent field) {
  run_fixture f({batch("x", "SELECT * FROM (VALUES (1, 'a'), (NULL, 'b'), (3, NULL)) AS t (id, name)")});
  CAF_CHECK_EQUAL(f.make(), texts{""});
  CAF_CHECK_EQUAL(f.text({"HLEN", "x"}), "1");
}

CAF_TEST(a result with other columns than planned fails its figure) {
  run_fixture f({batch("x", "SELECT 1 AS id, 'old' AS name")});
  CAF_CHECK_EQUAL(f.make(), texts{""});
  for (auto other :
       {"SELECT 1 AS id, 'new' AS label", "SELECT 1 AS id", "SELECT 1 AS id, 'new' AS name, 2 AS more"}) {
    f.plans_.batches[0].sql = other;
    auto why = f.make(1060);
    CAF_CHECK(why[0].find("other columns") != std::string::npos);
    CAF_CHECK_EQUAL(f.text({"HGET", "x", "1"}), "old");
  }
}

CAF_TEST(a key of another client fails its figure and stays) {
  run_fixture f({batch("x"), batch("y")});
  f.ask({"SET", "x", "not ours"});
  f.make();
  CAF_CHECK_EQUAL(f.text({"GET", "x"}), "not ours");
  CAF_CHECK_EQUAL(f.text({"EXISTS", "y"}), "0"); // the scheduler repeats the step without x
}

CAF_TEST(colons of texts in a key are encoded) {
  auto x = batch_of_keys(target_kind::string, "x", "SELECT 'a:b%' AS id, 'v' AS name");
  x.outputs[0].type = postgres::column_type::text;
  run_fixture f({x});
  CAF_CHECK_EQUAL(f.make(), texts{""});
  CAF_CHECK_EQUAL(f.keys("x:*"), std::set<std::string>{"x:a%3Ab%25"});
}

CAF_TEST(a figure that fails keeps its last result and disturbs no other) {
  run_fixture f({batch("x", "SELECT 1 AS id, 'old' AS name"), batch("y", "SELECT 1 AS id, 'old' AS name")});
  CAF_CHECK_EQUAL(f.make(), (texts{"", ""}));
  f.plans_.batches[0].sql = "SELECT 1 AS id, (1 / (i - 500))::text AS name FROM generate_series(1, 1000) i";
  f.plans_.batches[1].sql = "SELECT 1 AS id, 'new' AS name";
  auto why = f.make(1060);
  CAF_CHECK_EQUAL(why[0], "PostgreSQL: division by zero");
  CAF_CHECK_EQUAL(why[1], "");
  CAF_CHECK_EQUAL(f.text({"HGET", "x", "1"}), "old");
  CAF_CHECK_EQUAL(f.text({"HGET", "y", "1"}), "new");
  auto kept = f.look();
  CAF_CHECK_EQUAL(kept.records.at("x").why, why[0]);
  CAF_CHECK_EQUAL(f.keys("millrace:shop:batch:*"),
                  (std::set<std::string>{"millrace:shop:batch:places:x", "millrace:shop:batch:places:y"}));
}

CAF_TEST(two rows for one place fail the figure by name of the place) {
  run_fixture f({batch("x", "SELECT 7 AS id, i::text AS name FROM generate_series(1, 2) i")});
  CAF_CHECK_EQUAL(f.make(), texts{"two rows of the result have one place: x, 7"});
  CAF_CHECK_EQUAL(f.text({"EXISTS", "x"}), "0");
}

CAF_TEST(a query that takes too long is ended by PostgreSQL) {
  run_fixture f({batch("x", "SELECT 1 AS id, pg_sleep(30)::text AS name"), batch("y")});
  auto why = f.make();
  CAF_CHECK(says(why[0], "statement timeout"));
  CAF_CHECK_EQUAL(why[1], "");
}

CAF_TEST(a query changes nothing and leaves no setting behind) {
  auto db = must(postgres::session::open(database_server().settings()));
  must(db.execute("CREATE SEQUENCE counted"));
  run_fixture f({batch("x", "SELECT 1 AS id, set_config('DateStyle', 'German', false) AS name"),
                 batch("y", "SELECT 1 AS id, DATE '2026-01-31' AS name"),
                 batch("z", "SELECT 1 AS id, nextval('counted')::text AS name")});
  auto why = f.make();
  CAF_CHECK_EQUAL(f.text({"HGET", "y", "1"}), "2026-01-31");
  CAF_CHECK(says(why[2], "read-only transaction"));
}

CAF_TEST(all figures of a run see one snapshot) {
  auto db = must(postgres::session::open(database_server().settings()));
  must(db.execute("CREATE TABLE seen (id int); INSERT INTO seen VALUES (1)"));
  // The first query waits until another session has inserted a row, or for a second.
  run_fixture f({batch("x", "SELECT count(*)::int AS id, pg_sleep(0.5)::text AS name FROM seen"),
                 batch("y", "SELECT count(*)::int AS id, 'y' AS name FROM seen")});
  auto order = f.begin();
  batch_outcome outcome;
  std::thread running([&] { outcome = f.run(order); });
  auto sleeping = [&] {
    auto rows = must(db.query_rows("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND "
                                   "pid <> pg_backend_pid() AND state = 'active'"));
    return rows.rows[0][0] != "0";
  };
  for (int i = 0; i < 500 && !sleeping(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  must(db.execute("INSERT INTO seen VALUES (2)"));
  running.join();
  must(f.store.step_batches(end_of(f.plans_, f.look(), outcome, 1001)));
  CAF_CHECK_EQUAL(f.text({"HEXISTS", "x", "1"}), "1");
  CAF_CHECK_EQUAL(f.text({"HEXISTS", "y", "1"}), "1");
  must(db.execute("DROP TABLE seen"));
}

CAF_TEST(a server that is away fails every figure) {
  run_fixture f({batch("x"), batch("y")});
  batch_run_settings how;
  how.plans = &f.plans_;
  how.database = []() -> result<postgres::session> { return error{errc::unavailable, "PostgreSQL is away"}; };
  how.store = [&f] { return result<redis::store>(f.open()); };
  auto outcome = run_batches(how, f.begin());
  CAF_REQUIRE_EQUAL(outcome.results.size(), 2u);
  CAF_CHECK_EQUAL(outcome.results[0].why, "PostgreSQL is away");
  CAF_CHECK_EQUAL(outcome.results[1].why, "PostgreSQL is away");
  CAF_CHECK_EQUAL(outcome.snapshot, "");
}

CAF_TEST(a run that lost the ledger says so and stages nothing more) {
  run_fixture f({batch("x"), batch("y")});
  auto order = f.begin();
  f.claim_all();
  auto outcome = f.run(order);
  CAF_CHECK(outcome.fenced);
  CAF_CHECK(f.keys("millrace:shop:batch:*").empty());
}
