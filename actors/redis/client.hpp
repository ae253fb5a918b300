#pragma once

/// A blocking connection to Redis over hiredis: single commands and pipelines.

#include "messages/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::redis {

struct settings {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string user;     ///< empty: the default user
  std::string password; ///< never logged
  int database = 0;
  std::chrono::milliseconds timeout{5000}; ///< to connect, and per reply
};

/// A reply: nil, integer, text or status, list, or Redis's error message.
struct reply {
  enum class kind : std::uint8_t { nil, integer, text, list, failure };
  kind what = kind::nil;
  std::int64_t integer = 0;
  std::string text; ///< text, status or error message
  std::vector<reply> list;
  bool failed() const { return what == kind::failure; }
};

using command = std::vector<std::string>;

/// A connection for one thread. An error means that the connection failed (unavailable), or that
/// Redis rejected the login (denied). Everything that Redis answers is a reply, errors too. After
/// an error the next call connects again; commands sent before can still take effect.
class client {
 public:
  /// Connects, authenticates and selects the database. Error: denied if the password is wrong.
  static result<client> connect(const settings& how);
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Returns the Redis user; empty: the default user.
  const std::string& user() const;

  result<reply> call(const command& what);
  /// Sends all commands, then reads all replies.
  result<std::vector<reply>> pipeline(const std::vector<command>& what);

 private:
  struct impl;
  explicit client(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::redis
