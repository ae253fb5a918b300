#pragma once

/// What the verbs about a project of one's own share: its names in PostgreSQL,
/// and what the database lacks for it.

#include "actors/project/preparation.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Returns the names that the settings give a project.
project::names names_of(const settings& how);

/// Tells whether the roles get in with the passwords of the settings. A server
/// that doesn't answer lets nobody in, and is told elsewhere.
project::logins try_logins(const settings& how);

/// A role's session: the node's, or Debezium's.
postgres::settings as_debezium(const settings& how);

} // namespace millrace
