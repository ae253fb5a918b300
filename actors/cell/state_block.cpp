#include "actors/cell/state_block.hpp"

#include <msgpack.hpp>

namespace millrace {

namespace {

struct appender {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

using packer = msgpack::packer<appender>;

constexpr std::uint32_t fields_without_reads = 5, fields_with_reads = 7;

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

/// Limits for msgpack. A damaged block can claim billions of entries, but each takes a byte, so no
/// list and no text is longer than the block. Blocks have no maps, no strings and no deep nesting.
msgpack::unpack_limit limit_of(std::string_view block) {
  constexpr std::size_t depth = 8;
  return {block.size(), 0, 0, block.size(), 0, depth};
}

std::string_view text_of(const msgpack::object& x) {
  if (x.type != msgpack::type::BIN)
    throw msgpack::type_error();
  return {x.via.bin.ptr, x.via.bin.size};
}

/// Returns the list's entries. `size`: required number of entries; 0 = any.
const msgpack::object_array& list_of(const msgpack::object& x, std::uint32_t size = 0) {
  if (x.type != msgpack::type::ARRAY || (size > 0 && x.via.array.size != size))
    throw msgpack::type_error();
  return x.via.array;
}

/// Returns a route's present number; nullopt if its figures no longer exist.
std::optional<route_id> present_route(const msgpack::object& number, const plan_translation* former) {
  route_id out{number.as<std::uint16_t>()};
  if (!former)
    return out;
  auto way = former->way_of(out);
  return way ? std::optional(way->to) : std::nullopt;
}

/// Returns a mark from the list of fingerprints and ticks; if it isn't there, the mark of an absent
/// place.
place_mark mark_of(const msgpack::object_array& marks, std::optional<std::uint16_t> i) {
  if (!i || 2U * *i + 1 >= marks.size)
    return {};
  return {marks.ptr[2U * *i].as<std::uint64_t>(), marks.ptr[2U * *i + 1].as<std::int64_t>()};
}

void apply_row(const msgpack::object& entry, row_table& rows, const plan_translation* former) {
  auto fields = list_of(entry, 5).ptr;
  auto route = present_route(fields[0], former);
  if (!route)
    return;
  auto key = text_of(fields[1]);
  if (fields[3].is_nil())
    return rows.erase({*route, std::string(key)});
  auto way = former ? former->way_of({fields[0].as<std::uint16_t>()}) : nullptr;
  std::string changed;
  if (way)
    changed = translated(*way, text_of(fields[3]));
  auto& marks = list_of(fields[4]);
  auto& x = rows.put(*route, key, way ? std::string_view(changed) : text_of(fields[3]),
                     way ? way->marks.size() : marks.size / 2);
  x.at = lsn{fields[2].as<std::uint64_t>()};
  for (std::uint16_t i = 0; i < x.marks().size(); ++i)
    x.marks()[i] = mark_of(marks, way ? way->marks[i] : std::optional(i));
}

void apply_bar(const msgpack::object& entry, row_table& rows, const plan_translation* former) {
  auto fields = list_of(entry, 2).ptr;
  if (auto route = present_route(fields[0], former))
    rows.bar(*route, lsn{fields[1].as<std::uint64_t>()});
}

void pack_bars(packer& to, const std::map<route_id, lsn>& bars) {
  to.pack_array(static_cast<std::uint32_t>(bars.size()));
  for (auto& [route, bar] : bars) {
    to.pack_array(2);
    to.pack(route.value);
    to.pack(bar.value);
  }
}

void pack_reads(packer& to, const block_reads& x) {
  pack_bars(to, x.under_way);
  to.pack_array(static_cast<std::uint32_t>(x.removed.size()));
  for (auto& each : x.removed) {
    to.pack_array(3);
    to.pack(each.route.value);
    pack_text(to, each.key);
    to.pack(each.at.value);
  }
}

/// Returns the reads in the block's last two fields; empty if it doesn't have them.
block_reads reads_of(const msgpack::object_array& block, const plan_translation* former) {
  block_reads out;
  if (block.size == fields_without_reads)
    return out;
  for (auto& entry : block.ptr[5].as<std::vector<msgpack::object>>()) {
    auto fields = list_of(entry, 2).ptr;
    if (auto route = present_route(fields[0], former))
      out.under_way[*route] = lsn{fields[1].as<std::uint64_t>()};
  }
  for (auto& entry : block.ptr[6].as<std::vector<msgpack::object>>()) {
    auto fields = list_of(entry, 3).ptr;
    if (auto route = present_route(fields[0], former))
      out.removed.push_back({*route, std::string(text_of(fields[1])), lsn{fields[2].as<std::uint64_t>()}});
  }
  return out;
}

void pack_live(packer& to, const live_figures& x) {
  if (x.all || x.some.empty()) {
    to.pack(x.all);
    return;
  }
  to.pack_array(static_cast<std::uint32_t>(x.some.size()));
  for (auto& id : x.some)
    to.pack(id.value);
}

live_figures live_of(const msgpack::object& x) {
  live_figures out;
  if (x.type == msgpack::type::BOOLEAN)
    out.all = x.via.boolean;
  else
    for (auto number : x.as<std::vector<std::uint16_t>>())
      out.some.push_back({number});
  return out;
}

} // namespace

std::string pack_block(std::uint64_t fingerprint, const live_figures& live, const block_rows& rows,
                       const std::map<route_id, lsn>& bars) {
  std::string out;
  appender sink{out};
  packer to(sink);
  auto reads = !rows.reads.under_way.empty();
  to.pack_array(reads ? fields_with_reads : fields_without_reads);
  to.pack(state_block_format);
  to.pack(fingerprint);
  pack_live(to, live);
  to.pack_array(static_cast<std::uint32_t>(rows.removed.size() + rows.there.size()));
  for (auto& name : rows.removed)
    pack_removed(to, name);
  for (auto& x : rows.there)
    pack_row(to, x.route, *x.row);
  pack_bars(to, bars);
  if (reads)
    pack_reads(to, rows.reads);
  return out;
}

/// Reads only the start of the block: [format, fingerprint, ...
std::optional<std::uint64_t> fingerprint_of(std::string_view block) {
  std::size_t at = 1; // after the size of the list
  try {
    (void)msgpack::unpack(block.data(), block.size(), at);
    return msgpack::unpack(block.data(), block.size(), at).get().as<std::uint64_t>();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

result<applied_block> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows,
                                  const former_plans& former) {
  try {
    auto handle = msgpack::unpack(block.data(), block.size(), nullptr, nullptr, limit_of(block));
    auto& top = handle.get();
    if (top.type != msgpack::type::ARRAY
        || (top.via.array.size != fields_without_reads && top.via.array.size != fields_with_reads))
      return error{errc::corrupt, "a state block doesn't have five or seven fields"};
    auto fields = top.via.array.ptr;
    if (fields[0].as<std::uint32_t>() != state_block_format)
      return error{errc::corrupt, "a state block has format " + std::to_string(fields[0].as<std::uint32_t>())
                                      + ", this build reads " + std::to_string(state_block_format)};
    auto written_by = fields[1].as<std::uint64_t>();
    auto of = written_by == fingerprint ? former.end() : former.find(written_by);
    if (written_by != fingerprint && of == former.end())
      return error{errc::corrupt, "a state block belongs to other figures than the ledger has"};
    applied_block out{live_of(fields[2]), of == former.end() ? nullptr : &of->second};
    for (auto& entry : fields[3].as<std::vector<msgpack::object>>())
      apply_row(entry, rows, out.former);
    for (auto& entry : fields[4].as<std::vector<msgpack::object>>())
      apply_bar(entry, rows, out.former);
    rows.reads().apply(reads_of(top.via.array, out.former));
    return out;
  } catch (const std::exception& x) {
    return error{errc::corrupt, std::string("a state block can't be read: ") + x.what()};
  }
}

} // namespace millrace
