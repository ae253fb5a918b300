#include "actors/postgres/url.hpp"

#include <libpq-fe.h>

#include <charconv>

namespace millrace::postgres {

namespace {

struct options_deleter {
  void operator()(PQconninfoOption* x) const { PQconninfoFree(x); }
};

constexpr auto form = "postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=...&sslrootcert=FILE]";

result<void> take(settings& to, const std::string& name, const std::string& value) {
  if (name == "host" || name == "hostaddr")
    to.host = value;
  else if (name == "dbname")
    to.database = value;
  else if (name == "user")
    to.user = value;
  else if (name == "password")
    to.password = value;
  else if (name == "sslmode")
    to.sslmode = value;
  else if (name == "sslrootcert")
    to.sslrootcert = value;
  else if (name == "port") {
    auto* end = value.data() + value.size();
    if (auto [at, failed] = std::from_chars(value.data(), end, to.port); failed != std::errc{} || at != end)
      return error{errc::bad_setting, "the database's URL has the port " + value + ", which isn't a port"};
  } else if (name != "application_name" && name != "connect_timeout" && name != "client_encoding"
             && name != "fallback_application_name")
    return error{errc::bad_setting,
                 "the database's URL says " + name
                     + ", which Millrace doesn't pass on: sslmode and sslrootcert are what "
                       "it knows beside the address"};
  return {};
}

} // namespace

result<settings> settings_from_url(const std::string& url, settings defaults) {
  char* why = nullptr;
  std::unique_ptr<PQconninfoOption, options_deleter> options(PQconninfoParse(url.c_str(), &why));
  PQfreemem(why); // not printed: it may contain the password
  if (!options)
    return error{errc::bad_setting, std::string("this isn't a PostgreSQL URL; write ") + form};
  for (auto* x = options.get(); x->keyword; ++x)
    if (x->val)
      if (auto taken = take(defaults, x->keyword, x->val); !taken)
        return taken.why();
  if (defaults.host.find(',') != std::string::npos)
    return error{errc::bad_setting,
                 "the database's URL names several hosts: a slot is on one of them, the primary"};
  if (defaults.user.empty() || defaults.database.empty())
    return error{errc::bad_setting, std::string("the database's URL lacks the ")
                                        + (defaults.user.empty() ? "user" : "database") + "; write " + form};
  return defaults;
}

} // namespace millrace::postgres
