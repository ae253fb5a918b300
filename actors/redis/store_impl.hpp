#pragma once

/// What the parts of the store share: the connection with its library, and what
/// answers mean. For store*.cpp alone.

#include "actors/redis/pack.hpp"
#include "actors/redis/store.hpp"

#include <functional>

namespace millrace::redis {

/// An answer that ends the call: what Redis's words mean to us.
error refusal(const std::string& words);

error damaged(const std::string& what);

bool is_number(const std::string& x);
std::uint64_t to_number(const std::string& x);

/// Returns the positions of a cell's hash, as HGETALL answers it.
result<std::vector<position>> positions_of(const reply& x);

/// A Redis that loses things again and again isn't filled all the time.
inline constexpr auto mend_interval = "30"; // s

inline constexpr auto began_anew = "the ledger began anew";

struct store::impl {
  client connection;
  std::string library;
  std::string prefix;
  std::string library_source;
  packed_plans plans;
  std::string seen_run = {}; ///< the server's start whose append-only file is sound

  result<reply> call(const command& what);
  result<void> load();
  result<reply> function(const char* name, command argv);
  result<void> read_log(cell_ledger& into, std::size_t length);
  result<cell_ledger> read_claim(cell_id cell, const owner_token& owner, const reply& x);
  result<std::map<std::string, std::string>> hash(const std::string& name);
  result<void> each_page(const std::string& pattern, const std::function<result<void>(command keys)>& take);
  result<void> forget(const std::string& life, command keys);
  result<void> of_this_life(const char* name, command argv);
  result<void> note_evicted(const server_facts& x);
  result<void> note_start(server_facts& x);
};

} // namespace millrace::redis
