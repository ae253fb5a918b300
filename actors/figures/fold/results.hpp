#pragma once

/// A group's aggregates as PostgreSQL prints them.

#include "actors/figures/fold/predicates.hpp"
#include "actors/figures/fold/tally.hpp"

#include <optional>

namespace millrace {

/// Returns the aggregate's text. Returns nullopt for NULL.
std::optional<std::string> aggregate_text(const figure_plan& plan, const tally_layout& layout,
                                          const std::int64_t* words, std::size_t aggregate);

/// Appends the aggregate as row_to_json writes it. NULL is null.
void append_aggregate_json(std::string& out, const figure_plan& plan, const tally_layout& layout,
                           const std::int64_t* words, std::size_t aggregate);

/// Returns whether the result contains the group: it has rows, and HAVING is true.
bool is_shown(const figure_plan& plan, const tally_layout& layout, const std::int64_t* words);

} // namespace millrace
