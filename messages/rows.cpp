#include "messages/rows.hpp"

#include <msgpack.hpp>

#include <stdexcept>

namespace millrace {

namespace {

/// A stream for msgpack that appends to a string.
struct appender {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

struct packing {
  msgpack::packer<appender>& to;
  void operator()(null_value) const { to.pack_nil(); }
  void operator()(std::int64_t x) const { to.pack(x); }
  void operator()(not_a_number) const { to.pack_false(); }
  void operator()(const std::string& x) const {
    to.pack_str(static_cast<std::uint32_t>(x.size()));
    to.pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
};

/// A msgpack visitor that collects scalars in a row and reuses the memory of its values. Stops at
/// anything else.
struct collecting : msgpack::null_visitor {
  explicit collecting(row& into) : out(into) {}
  bool visit_nil() { return next() = null_value{}, true; }
  bool visit_boolean(bool) { return next() = not_a_number{}, true; }
  bool visit_positive_integer(std::uint64_t x) { return next() = static_cast<std::int64_t>(x), true; }
  bool visit_negative_integer(std::int64_t x) { return next() = x, true; }
  bool visit_str(const char* data, std::uint32_t size) {
    auto& to = next();
    if (auto* text = std::get_if<std::string>(&to))
      text->assign(data, size);
    else
      to.emplace<std::string>(data, size);
    return true;
  }
  bool visit_float32(float) { return false; }
  bool visit_float64(double) { return false; }
  bool visit_bin(const char*, std::uint32_t) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }
  bool start_array(std::uint32_t) { return false; }
  bool start_map(std::uint32_t) { return false; }
  value& next() {
    if (count == out.size())
      out.emplace_back();
    return out[count++];
  }
  row& out;
  std::size_t count = 0;
};

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
  unpack(packed, out);
  return out;
}

void unpack(std::string_view packed, row& out) {
  collecting into{out};
  for (std::size_t at = 0; at < packed.size();) {
    auto before = into.count;
    if (!msgpack::parse(packed.data(), packed.size(), at, into) || into.count != before + 1)
      throw std::runtime_error("a packed row is damaged at byte " + std::to_string(at));
  }
  out.resize(into.count);
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
