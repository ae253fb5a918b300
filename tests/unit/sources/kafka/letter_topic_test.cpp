#define CAF_SUITE kafka.letter_topic
#include "actors/sources/kafka/letter_topic.hpp"

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

const auto source = source_of(table_id{1}, partition_id{0});

new_letter letter(std::int64_t offset, const std::string& table) {
  return {source, position_of({offset}), table, "key", "payload", "not JSON", 99};
}

using counts = std::map<std::string, std::int64_t>;

} // namespace

CAF_TEST(letters are counted as they come and closed by table) {
  auto topic = test::fresh_name("letters");
  auto made = std::move(*producer::connect(here()));
  CAF_REQUIRE(made.create({{.name = topic, .partitions = 2, .config = {}}}, 60s));
  topics_by_source sources{{source, {"p.public.orders", {0}}}};
  letter_topic writes(here(), topic, sources), reads(here(), topic);
  CAF_REQUIRE(
      writes.put({letter(1, "public.orders"), letter(2, "public.orders"), letter(3, "public.items")}));
  auto first = reads.count();
  CAF_REQUIRE(first);
  CAF_CHECK(*first == (counts{{"public.orders", 2}, {"public.items", 1}}));
  CAF_REQUIRE(writes.put({letter(4, "public.orders")}));
  CAF_MESSAGE("what came after the count stays open");
  CAF_REQUIRE(reads.resolve_table("public.orders", "read again"));
  auto second = reads.count();
  CAF_REQUIRE(second);
  CAF_CHECK(*second == (counts{{"public.orders", 1}, {"public.items", 1}}));
  letter_topic fresh(here(), topic);
  auto open = fresh.open();
  CAF_REQUIRE(open);
  CAF_CHECK_EQUAL(open->size(), 2u);
  CAF_CHECK_EQUAL(open->count("p.public.orders/0/4"), 1u);
  CAF_CHECK(fresh.read("p.public.orders/0/4")->payload == "payload");
  CAF_CHECK_EQUAL(fresh.open()->size(), 2u);
}
