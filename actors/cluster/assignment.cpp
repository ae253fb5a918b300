#include "actors/cluster/assignment.hpp"

#include <cstdlib>

namespace millrace {

assignment_source all_of_it(std::uint16_t shards, std::set<source_id> sources) {
  assignment all;
  for (std::uint16_t i = 0; i < shards; ++i)
    all.shards.insert(shard_id{i});
  all.sources = std::move(sources);
  return {[all]() -> result<assignment> { return all; }, [] {}};
}

std::pair<std::string, std::uint16_t> split_address(const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos)
    return {address, 0};
  return {address.substr(0, colon), static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1))};
}

} // namespace millrace
