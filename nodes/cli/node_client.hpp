#pragma once

/// Asks the servers that run on loopback beside a verb: the node's /status, the
/// generator's /control.

#include "messages/error.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Where the generator's /control is; port 0: nowhere.
struct generator_address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token; ///< which pausing it needs
};

/// Returns what the generator says of itself at /control. An error says that it doesn't answer.
result<nlohmann::json> generator_status(const generator_address& where);

/// Returns the node's status. An error says that nobody answers there.
result<nlohmann::json> node_status(std::uint16_t port);

/// Returns the tick of each place's last write; nullopt where the node doesn't know, or refuses
/// the token.
std::vector<std::optional<std::int64_t>> places_written(std::uint16_t port, const std::string& token,
                                                        const std::string& figure,
                                                        const std::vector<std::string>& keys);

/// Keeps our own generator from writing as long as this lives. None there: does nothing. One that
/// refuses the token writes on, and the log says so.
class paused_generator {
 public:
  explicit paused_generator(generator_address where);
  ~paused_generator();
  paused_generator(const paused_generator&) = delete;
  paused_generator& operator=(const paused_generator&) = delete;

 private:
  generator_address where_;
  bool ours_ = false; ///< it ran, and we paused it
};

} // namespace millrace
