#define CAF_SUITE kafka.once_writer
#include "actors/sources/kafka/once_writer.hpp"

#include "broker.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;
using namespace std::chrono_literals;

namespace {

settings here() {
  settings x;
  x.brokers = test::kafka_broker();
  x.group = "test";
  return x;
}

outgoing event(const std::string& id) { return {"", std::nullopt, "key " + id, "text " + id, {{"id", id}}}; }

std::vector<std::string> committed(const std::string& topic) {
  auto reader = std::move(*consumer::connect(here()));
  auto end = reader.bounds({topic, {0}}, 30s)->high;
  CAF_REQUIRE(reader.assign({{{topic, {0}}, kafka_offset{0}}}));
  std::vector<std::string> out;
  auto next = kafka_offset{0};
  auto until = std::chrono::steady_clock::now() + 30s;
  while (next < end && std::chrono::steady_clock::now() < until)
    for (auto& batch : reader.poll(100, 50ms)) {
      for (auto& one : batch.records)
        out.emplace_back(*one.payload);
      next = batch.next;
    }
  return out;
}

once_writer writer_of(const std::string& topic) { return once_writer({here(), topic, topic + ".writer"}); }

using texts = std::vector<std::string>;

} // namespace

CAF_TEST(a batch that is given again is written once also by the next writer) {
  auto topic = test::fresh_name("once");
  auto first = writer_of(topic);
  CAF_REQUIRE(first.write({event("1"), event("2")}, 60s));
  CAF_REQUIRE(first.write({event("1"), event("2")}, 60s));
  auto second = writer_of(topic);
  CAF_REQUIRE(second.write({event("2"), event("3")}, 60s));
  CAF_CHECK_EQUAL(committed(topic), (texts{"text 1", "text 2", "text 3"}));
}

CAF_TEST(a writer whose place another one took is told and takes over again) {
  auto topic = test::fresh_name("once");
  auto first = writer_of(topic), second = writer_of(topic);
  CAF_REQUIRE(first.write({event("1")}, 60s));
  CAF_REQUIRE(second.write({event("2")}, 60s));
  auto late = first.write({event("3")}, 60s);
  CAF_REQUIRE(!late);
  CAF_CHECK(late.why().code == errc::fenced);
  CAF_REQUIRE(second.write({event("4")}, 60s) || second.write({event("4")}, 60s));
  CAF_REQUIRE(first.write({event("3")}, 60s));
  CAF_CHECK_EQUAL(committed(topic), (texts{"text 1", "text 2", "text 4", "text 3"}));
}

CAF_TEST(an absent broker is named) {
  settings nowhere;
  nowhere.brokers = "127.0.0.1:1";
  once_writer one({nowhere, "events", "w"});
  auto failed = one.write({event("1")}, 2s);
  CAF_REQUIRE(!failed);
  CAF_CHECK(failed.why().code == errc::unavailable);
  CAF_CHECK(failed.why().message.find("127.0.0.1:1") != std::string::npos);
}
