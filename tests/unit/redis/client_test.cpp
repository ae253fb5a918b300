#define CAF_SUITE redis.client
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Makes a user with a password for the time of a test.
struct with_user {
  explicit with_user(std::string rights) : raw(must(redis::client::connect(shared_server().settings()))) {
    must(raw.call({"ACL", "SETUSER", "somebody", "reset", "on", ">secret", "~*", "&*", std::move(rights)}));
  }
  ~with_user() { (void)raw.call({"ACL", "DELUSER", "somebody"}); }
  redis::client raw;
};

redis::settings somebody(std::string password) {
  auto how = shared_server().settings();
  how.user = "somebody";
  how.password = std::move(password);
  return how;
}

} // namespace

CAF_TEST(replies of every kind come back) {
  auto c = must(redis::client::connect(shared_server().settings()));
  CAF_CHECK(must(c.call({"GET", "absent"})).what == redis::reply::kind::nil);
  CAF_CHECK_EQUAL(must(c.call({"INCR", "n"})).integer, 1);
  CAF_CHECK_EQUAL(must(c.call({"SET", "k", std::string("a\0b", 3)})).text, "OK");
  CAF_CHECK_EQUAL(must(c.call({"GET", "k"})).text, std::string("a\0b", 3));
  auto list = must(c.call({"MGET", "k", "absent"}));
  CAF_REQUIRE_EQUAL(list.list.size(), 2u);
  CAF_CHECK(list.list[1].what == redis::reply::kind::nil);
  CAF_CHECK(must(c.call({"INCR", "k"})).failed());
}

CAF_TEST(a pipeline answers in order and continues after an error reply) {
  auto c = must(redis::client::connect(shared_server().settings()));
  auto all = must(c.pipeline({{"SET", "k", "text"}, {"INCR", "k"}, {"GET", "k"}}));
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  CAF_CHECK(all[1].failed());
  CAF_CHECK_EQUAL(all[2].text, "text");
}

CAF_TEST(a wrong password is denied and not shown) {
  with_user user("+@all");
  auto wrong = redis::client::connect(somebody("hunter2"));
  CAF_REQUIRE(!wrong);
  CAF_CHECK(wrong.why().code == errc::denied);
  CAF_CHECK_EQUAL(wrong.why().message.find("hunter2"), std::string::npos);
  CAF_CHECK(redis::client::connect(somebody("secret")));
}

CAF_TEST(a missing password is denied) {
  auto c = must(redis::client::connect(shared_server().settings()));
  must(c.call({"CONFIG", "SET", "requirepass", "secret"}));
  redis::settings how;
  how.port = std::stoi(must(c.call({"CONFIG", "GET", "port"})).list.at(1).text);
  auto refused = redis::client::connect(how);
  how.password = "secret";
  CAF_CHECK(redis::client::connect(how));
  must(c.call({"CONFIG", "SET", "requirepass", ""}));
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::denied);
}

CAF_TEST(a user without the right to run functions is denied) {
  with_user user("+ping");
  auto made = redis::store::open(must(redis::client::connect(somebody("secret"))), "shop", one_table());
  CAF_REQUIRE(!made);
  CAF_CHECK(made.why().code == errc::denied);
}

CAF_TEST(a database of another number is selected and one that is not there is refused) {
  auto how = shared_server().settings();
  how.database = 3;
  auto c = must(redis::client::connect(how));
  must(c.call({"SET", "k", "3"}));
  auto zero = must(redis::client::connect(shared_server().settings()));
  how.database = 99;
  auto refused = redis::client::connect(how);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::bad_setting);
}

CAF_TEST(a Redis that is not there is unavailable) {
  redis::settings how;
  how.port = 1;
  auto refused = redis::client::connect(how);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::unavailable);
}

CAF_TEST(a server that dies between two calls is unavailable and the call after its return connects) {
  redis_server server(15664);
  auto c = must(redis::client::connect(server.settings()));
  must(c.call({"SET", "k", "1"}));
  server.kill();
  CAF_CHECK(c.call({"GET", "k"}).why().code == errc::unavailable);
  CAF_CHECK(c.pipeline({{"GET", "k"}, {"GET", "k"}}).why().code == errc::unavailable);
  server.start();
  CAF_CHECK_EQUAL(must(c.call({"GET", "k"})).text, "1");
}

CAF_TEST(a flush to a frozen server is unavailable in time and is stale or fenced when sent again) {
  redis_server server(15664);
  store_fixture f(one_table({figure_plan{}}), server);
  auto how = server.settings();
  how.timeout = std::chrono::milliseconds(2000);
  auto store = must(redis::store::open(must(redis::client::connect(how)), "shop", f.plans_));
  auto flush = f.next(f.claim(cell(0)));
  flush.output.counts = {{table_id{0}, 'c', 1}};
  server.freeze();
  auto unanswered = store.flush({flush}, tick_seconds{0});
  server.thaw();
  CAF_REQUIRE(!unanswered);
  CAF_CHECK(unanswered.why().code == errc::unavailable);
  // The server has it in its socket and applies it before anything sent later to that socket's successor.
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (f.text({"GET", "cdc:stats:total"}) == "(nil)" && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  auto again = store.flush({flush}, tick_seconds{0});
  CAF_REQUIRE(again);
  CAF_CHECK(again->verdict == flush_verdict::stale);
  CAF_CHECK_EQUAL(f.text({"GET", "cdc:stats:total"}), "1");
}
