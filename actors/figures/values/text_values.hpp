#pragma once

/// Converts the text that PostgreSQL prints into the form that figures fold: the inverse of append_text
/// (actors/figures/values/text.hpp).

#include "actors/postgres/catalog.hpp"
#include "messages/error.hpp"
#include "messages/values.hpp"

#include <string_view>

namespace millrace {

/// Returns the value of a text that isn't NULL. The text is what the type's output function prints in a
/// pinned session (actors/postgres/session.hpp), as SELECT and COPY return it. A cast to text returns
/// a different text: it prints true for t, and drops the trailing spaces of char(n).
///
/// An error (bad_record) names the column. It reports a timestamp from 294247-01-10 04:00:54.775807
/// on, which the form can't hold, a text that isn't of the type, or a type that figures don't support.
result<value> value_from_text(std::string_view text, const postgres::column& of);

} // namespace millrace
