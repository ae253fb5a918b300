#include "messages/rows.hpp"

#include <msgpack.hpp>

#include <stdexcept>

namespace millrace {

namespace {

/// Lets msgpack write straight to the end of a string.
struct appender {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

struct packing {
  msgpack::packer<appender>& to;
  void operator()(null_value) const { to.pack_nil(); }
  void operator()(std::int64_t x) const { to.pack_int64(x); }
  void operator()(not_a_number) const { to.pack_false(); }
  void operator()(const std::string& x) const {
    to.pack_str(static_cast<std::uint32_t>(x.size()));
    to.pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
};

/// Collects scalars; refuses everything else by msgpack's own protocol.
struct collecting : msgpack::null_visitor {
  explicit collecting(row& into) : out(into) {}
  bool visit_nil() { return out.emplace_back(null_value{}), true; }
  bool visit_boolean(bool) { return out.emplace_back(not_a_number{}), true; }
  bool visit_positive_integer(std::uint64_t x) {
    return out.emplace_back(static_cast<std::int64_t>(x)), true;
  }
  bool visit_negative_integer(std::int64_t x) { return out.emplace_back(x), true; }
  bool visit_str(const char* data, std::uint32_t size) {
    return out.emplace_back(std::string(data, size)), true;
  }
  bool visit_float32(float) { return false; }
  bool visit_float64(double) { return false; }
  bool visit_bin(const char*, std::uint32_t) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }
  bool start_array(std::uint32_t) { return false; }
  bool start_map(std::uint32_t) { return false; }
  row& out;
};

/// Reads up to `count` values; returns how many bytes they took.
std::size_t read_values(std::string_view packed, std::size_t count, row& out) {
  collecting into{out};
  std::size_t at = 0;
  while (at < packed.size() && out.size() < count) {
    auto before = out.size();
    if (!msgpack::parse(packed.data(), packed.size(), at, into) || out.size() != before + 1)
      throw std::runtime_error("a packed row is damaged at byte " + std::to_string(at));
  }
  return at;
}

} // namespace

void pack_to(std::string& out, const value& x) {
  appender to{out};
  msgpack::packer<appender> packer(to);
  std::visit(packing{packer}, x);
}

std::string pack(const row& values) {
  std::string out;
  for (auto& x : values)
    pack_to(out, x);
  return out;
}

row unpack(std::string_view packed) {
  row out;
  read_values(packed, packed.size(), out);
  return out;
}

std::string pack_columns(const row& from, const std::vector<std::uint16_t>& columns) {
  std::string out;
  for (auto i : columns)
    pack_to(out, from.at(i));
  return out;
}

std::string_view packed_prefix(std::string_view packed, std::size_t count) {
  msgpack::null_visitor skipping;
  std::size_t at = 0;
  for (; count > 0; --count)
    if (at >= packed.size() || !msgpack::parse(packed.data(), packed.size(), at, skipping))
      throw std::runtime_error("a packed row is shorter than its columns");
  return packed.substr(0, at);
}

} // namespace millrace
