#pragma once

/// Requests from a verb to the servers on loopback: the node's /status and the generator's /control.

#include "messages/error.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// The address of the generator's /control. Port 0: there is none.
struct generator_address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token; ///< needed to pause it
};

/// Returns the generator's /control as JSON. An error if it doesn't answer.
result<nlohmann::json> generator_status(const generator_address& where);

/// Returns the node's /status as JSON. An error if no server answers.
result<nlohmann::json> node_status(std::uint16_t port);

/// Returns the tick of each place's last write. nullopt if the node doesn't have it, or rejects the token.
std::vector<std::optional<std::int64_t>> places_written(std::uint16_t port, const std::string& token,
                                                        const std::string& figure,
                                                        const std::vector<std::string>& keys);

/// Pauses Millrace's own generator while this object exists. Does nothing if there is no generator. If it
/// rejects the token, it keeps writing, and the log says so.
class paused_generator {
 public:
  explicit paused_generator(generator_address where);
  ~paused_generator();
  paused_generator(const paused_generator&) = delete;
  paused_generator& operator=(const paused_generator&) = delete;

 private:
  generator_address where_;
  bool ours_ = false; ///< it was running, and this object paused it
};

} // namespace millrace
