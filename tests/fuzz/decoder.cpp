/// Whatever stands in a change topic: a record is a change, a tombstone or a refusal in words, never an
/// exception or a crash, and what was decoded crosses to its cell as it is.

#include "messages/rows.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/unit/sources/debezium/recorded_events.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

struct table_decoder {
  explicit table_decoder(const postgres::table& of) : plans(plans_of(of)), it(plans, table_id{0}) {}
  plan_set plans;
  debezium_decoder it;
};

std::vector<std::unique_ptr<table_decoder>>& decoders() {
  static auto out = [] {
    std::vector<std::unique_ptr<table_decoder>> all;
    for (auto& [_, table] : recorded_tables())
      all.push_back(std::make_unique<table_decoder>(table));
    return all;
  }();
  return out;
}

void cross(const row& x) {
  row back;
  unpack(pack(x), back);
  fuzz::holds(back == x, "a row crosses as it is");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in(bytes, size);
  auto& one = *decoders()[in.below(decoders().size())];
  auto has_key = in.below(4) > 0;
  auto key = in.text();
  auto payload = in.rest();
  auto change = one.it.decode(has_key ? std::optional<std::string_view>(key) : std::nullopt, payload,
                              [] { return std::optional<std::string>("placeholder"); });
  stamp_of(payload);
  if (!change)
    fuzz::holds(!change.why().message.empty(), "a refusal says why");
  else if (*change && (*change)->after)
    cross(*(*change)->after);
  return 0;
}
