#pragma once

/// Where a database is, as people write it.

#include "actors/postgres/session.hpp"

namespace millrace::postgres {

/// Reads postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=...&sslrootcert=...]
/// or libpq's "host=... dbname=..."; what it doesn't say is as `defaults` has it.
/// An error (bad_setting) names what can't be used, never the password.
result<settings> settings_from_url(const std::string& url, settings defaults);

} // namespace millrace::postgres
