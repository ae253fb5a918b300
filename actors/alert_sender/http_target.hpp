#pragma once

/// The address of a receiver.

#include "messages/error.hpp"

#include <string>

namespace millrace {

/// A URL's parts. User, password, path and query can be secret.
struct http_target {
  std::string server;         ///< scheme, host and port, for people and the connection
  std::string path;           ///< path and query; / at least
  std::string user, password; ///< decoded; no user: no login
};

/// Returns the parts of http://[USER:PASSWORD@]HOST[:PORT][/PATH], or https. Error (bad_setting): says what
/// is wrong, without the URL.
result<http_target> parse_http_url(const std::string& url);

} // namespace millrace
