#define CAF_SUITE redis.url
#include "actors/redis/url.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

CAF_TEST(a url gives address user password and database) {
  auto x = redis::settings_from_url("redis://joe:p%40ss@cache.example:6380/3");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->host, "cache.example");
  CAF_CHECK_EQUAL(x->port, 6380);
  CAF_CHECK_EQUAL(x->user, "joe");
  CAF_CHECK_EQUAL(x->password, "p@ss");
  CAF_CHECK_EQUAL(x->database, 3);
}

CAF_TEST(port user and database may be left out) {
  auto x = redis::settings_from_url("redis://:secret@[::1]");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->host, "::1");
  CAF_CHECK_EQUAL(x->port, 6379);
  CAF_CHECK_EQUAL(x->user, "");
  CAF_CHECK_EQUAL(x->password, "secret");
}

CAF_TEST(a user without a password has it from elsewhere) {
  auto x = redis::settings_from_url("redis://joe@cache.example/3");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->user, "joe");
  CAF_CHECK_EQUAL(x->password, "");
  CAF_CHECK_EQUAL(x->database, 3);
}

CAF_TEST(another scheme is refused without showing the password) {
  for (auto url : {"rediss://joe:hunter2@h", "http://joe:hunter2@h", "redis://joe:hunter2@h:99999"}) {
    auto x = redis::settings_from_url(url);
    CAF_REQUIRE(!x);
    CAF_CHECK(x.why().message.find("hunter2") == std::string::npos);
  }
}
