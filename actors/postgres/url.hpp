#pragma once

/// The address of a database, as users write it.

#include "actors/postgres/session.hpp"

namespace millrace::postgres {

/// Parses postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=...&sslrootcert=...] or libpq's
/// "host=... dbname=...". Parts that are absent come from `defaults`. An error (bad_setting) names the
/// part that can't be used, never the password.
result<settings> settings_from_url(const std::string& url, settings defaults);

} // namespace millrace::postgres
