#pragma once

/// Writes pgoutput's messages, as a server would.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::test {

class wire_writer {
 public:
  wire_writer& u8(int x) { return number(static_cast<std::uint64_t>(x), 1); }
  wire_writer& u16(std::uint64_t x) { return number(x, 2); }
  wire_writer& u32(std::uint64_t x) { return number(x, 4); }
  wire_writer& u64(std::uint64_t x) { return number(x, 8); }
  wire_writer& text(std::string_view x) {
    bytes += x;
    bytes += '\0';
    return *this;
  }
  /// nullopt: NULL; "\1": an unchanged long value.
  wire_writer& tuple(const std::vector<std::optional<std::string>>& fields) {
    u16(fields.size());
    for (auto& x : fields)
      if (!x)
        u8('n');
      else if (*x == "\1")
        u8('u');
      else {
        u8('t').u32(x->size());
        bytes += *x;
      }
    return *this;
  }
  operator std::string() const { return bytes; }

  std::string bytes;

 private:
  wire_writer& number(std::uint64_t x, int size) {
    for (int i = size - 1; i >= 0; --i)
      bytes += static_cast<char>(x >> (8 * i));
    return *this;
  }
};

struct wire_column {
  std::string name;
  bool identity = false;
};
using fields = std::vector<std::optional<std::string>>;

inline std::string begin_message(std::uint64_t commit, std::uint64_t time = 0, std::uint32_t xid = 7) {
  return wire_writer().u8('B').u64(commit).u64(time).u32(xid);
}
inline std::string commit_message(std::uint64_t commit, std::uint64_t end, std::uint64_t time = 0) {
  return wire_writer().u8('C').u8(0).u64(commit).u64(end).u64(time);
}
inline std::string relation_message(std::uint32_t id, const std::string& schema, const std::string& name,
                                    const std::vector<wire_column>& columns, char identity = 'd') {
  wire_writer out;
  out.u8('R').u32(id).text(schema).text(name).u8(identity).u16(columns.size());
  for (auto& x : columns)
    out.u8(x.identity).text(x.name).u32(25).u32(0xffffffff);
  return out;
}
inline std::string insert_message(std::uint32_t id, const fields& fresh) {
  return wire_writer().u8('I').u32(id).u8('N').tuple(fresh);
}
/// `kind`: K, O, or 0 without an old row.
inline std::string update_message(std::uint32_t id, char kind, const fields& old, const fields& fresh) {
  wire_writer out;
  out.u8('U').u32(id);
  if (kind)
    out.u8(kind).tuple(old);
  return out.u8('N').tuple(fresh);
}
inline std::string delete_message(std::uint32_t id, char kind, const fields& old) {
  return wire_writer().u8('D').u32(id).u8(kind).tuple(old);
}
inline std::string truncate_message(const std::vector<std::uint32_t>& ids, int options = 0) {
  wire_writer out;
  out.u8('T').u32(ids.size()).u8(options);
  for (auto x : ids)
    out.u32(x);
  return out;
}
inline std::string log_message_bytes(bool transactional, std::uint64_t at, const std::string& prefix,
                                     const std::string& content) {
  wire_writer out;
  out.u8('M').u8(transactional).u64(at).text(prefix).u32(content.size());
  out.bytes += content;
  return out;
}

/// One message of each kind.
inline std::vector<std::string> one_of_each() {
  return {begin_message(1000),
          commit_message(1000, 1048),
          wire_writer().u8('O').u64(5).text("elsewhere"),
          relation_message(16, "public", "t", {{"id", true}, {"x", false}}),
          wire_writer().u8('Y').u32(99).text("public").text("mood"),
          insert_message(16, {"1", std::nullopt}),
          update_message(16, 0, {}, {"1", "\1"}),
          update_message(16, 'K', {"1", std::nullopt}, {"2", "b"}),
          update_message(16, 'O', {"1", "a"}, {"2", "b"}),
          delete_message(16, 'K', {"1", std::nullopt}),
          delete_message(16, 'O', {"1", "a"}),
          truncate_message({16, 17}, 3),
          log_message_bytes(true, 900, "millrace", "mark")};
}

} // namespace millrace::test
