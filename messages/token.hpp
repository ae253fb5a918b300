#pragma once

/// Owner tokens: 128 random bits, so that no lost tail hands one out twice.

#include "messages/flush.hpp"

namespace millrace {

/// Returns a token that nobody ever used.
owner_token fresh_token();

} // namespace millrace
