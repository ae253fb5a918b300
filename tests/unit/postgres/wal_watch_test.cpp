#define CAF_SUITE postgres.wal_watch
#include "actors/postgres/wal_watch.hpp"

#include "tests/unit/postgres_server.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class Condition>
bool soon(Condition is) {
  auto until = std::chrono::steady_clock::now() + 30s;
  while (!is() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  return is();
}

} // namespace

CAF_TEST(an answer is the end of the WAL after its question) {
  auto server = test::postgres_server::start(15640);
  postgres::wal_watch watch(server->settings());
  CAF_CHECK_EQUAL(watch.known().value, 0u);
  auto db = std::move(*postgres::session::open(server->settings()));
  for (int i = 0; i < 20; ++i) {
    auto written = *db.emit_marker("test");
    auto question = watch.ask();
    CAF_REQUIRE(soon([&] { return watch.answer(question).has_value(); }));
    CAF_CHECK_GREATER_OR_EQUAL(watch.answer(question)->value, written.value);
    CAF_CHECK(*watch.answer(question) == watch.known());
  }
  CAF_CHECK(!watch.answer(watch.ask() + 1));
}

CAF_TEST(another server at the address is not believed) {
  auto server = test::postgres_server::start(15640);
  postgres::wal_watch watch(server->settings(), "1");
  auto question = watch.ask();
  CAF_REQUIRE(soon([&] { return !watch.trouble().empty(); }));
  CAF_CHECK(watch.trouble().find("another database cluster") != std::string::npos);
  CAF_CHECK(!watch.answer(question));
}

CAF_TEST(without a server there is no answer and a reason and then there is one) {
  auto server = test::postgres_server::start(15640);
  auto there = server->settings();
  postgres::wal_watch watch(there);
  CAF_REQUIRE(soon([&, first = watch.ask()] { return watch.answer(first).has_value(); }));
  server->stop();
  auto question = watch.ask();
  auto port = std::to_string(there.port);
  CAF_REQUIRE(soon([&] { return watch.trouble().find(port) != std::string::npos; }));
  CAF_CHECK(!watch.answer(question));
}
