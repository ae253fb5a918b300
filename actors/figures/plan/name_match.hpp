#pragma once

/// Which names in Redis a figure's template could give.

#include "actors/figures/plan/plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Returns true if some row could give this name.
bool could_be(const name_template& by, const std::vector<output_column>& outputs, std::string_view name);

/// Returns the text before the first placeholder.
std::string literal_prefix(const name_template& by);

/// Returns true if the template has no placeholder.
bool is_literal(const name_template& by);

} // namespace millrace
