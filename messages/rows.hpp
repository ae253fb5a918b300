#pragma once

/// Rows packed as msgpack: how they travel, rest in a cell, and are logged.

#include "messages/values.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Returns the values packed one after the other, without a count.
/// Two rows of one shape are equal exactly if their packed forms are.
std::string pack(const row& values);

/// The same for the row's values at these places, in this order.
std::string pack_columns(const row& from, const std::vector<std::uint16_t>& columns);

/// Appends one value to `out`.
void pack_to(std::string& out, const value& x);

/// Returns all values in `packed`. Throws std::runtime_error on anything that
/// pack() doesn't write.
row unpack(std::string_view packed);
/// The same into `out`, whose memory is used again.
void unpack(std::string_view packed, row& out);

/// Returns the first `count` values' packed bytes: a prefix of `packed`.
std::string_view packed_prefix(std::string_view packed, std::size_t count);

} // namespace millrace
