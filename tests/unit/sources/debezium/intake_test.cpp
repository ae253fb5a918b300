#define CAF_SUITE debezium.intake
#include "actors/sources/debezium/intake.hpp"

#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr auto key = R"({"id":1})";

/// A record of customers at an LSN; its name is text, or of a type that no text column has.
std::string customer(std::uint64_t at, const std::string& name) {
  return R"({"op":"c","before":null,"after":{"id":1,"name":)" + name
         + R"(,"state":"NY"},"source":{"schema":"public","table":"customers","lsn":)" + std::to_string(at)
         + R"(,"txId":1,"snapshot":"false"}})";
}

/// Returns why records were refused by a ledger that was created at `birth`.
std::vector<std::string> refused(lsn birth, const std::vector<std::string>& payloads) {
  auto& plans = small_shop();
  auto found = std::find_if(plans.tables.begin(), plans.tables.end(),
                            [](auto& x) { return x.table.name == "customers"; });
  table_intake intake(plans, table_id{static_cast<std::uint16_t>(found - plans.tables.begin())}, 4, {},
                      birth);
  kafka::record_batch batch;
  batch.from = {"p.public.customers", partition_id{0}};
  for (auto& x : payloads) {
    kafka::record one;
    one.offset = batch.next;
    one.key = key;
    one.payload = x;
    batch.records.push_back(one);
    ++batch.next.value;
  }
  kafka::last_record reading;
  std::vector<std::string> out;
  for (auto& x : intake.take(batch, false, reading).bad)
    out.push_back(std::to_string(x.at.high));
  return out;
}

using offsets = std::vector<std::string>;

} // namespace

CAF_TEST(a record that can not be decoded is a bad one) {
  CAF_CHECK(refused({}, {customer(5, "\"Ann\""), customer(6, "{}"), "no JSON"}) == (offsets{"1", "2"}));
}

CAF_TEST(a record that is older than the ledger is no bad one) {
  std::vector<std::string> records{customer(9, "{}"), customer(10, "{}"), customer(11, "{}"), "no JSON"};
  CAF_CHECK(refused(lsn{10}, records) == (offsets{"2", "3"}));
}

CAF_TEST(a record without an LSN is a bad one whatever the age of the ledger) {
  CAF_CHECK(refused(lsn{10}, {R"({"op":"c","after":{"id":1,"name":{}},"source":{}})"}) == (offsets{"0"}));
}
