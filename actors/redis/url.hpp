#pragma once

/// Where a Redis is, as people write it.

#include "actors/redis/client.hpp"

namespace millrace::redis {

/// Reads redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]. An error (bad_setting)
/// says what can't be used, never the password.
result<settings> settings_from_url(const std::string& url);

} // namespace millrace::redis
