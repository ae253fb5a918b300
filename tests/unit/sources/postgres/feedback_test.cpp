#define CAF_SUITE postgres_stream.feedback
#include "actors/sources/postgres/feedback.hpp"

#include "actors/sources/postgres/replication_frame.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace std::chrono_literals;

namespace {

constexpr feedback::time_point start{100s};

wal_position at(std::uint64_t commit, std::uint64_t place) { return {lsn{commit}, lsn{place}}; }

feedback fresh() { return feedback(1000ms, start); }

} // namespace

CAF_TEST(a durable transaction is confirmed to its end) {
  auto x = fresh();
  x.read_to(at(200, 210));
  x.durable_to(at(100, 110));
  CAF_CHECK_EQUAL(x.confirmed().value, 110u);
}

CAF_TEST(half a transaction confirms only those before it) {
  auto x = fresh();
  x.read_to(at(200, 210));
  x.durable_to(at(200, 150));
  CAF_CHECK_EQUAL(x.confirmed().value, 200u);
}

CAF_TEST(a quiet server is confirmed as far as it has come) {
  auto x = fresh();
  x.read_to(at(100, 110));
  x.quiet_at(lsn{500});
  CAF_CHECK(x.reached() == at(500, 0));
  CAF_CHECK_EQUAL(x.confirmed().value, 0u);
  x.durable_to(at(100, 110));
  CAF_CHECK_EQUAL(x.confirmed().value, 500u);
}

CAF_TEST(a quiet server is confirmed as far as was said if nothing else is wanted) {
  feedback x(1000ms, start, false);
  x.read_to(at(100, 110));
  x.durable_to(at(100, 110));
  x.quiet_at(lsn{500});
  CAF_CHECK(x.reached() == at(500, 0));
  CAF_CHECK_EQUAL(x.confirmed().value, 110u);
  x.durable_to(at(500, 0));
  CAF_CHECK_EQUAL(x.confirmed().value, 500u);
}

CAF_TEST(within a transaction what the server said before does not count) {
  auto x = fresh();
  x.quiet_at(lsn{120});
  x.read_to(at(200, 150));
  x.durable_to(at(200, 150));
  CAF_CHECK(x.reached() == at(200, 150));
  CAF_CHECK_EQUAL(x.confirmed().value, 200u);
}

CAF_TEST(what is confirmed never goes back) {
  auto x = fresh();
  x.read_to(at(100, 110));
  x.durable_to(at(100, 110));
  x.quiet_at(lsn{500});
  CAF_CHECK_EQUAL(x.confirmed().value, 500u);
  x.read_to(at(600, 610));
  x.durable_to(at(90, 95));
  CAF_CHECK_EQUAL(x.confirmed().value, 500u);
}

CAF_TEST(a status is due by the clock and at once when asked) {
  auto x = fresh();
  CAF_CHECK(!x.due(start + 999ms));
  CAF_CHECK(x.due(start + 1000ms));
  x.want();
  CAF_CHECK(x.due(start));
  x.sent(start + 10ms);
  CAF_CHECK(!x.due(start + 1000ms));
  CAF_CHECK(x.next() == start + 1010ms);
}

CAF_TEST(frames are read or are errors) {
  std::string data = "w" + std::string(7, '\0') + "\5" + std::string(16, '\0') + "B";
  auto got = read_frame(data);
  CAF_REQUIRE(got);
  CAF_REQUIRE(std::holds_alternative<wal_data>(*got));
  CAF_CHECK_EQUAL(std::get<wal_data>(*got).at.value, 5u);
  CAF_CHECK_EQUAL(std::string(std::get<wal_data>(*got).content), "B");
  std::string alive = "k" + std::string(7, '\0') + "\6" + std::string(8, '\0') + "\1";
  auto said = read_frame(alive);
  CAF_REQUIRE(said);
  CAF_CHECK_EQUAL(std::get<keepalive>(*said).sent.value, 6u);
  CAF_CHECK(std::get<keepalive>(*said).wants_reply);
  CAF_CHECK_EQUAL(std::string{read_frame(alive.substr(0, 12)).why().message},
                  "keepalive at byte 9: it needs 8 bytes, and has 3");
  CAF_CHECK_EQUAL(std::string{read_frame(alive + "x").why().message},
                  "keepalive at byte 18: it goes on for 1 bytes after its end");
  CAF_CHECK(!read_frame("z"));
  CAF_CHECK(!read_frame(""));
}

CAF_TEST(a status update says the same three times) {
  auto epoch = std::chrono::sys_days(std::chrono::year{2000} / 1 / 1);
  auto got = status_update(lsn{0x0102}, epoch, true);
  std::string number = std::string(6, '\0') + "\1\2";
  CAF_CHECK_EQUAL(got, "r" + number + number + number + std::string(8, '\0') + "\1");
}
