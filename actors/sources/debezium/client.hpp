#pragma once

/// Kafka Connect's REST interface, for one connector.

#include "actors/sources/debezium/status.hpp"

#include <chrono>
#include <memory>

namespace millrace::connect {

/// Credentials for HTTP's Basic authentication. Without a user, none are sent.
struct login {
  std::string user, password;
};

/// Used by one thread. Every call ends within the timeout; put() ends within four times the timeout,
/// because workers can rebalance. Errors never contain a secret of the configuration: unavailable (no
/// answer, or an internal error of Connect), denied, bad_setting (Connect rejects the configuration).
class client {
 public:
  /// `url` is http://[user:password@]host[:port][/path]. Any other text is an error (bad_setting). A
  /// user in the URL overrides `as`. Sends no request yet.
  static result<client> make(const std::string& url, const login& as, std::chrono::milliseconds timeout);
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Returns a connector's configuration as JSON. Empty means that it doesn't exist.
  result<std::string> configuration(const std::string& name);
  /// Registers the connector, or changes its configuration (JSON). Returns false, and sends no change,
  /// if the configuration is the same: Connect would restart the connector even then.
  result<bool> put(const std::string& name, const std::string& config);
  /// Returns the status. If the connector doesn't exist, `exists` is false; that is no error.
  result<connector_status> status(const std::string& name);
  /// Restarts the connector and those of its tasks that FAILED.
  result<void> restart_failed(const std::string& name);
  /// Restarts the connector and all its tasks.
  result<void> restart(const std::string& name);
  /// Stops the connector and keeps its offsets. resume() starts it again.
  result<void> stop(const std::string& name);
  result<void> resume(const std::string& name);
  /// Deletes a stopped connector's offsets in Connect. An unknown connector is no error. Connect before
  /// 3.6 doesn't support it (bad_setting, unavailable).
  result<void> forget_offsets(const std::string& name);
  /// Deletes the connector. An unknown connector is no error. The replication slot stays.
  result<void> remove(const std::string& name);

 private:
  struct impl;
  explicit client(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::connect
