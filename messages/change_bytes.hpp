#pragma once

/// Changes as bytes, for the way between nodes: one text instead of eight fields
/// each. In the machine's own byte order: nodes of another build refuse each other,
/// and all that Millrace runs on are little-endian.

#include "messages/delivery.hpp"

#include <string_view>

namespace millrace {

std::string to_bytes(const std::vector<change>& x);

/// Returns the changes; nullopt: these bytes aren't any.
std::optional<std::vector<change>> changes_from(std::string_view bytes);

} // namespace millrace
