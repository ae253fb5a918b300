#pragma once

/// PostgreSQL's own text of a value -> the form that figures fold. The inverse
/// of append_text (actors/figures/values/text.hpp).

#include "actors/postgres/catalog.hpp"
#include "messages/error.hpp"
#include "messages/values.hpp"

#include <string_view>

namespace millrace {

/// Returns the value of a text that isn't NULL's: what the type's output function
/// prints in a pinned session (actors/postgres/session.hpp), as SELECT and COPY
/// give it. A cast to text is another text: it says true for t, and drops the
/// spaces of char(n).
///
/// An error (bad_record) names the column: a timestamp from
/// 294247-01-10 04:00:54.775807 on, which the form can't hold, a text that isn't
/// the type's, or a type that figures don't know.
result<value> value_from_text(std::string_view text, const postgres::column& of);

} // namespace millrace
