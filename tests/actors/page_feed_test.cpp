#define CAF_SUITE actors.page_feed
#include "nodes/node/page_feed.hpp"

#include "caf/test/unit_test.hpp"

#include <nlohmann/json.hpp>

#include <future>
#include <vector>

using namespace millrace;

namespace {

constexpr std::chrono::seconds long_time{60};
constexpr const char* status =
    "{\n  \"events\": 7,\n  \"lag_ms\": 45,\n  \"router\": {\"waiting_bytes\": 9}\n}\n";

} // namespace

CAF_TEST(readers of one report share its text) {
  page_feed feed([] { return status; });
  auto one = feed.next(0, long_time), other = feed.next(0, long_time);
  CAF_REQUIRE(one && other && one->text);
  CAF_CHECK(one->number != other->number || one->text == other->text);
}

CAF_TEST(a report is one line) {
  page_feed feed([] { return status; });
  auto report = feed.next(0, long_time);
  CAF_REQUIRE(report && report->text);
  std::string text = *report->text;
  CAF_CHECK_EQUAL(text, R"({"events":7,"lag_ms":45,"router":{"waiting_bytes":9}})");
}

CAF_TEST(a reader waits for the report after the one that it has seen) {
  page_feed feed([] { return status; });
  auto seat = feed.enter();
  auto first = feed.next(0, long_time);
  CAF_REQUIRE(first);
  auto second = feed.next(first->number, long_time);
  CAF_REQUIRE(second);
  CAF_CHECK(second->number > first->number);
}

CAF_TEST(seats are limited and a seat that is left is free) {
  page_feed feed([] { return status; });
  std::vector<std::shared_ptr<page_feed::seat>> seats;
  for (std::size_t i = 0; i < page_feed::most_readers; ++i)
    seats.push_back(feed.enter());
  CAF_CHECK(seats.back() != nullptr);
  CAF_CHECK(feed.enter() == nullptr);
  seats.pop_back();
  CAF_CHECK(feed.enter() != nullptr);
}

CAF_TEST(the end of the feed ends the wait of a reader) {
  page_feed feed([] { return status; });
  auto seen = feed.next(0, long_time);
  CAF_REQUIRE(seen);
  auto waiting = std::async(std::launch::async, [&] { return feed.next(seen->number + 100, long_time); });
  feed.stop();
  CAF_REQUIRE(waiting.wait_for(std::chrono::seconds{30}) == std::future_status::ready);
  CAF_CHECK(!waiting.get());
  CAF_CHECK(feed.enter() == nullptr);
}

CAF_TEST(the last hour has a sample of the status and null where the node is not ready) {
  page_feed ready([] { return status; }), starting([] { return R"({"phase": "starting"})"; });
  ready.next(0, long_time);
  starting.next(0, long_time);
  auto samples = nlohmann::json::parse(ready.history()), none = nlohmann::json::parse(starting.history());
  CAF_CHECK(samples["events"][0] == 7);
  CAF_CHECK(samples["lag_ms"][0] == 45);
  CAF_CHECK(samples["waiting_bytes"][0] == 9);
  CAF_CHECK(samples["at"][0] <= samples["now"]);
  CAF_CHECK(none["events"][0].is_null());
}
