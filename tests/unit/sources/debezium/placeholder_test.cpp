#define CAF_SUITE debezium.placeholder
#include "actors/sources/debezium/placeholder.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace::connect;

CAF_TEST(a connector keeps the placeholder that it has) {
  auto mine = fresh_placeholder();
  CAF_CHECK(own_placeholder(R"({"a":"b","unavailable.value.placeholder":")" + mine + "\"}") == mine);
}

CAF_TEST(two placeholders are never the same) { CAF_CHECK(fresh_placeholder() != fresh_placeholder()); }

CAF_TEST(a placeholder that everybody knows is not kept) {
  for (auto* config :
       {"", "[]", "{}", R"({"unavailable.value.placeholder":5})",
        R"({"unavailable.value.placeholder":"__debezium_unavailable_value"})",
        R"({"unavailable.value.placeholder":"__debezium_unavailable_value_1"})",
        R"({"unavailable.value.placeholder":"hex:5f5f646562657a69756d5f756e617661696c61626c655f7600"})"})
    CAF_CHECK(!own_placeholder(config));
}
