#define CAF_SUITE redis.glob
#include "actors/redis/glob.hpp"

#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

CAF_TEST(a text is its own pattern and that of no other) {
  auto c = must(redis::client::connect(shared_server().settings()));
  const std::vector<std::string> texts{"a*c", "a?c", "a[b]c", "a[^b]c", "a[a-c]c", "a\\c", "a-^]c", "abc"};
  for (auto& text : texts)
    must(c.call({"SET", text, "1"}));
  for (auto& text : texts) {
    auto found = must(c.call({"KEYS", redis::escaped_glob(text)})).list;
    CAF_REQUIRE_EQUAL(found.size(), 1u);
    CAF_CHECK_EQUAL(found[0].text, text);
  }
}
