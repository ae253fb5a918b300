#include "nodes/settings/project.hpp"

namespace millrace {

project::names names_of(const settings& how) {
  auto or_owner = [&](const std::string& x) { return x.empty() ? how.owner.user : x; };
  return {how.project, how.owner.own_schema, how.slot(), or_owner(how.postgres.user),
          or_owner(how.debezium_user)};
}

postgres::settings as_debezium(const settings& how) {
  auto out = how.owner;
  if (!how.debezium_user.empty()) {
    out.user = how.debezium_user;
    out.password = how.debezium_password;
  }
  return out;
}

project::logins try_logins(const settings& how) {
  project::logins out;
  out.node = postgres::session::open(how.postgres).operator bool();
  out.debezium = postgres::session::open(as_debezium(how)).operator bool();
  return out;
}

} // namespace millrace
