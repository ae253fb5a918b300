#pragma once

/// Checks whether a database's texts can be sent as UTF-8.

#include "actors/postgres/session.hpp"

namespace millrace::postgres {

/// Returns why the texts of the session's database can't be sent as UTF-8, and what to do. Returns an empty
/// text if they can. Errors are the server's.
result<std::string> encoding_trouble(session& db);

} // namespace millrace::postgres
