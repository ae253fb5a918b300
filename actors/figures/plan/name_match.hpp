#pragma once

/// Which Redis names a figure's template can produce.

#include "actors/figures/plan/plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Returns whether some row could produce this name.
bool could_be(const name_template& by, const std::vector<output_column>& outputs, std::string_view name);

/// Returns the text before the first placeholder.
std::string literal_prefix(const name_template& by);

/// Returns whether the template has no placeholder.
bool is_literal(const name_template& by);

} // namespace millrace
