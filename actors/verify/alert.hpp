#pragma once

/// Compares an alert's subjects with the rows of its query.

#include "actors/redis/client.hpp"
#include "actors/verify/compare.hpp"
#include "messages/flush.hpp"

#include <set>

namespace millrace::verify {

/// Returns the subjects at which query and ledger, or ledger and the set of those that fire, differ: a row
/// of the query is pending or firing, and what fires or recovers is in the set. `rows`: the subjects that the
/// query has. `ledger`: those of this alert.
std::vector<difference> compare_alert(const figure_plan& figure, const std::set<std::string>& rows,
                                      const std::map<std::string, alert_subject>& ledger,
                                      const std::set<std::string>& active);

/// Returns the name of the subject that a row of query_of() is; nullopt if a part of its key is NULL.
std::optional<std::string> subject_of(const figure_plan& figure, const text_row& row);

/// Returns the key of the set of the alert's subjects that fire.
std::string active_key(const figure_plan& figure);

} // namespace millrace::verify
