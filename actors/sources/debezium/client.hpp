#pragma once

/// Kafka Connect's REST interface, as far as one connector needs it.

#include "actors/sources/debezium/status.hpp"

#include <chrono>
#include <memory>

namespace millrace::connect {

/// HTTP's Basic authentication. No user: none is sent.
struct login {
  std::string user, password;
};

/// Used by one thread. Every call ends within the timeout (put: four times it,
/// while workers rebalance). Errors hold no value of a configuration that is a
/// secret: unavailable (no answer, or Connect's own trouble), denied,
/// bad_setting (Connect refuses the configuration).
class client {
 public:
  /// `url` is http://[user:password@]host[:port][/path]; an error (bad_setting)
  /// for anything else. A user in it comes before `as`. Asks no server yet.
  static result<client> make(const std::string& url, const login& as, std::chrono::milliseconds timeout);
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Returns the configuration (JSON) of a connector; empty: there is none.
  result<std::string> configuration(const std::string& name);
  /// Registers the connector or changes its configuration (JSON). Returns false
  /// if it was so already: nothing is touched then, since Connect restarts a
  /// connector even for the same configuration.
  result<bool> put(const std::string& name, const std::string& config);
  /// Returns the status; one that doesn't `exist` is no error.
  result<connector_status> status(const std::string& name);
  /// Restarts the connector and those tasks that FAILED.
  result<void> restart_failed(const std::string& name);
  /// Restarts the connector and all its tasks.
  result<void> restart(const std::string& name);
  /// Stops the connector, keeping its offsets, and starts it again.
  result<void> stop(const std::string& name);
  result<void> resume(const std::string& name);
  /// Makes Connect forget how far a stopped connector was. One that Connect
  /// doesn't know is fine; a Connect before 3.6 can't (bad_setting, unavailable).
  result<void> forget_offsets(const std::string& name);
  /// Deletes the connector; one that isn't there is fine. The slot stays.
  result<void> remove(const std::string& name);

 private:
  struct impl;
  explicit client(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::connect
