#pragma once

/// Fencing tokens: 128 random bits. A counter in Redis could return a token twice after Redis lost
/// its last writes.

#include "messages/flush.hpp"

namespace millrace {

/// Returns a new random token.
owner_token fresh_token();

} // namespace millrace
