#define CAF_SUITE postgres.url
#include "actors/postgres/url.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

CAF_TEST(a url gives address database user password and sslmode) {
  auto x = postgres::settings_from_url(
      "postgresql://joe:p%40ss%2F@db.example:5433/my%20db?sslmode=verify-full&sslrootcert=/ca.pem", {});
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->host, "db.example");
  CAF_CHECK_EQUAL(x->port, 5433);
  CAF_CHECK_EQUAL(x->database, "my db");
  CAF_CHECK_EQUAL(x->user, "joe");
  CAF_CHECK_EQUAL(x->password, "p@ss/");
  CAF_CHECK_EQUAL(x->sslmode, "verify-full");
  CAF_CHECK_EQUAL(x->sslrootcert, "/ca.pem");
}

CAF_TEST(what cannot be used is named and the password is not ) {
  for (auto url : {"postgresql://joe:hunter2@h/db?options=-c", "postgresql://joe:hunter2@a,b/db",
                   "mysql://joe:hunter2@h/db", "postgresql://joe:hunter2@h/db?nonsense=hunter2"}) {
    auto x = postgres::settings_from_url(url, {});
    CAF_REQUIRE(!x);
    CAF_CHECK(x.why().code == errc::bad_setting);
    CAF_CHECK(x.why().message.find("hunter2") == std::string::npos);
  }
}

CAF_TEST(a url without a user or a database is refused) {
  CAF_CHECK(!postgres::settings_from_url("postgresql://joe@h", {}));
  CAF_CHECK(!postgres::settings_from_url("postgresql://h/db", {}));
}
