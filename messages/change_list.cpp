#include "messages/change_list.hpp"

#include <cstring>

namespace millrace {

namespace {

/// The head of a change in the block, before key and columns.
struct packed_head {
  stream_position where;
  std::uint64_t at;
  std::uint32_t key, columns; ///< lengths in bytes
  std::uint16_t route;
  std::uint8_t kind;
  char op;
  std::uint8_t counted;
  std::uint8_t unused[3];

  std::size_t texts() const { return std::size_t{key} + columns; }
};
static_assert(sizeof(packed_head) == 40);

packed_head head_of(const change_view& x) {
  return {x.where,
          x.at.value,
          static_cast<std::uint32_t>(x.key.size()),
          static_cast<std::uint32_t>(x.columns.size()),
          x.route.value,
          static_cast<std::uint8_t>(x.kind),
          x.op,
          x.counted,
          {}};
}

packed_head head_at(const char* at) {
  packed_head out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

} // namespace

change_view packed_changes::iterator::operator*() const {
  auto head = head_at(at_);
  change_view out;
  out.kind = static_cast<change_kind>(head.kind);
  out.op = head.op;
  out.counted = head.counted != 0;
  out.route = route_id{head.route};
  out.where = head.where;
  out.at = lsn{head.at};
  out.key = {at_ + sizeof head, head.key};
  out.columns = {at_ + sizeof head + head.key, head.columns};
  return out;
}

packed_changes::iterator& packed_changes::iterator::operator++() {
  at_ += sizeof(packed_head) + head_at(at_).texts();
  return *this;
}

packed_changes::packed_changes(std::initializer_list<change> x) {
  for (auto& one : x)
    add(one);
}

packed_changes::packed_changes(const std::vector<change>& x) {
  for (auto& one : x)
    add(one);
}

std::optional<packed_changes> packed_changes::from(std::string bytes) {
  packed_changes out;
  out.bytes_ = std::move(bytes);
  std::string_view left = out.bytes_;
  while (!left.empty()) {
    if (left.size() < sizeof(packed_head))
      return std::nullopt;
    auto head = head_at(left.data());
    left.remove_prefix(sizeof head);
    if (left.size() < head.texts() || head.kind > static_cast<std::uint8_t>(last_change_kind))
      return std::nullopt;
    left.remove_prefix(head.texts());
    out.note(head.where);
  }
  return out;
}

void packed_changes::add(const change_view& x) {
  auto head = head_of(x);
  bytes_.append(reinterpret_cast<const char*>(&head), sizeof head);
  bytes_ += x.key;
  bytes_ += x.columns;
  note(x.where);
}

void packed_changes::note(stream_position x) {
  if (size_++ == 0)
    first_ = x;
  last_ = x;
}

packed_changes packed_changes::beyond(stream_position x) const {
  packed_changes out;
  for (auto one : *this)
    if (one.where > x)
      out.add(one);
  return out;
}

std::vector<change> packed_changes::all() const {
  std::vector<change> out;
  for (auto one : *this)
    out.push_back({one, std::string(one.key), std::string(one.columns)});
  return out;
}

} // namespace millrace
