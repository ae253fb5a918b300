#pragma once

/// What the parts of the store share: the connection and its library, and the interpretation of
/// replies. Only for store*.cpp.

#include "actors/redis/pack.hpp"
#include "actors/redis/store.hpp"

#include <functional>

namespace millrace::redis {

/// Returns the error for one of Redis's error messages.
error refusal(const std::string& words);

error damaged(const std::string& what);

bool is_number(const std::string& x);
std::uint64_t to_number(const std::string& x);

/// Returns the positions in a cell's hash, from the reply to HGETALL.
result<std::vector<position>> positions_of(const reply& x);

/// The shortest time between two automatic fills, so that a Redis that loses data again and again
/// isn't filled all the time.
inline constexpr auto mend_interval = "30"; // s

inline constexpr auto began_anew = "the ledger was created again";

struct store::impl {
  client connection;
  std::string library;
  std::string prefix;
  std::string library_source;
  packed_plans plans;
  std::string seen_run = {}; ///< run ID of the server when its append-only file was last known to be sound

  result<reply> call(const command& what);
  result<void> load();
  result<reply> function(const char* name, command argv);
  result<void> read_log(cell_ledger& into, std::size_t length);
  result<void> read_alerts(std::vector<cell_ledger>& into);
  result<cell_ledger> read_claim(cell_id cell, const owner_token& owner, const reply& x);
  result<std::map<std::string, std::string>> hash(const std::string& name);
  result<void> each_page(const std::string& pattern, const std::function<result<void>(command keys)>& take);
  result<void> forget(const std::string& life, command keys);
  result<void> of_this_life(const char* name, command argv);
  result<void> note_evicted(const server_facts& x);
  result<void> note_start(server_facts& x);
};

} // namespace millrace::redis
