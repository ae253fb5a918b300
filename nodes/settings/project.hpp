#pragma once

/// What the verbs for a user's own project share: its names in PostgreSQL, and what the database lacks.

#include "actors/project/preparation.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Returns the project's names from the settings.
project::names names_of(const settings& how);

/// Returns whether the roles can log in with the passwords of the settings. Both are false if the server
/// doesn't answer; other code reports that.
project::logins try_logins(const settings& how);

/// Returns the settings of a session with Debezium's role.
postgres::settings as_debezium(const settings& how);

} // namespace millrace
