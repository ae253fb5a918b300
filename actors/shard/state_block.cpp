#include "actors/shard/state_block.hpp"

#include <msgpack.hpp>

namespace millrace {

namespace {

struct appender {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

using packer = msgpack::packer<appender>;

void pack_text(packer& to, std::string_view x) {
  to.pack_bin(static_cast<std::uint32_t>(x.size()));
  to.pack_bin_body(x.data(), static_cast<std::uint32_t>(x.size()));
}

void pack_removed(packer& to, const row_name& name) {
  to.pack_array(5);
  to.pack(name.route.value);
  pack_text(to, name.key);
  to.pack(0);
  to.pack_nil();
  to.pack_array(0);
}

void pack_row(packer& to, route_id route, const stored_row& x) {
  to.pack_array(5);
  to.pack(route.value);
  pack_text(to, x.key());
  to.pack(x.at.value);
  pack_text(to, x.kept());
  to.pack_array(static_cast<std::uint32_t>(2 * x.marks().size()));
  for (auto& mark : x.marks()) {
    to.pack(mark.fingerprint);
    to.pack(mark.written);
  }
}

/// A damaged block may claim billions of entries; each takes a byte, so no list
/// and no text is longer than the block. Without maps, strings or deep nesting.
msgpack::unpack_limit limit_of(std::string_view block) {
  constexpr std::size_t depth = 8;
  return {block.size(), 0, 0, block.size(), 0, depth};
}

std::string_view text_of(const msgpack::object& x) {
  if (x.type != msgpack::type::BIN)
    throw msgpack::type_error();
  return {x.via.bin.ptr, x.via.bin.size};
}

/// Returns the list's entries. `size`: how many it must have; 0 = any.
const msgpack::object_array& list_of(const msgpack::object& x, std::uint32_t size = 0) {
  if (x.type != msgpack::type::ARRAY || (size > 0 && x.via.array.size != size))
    throw msgpack::type_error();
  return x.via.array;
}

void apply_row(const msgpack::object& entry, row_table& rows) {
  auto fields = list_of(entry, 5).ptr;
  route_id route{fields[0].as<std::uint16_t>()};
  auto key = text_of(fields[1]);
  if (fields[3].is_nil())
    return rows.erase({route, std::string(key)});
  auto& marks = list_of(fields[4]);
  auto& x = rows.put(route, key, text_of(fields[3]), marks.size / 2);
  x.at = lsn{fields[2].as<std::uint64_t>()};
  auto mark = marks.ptr;
  for (auto& to : x.marks()) {
    to = {mark[0].as<std::uint64_t>(), mark[1].as<std::int64_t>()};
    mark += 2;
  }
}

} // namespace

std::string pack_block(std::uint64_t fingerprint, bool live, const block_rows& rows,
                       const std::map<route_id, lsn>& bars) {
  std::string out;
  appender sink{out};
  packer to(sink);
  to.pack_array(5);
  to.pack(state_block_format);
  to.pack(fingerprint);
  to.pack(live);
  to.pack_array(static_cast<std::uint32_t>(rows.removed.size() + rows.there.size()));
  for (auto& name : rows.removed)
    pack_removed(to, name);
  for (auto& x : rows.there)
    pack_row(to, x.route, *x.row);
  to.pack_array(static_cast<std::uint32_t>(bars.size()));
  for (auto& [route, bar] : bars) {
    to.pack_array(2);
    to.pack(route.value);
    to.pack(bar.value);
  }
  return out;
}

result<bool> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows) {
  try {
    auto handle = msgpack::unpack(block.data(), block.size(), nullptr, nullptr, limit_of(block));
    auto& top = handle.get();
    if (top.type != msgpack::type::ARRAY || top.via.array.size != 5)
      return error{errc::corrupt, "a state block is no list of five"};
    auto fields = top.via.array.ptr;
    if (fields[0].as<std::uint32_t>() != state_block_format)
      return error{errc::corrupt, "a state block has format " + std::to_string(fields[0].as<std::uint32_t>())
                                      + ", this build reads " + std::to_string(state_block_format)};
    if (fields[1].as<std::uint64_t>() != fingerprint)
      return error{errc::corrupt, "a state block is of other figures than the ledger says"};
    for (auto& entry : fields[3].as<std::vector<msgpack::object>>())
      apply_row(entry, rows);
    for (auto& entry : fields[4].as<std::vector<msgpack::object>>())
      rows.bar(route_id{list_of(entry, 2).ptr[0].as<std::uint16_t>()},
               lsn{list_of(entry, 2).ptr[1].as<std::uint64_t>()});
    return fields[2].as<bool>();
  } catch (const std::exception& x) {
    return error{errc::corrupt, std::string("a state block can't be read: ") + x.what()};
  }
}

} // namespace millrace
