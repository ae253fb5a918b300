#include "actors/member/assignment.hpp"

#include <charconv>

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
  std::uint16_t port = 0; // stays 0 if there is none
  auto* end = address.data() + address.size();
  if (std::from_chars(address.data() + colon + 1, end, port).ptr != end)
    port = 0;
  return {address.substr(0, colon), port};
}

} // namespace millrace
