#pragma once

/// Whether a database's texts can be carried: they travel as UTF-8.

#include "actors/postgres/session.hpp"

namespace millrace::postgres {

/// Returns why the texts of the session's database can't be carried, and what to
/// do; empty if they can. An error is the server's.
result<std::string> encoding_trouble(session& db);

} // namespace millrace::postgres
