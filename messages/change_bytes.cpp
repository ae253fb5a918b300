#include "messages/change_bytes.hpp"

#include <cstring>

namespace millrace {

namespace {

/// What stands before a change's key and columns.
struct head {
  std::int64_t offset;
  std::uint64_t at;
  std::uint32_t key, columns; ///< their lengths
  std::uint16_t route;
  std::uint8_t kind;
  char op;
  std::uint8_t counted;
  std::uint8_t unused[3];
};
static_assert(sizeof(head) == 32);

head head_of(const change& x) {
  return {x.offset.value,
          x.at.value,
          static_cast<std::uint32_t>(x.key.size()),
          static_cast<std::uint32_t>(x.columns.size()),
          x.route.value,
          static_cast<std::uint8_t>(x.kind),
          x.op,
          x.counted,
          {}};
}

change change_of(const head& x, std::string_view texts) {
  change out;
  out.kind = static_cast<change_kind>(x.kind);
  out.op = x.op;
  out.counted = x.counted != 0;
  out.route = route_id{x.route};
  out.offset = {x.offset};
  out.at = lsn{x.at};
  out.key = texts.substr(0, x.key);
  out.columns = texts.substr(x.key);
  return out;
}

} // namespace

std::string to_bytes(const std::vector<change>& x) {
  std::size_t size = 0;
  for (auto& one : x)
    size += sizeof(head) + one.key.size() + one.columns.size();
  std::string out;
  out.reserve(size);
  for (auto& one : x) {
    auto before = head_of(one);
    out.append(reinterpret_cast<const char*>(&before), sizeof before);
    out += one.key;
    out += one.columns;
  }
  return out;
}

std::optional<std::vector<change>> changes_from(std::string_view bytes) {
  std::vector<change> out;
  while (!bytes.empty()) {
    head next;
    if (bytes.size() < sizeof next)
      return std::nullopt;
    std::memcpy(&next, bytes.data(), sizeof next);
    bytes.remove_prefix(sizeof next);
    auto texts = std::size_t{next.key} + next.columns;
    if (bytes.size() < texts || next.kind > static_cast<std::uint8_t>(change_kind::forget))
      return std::nullopt;
    out.push_back(change_of(next, bytes.substr(0, texts)));
    bytes.remove_prefix(texts);
  }
  return out;
}

} // namespace millrace
