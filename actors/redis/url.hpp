#pragma once

/// Redis's address as a URL.

#include "actors/redis/client.hpp"

namespace millrace::redis {

/// Parses redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]. Error: bad_setting, which names the
/// invalid part and never the password.
result<settings> settings_from_url(const std::string& url);

} // namespace millrace::redis
