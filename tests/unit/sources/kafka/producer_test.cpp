#define CAF_SUITE kafka.producer
#include "actors/sources/kafka/producer.hpp"

#include "broker.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::kafka;
using namespace std::chrono_literals;

namespace {

settings to(const std::string& address) {
  settings x;
  x.brokers = address;
  x.group = "test";
  return x;
}

} // namespace

CAF_TEST(an absent broker is named with the reason of the failure) {
  auto writer = std::move(*producer::connect(to("127.0.0.1:1")));
  auto topics = writer.topics(2s);
  CAF_REQUIRE(!topics);
  CAF_CHECK(topics.why().code == errc::unavailable);
  CAF_CHECK(topics.why().message.starts_with("Kafka at 127.0.0.1:1: listing topics: "));
  CAF_CHECK(topics.why().message.find("Connection refused") != std::string::npos);
}

CAF_TEST(a record arrives with its key - its headers and a null payload) {
  auto& address = test::kafka_broker();
  auto writer = std::move(*producer::connect(to(address)));
  auto topic = test::fresh_name("letters");
  CAF_REQUIRE(writer.create({{.name = topic, .partitions = 1, .config = {}}}, 60s));
  CAF_MESSAGE("creating it again is fine");
  CAF_REQUIRE(writer.create({{.name = topic, .partitions = 4, .config = {}}}, 60s));
  CAF_REQUIRE(writer.send({{topic, std::nullopt, "k", std::nullopt, {{"a", "1"}, {"b", ""}}},
                           {topic, std::nullopt, std::nullopt, "", {}}},
                          60s));
  auto reader = std::move(*consumer::connect(to(address)));
  CAF_REQUIRE(reader.assign({{{topic, {0}}, kafka_offset{0}}}));
  std::vector<record> got;
  auto until = std::chrono::steady_clock::now() + 30s;
  while (got.size() < 2 && std::chrono::steady_clock::now() < until)
    for (auto& batch : reader.poll(10, 50ms))
      got.insert(got.end(), batch.records.begin(), batch.records.end());
  CAF_REQUIRE_EQUAL(got.size(), 2u);
  CAF_CHECK(got[0].key == "k");
  CAF_CHECK(!got[0].payload);
  CAF_CHECK(headers_of(got[0]) == (header_list{{"a", "1"}, {"b", ""}}));
  CAF_CHECK(!got[1].key);
  CAF_CHECK(got[1].payload == "");
  CAF_CHECK(headers_of(got[1]).empty());
}

CAF_TEST(a key goes to the partition that the default partitioner of Java gives it) {
  auto& address = test::kafka_broker();
  auto writer = std::move(*producer::connect(to(address)));
  auto topic = test::fresh_name("keys");
  CAF_REQUIRE(writer.create({{.name = topic, .partitions = 16, .config = {}}}, 60s));
  // murmur2 as in Kafka's own UtilsTest: 21 -> -973932308, foobar -> -790332482,
  // a-little-bit-long-string -> -985981536; positive, modulo 16.
  std::map<std::string, int> expected{{"21", (-973932308 & 0x7fffffff) % 16},
                                      {"foobar", (-790332482 & 0x7fffffff) % 16},
                                      {"a-little-bit-long-string", (-985981536 & 0x7fffffff) % 16}};
  std::vector<outgoing> all;
  for (auto& [key, partition] : expected)
    all.push_back({topic, std::nullopt, key, "x", {}});
  CAF_REQUIRE(writer.send(all, 60s));
  auto reader = std::move(*consumer::connect(to(address)));
  for (auto& [key, partition] : expected) {
    auto ends = reader.bounds({topic, {partition}}, 10s);
    CAF_REQUIRE(ends);
    CAF_CHECK_EQUAL(ends->high.value, 1);
  }
}

CAF_TEST(an unacknowledged write is an error within its time) {
  auto writer = std::move(*producer::connect(to("127.0.0.1:1")));
  auto begin = std::chrono::steady_clock::now();
  auto sent = writer.send({{"letters", std::nullopt, "k", "v", {}}}, 300ms);
  CAF_REQUIRE(!sent);
  CAF_CHECK(sent.why().code == errc::unavailable);
  CAF_CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CAF_CHECK(!writer.create({{.name = "x", .partitions = 1, .config = {}}}, 300ms));
}

CAF_TEST(a record to a missing topic is refused) {
  auto& address = test::kafka_broker();
  auto writer = std::move(*producer::connect(to(address)));
  CAF_CHECK(!writer.send({{"no-such-topic", std::nullopt, "k", "v", {}}}, 5s));
}
