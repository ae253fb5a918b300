#pragma once

/// Rows packed as msgpack: the form in batches, in a cell's memory and in the state log.

#include "messages/values.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Returns the packed values one after the other, without a count. Two rows with the same columns
/// are equal if, and only if, their packed forms are.
std::string pack(const row& values);

/// Returns the packed values at these indexes, in this order.
std::string pack_columns(const row& from, const std::vector<std::uint16_t>& columns);

/// Appends one value to `out`.
void pack_to(std::string& out, const value& x);

/// Returns all values in `packed`. Throws std::runtime_error if pack() couldn't have written it.
row unpack(std::string_view packed);
/// The same into `out`, whose memory is reused.
void unpack(std::string_view packed, row& out);

/// Returns the packed bytes of the first `count` values: a prefix of `packed`.
std::string_view packed_prefix(std::string_view packed, std::size_t count);

} // namespace millrace
