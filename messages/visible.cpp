#include "messages/visible.hpp"

#include <cstdint>
#include <cstdio>

namespace millrace {

namespace {

struct character {
  std::size_t bytes = 1;
  std::uint32_t code = 0;
  bool valid = false;
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Decodes the first character. Overlong forms, surrogates and codes beyond Unicode are invalid.
character first_of(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {1, lead, true};
  auto bytes = lead >= 0xf0 && lead < 0xf5   ? 4u
               : lead >= 0xe0 && lead < 0xf0 ? 3u
               : lead >= 0xc2 && lead < 0xe0 ? 2u
                                             : 0u;
  if (bytes == 0 || text.size() < bytes)
    return {};
  std::uint32_t code = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!continues(text[i]))
      return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return {};
  return {bytes, code, true};
}

bool is_control(std::uint32_t x) {
  auto in = [x](std::uint32_t from, std::uint32_t to) { return x >= from && x <= to; };
  return x < 0x20 || in(0x7f, 0x9f) || x == 0x61c || in(0x200e, 0x200f) || in(0x2028, 0x202e)
         || in(0x2066, 0x2069) || x == 0xfeff;
}

/// Returns a JSON escape, so that escaped JSON is still the same JSON.
std::string escaped(std::uint32_t code) {
  if (code == '\n')
    return "\\n";
  if (code == '\t')
    return "\\t";
  if (code == '\r')
    return "\\r";
  char out[8];
  std::snprintf(out, sizeof out, "\\u%04x", code);
  return out;
}

std::string escaped_byte(char c) {
  char out[8];
  std::snprintf(out, sizeof out, "\\x%02x", static_cast<unsigned char>(c));
  return out;
}

std::string written(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (; !text.empty();) {
    auto x = first_of(text);
    if (!x.valid)
      out += escaped_byte(text[0]);
    else if (is_control(x.code) && !(lines && (x.code == '\n' || x.code == '\t')))
      out += escaped(x.code);
    else
      out += text.substr(0, x.bytes);
    text.remove_prefix(x.bytes);
  }
  return out;
}

} // namespace

std::string visible(std::string_view text) { return written(text, false); }

std::string visible_lines(std::string_view text) { return written(text, true); }

bool has_controls(std::string_view text) {
  while (!text.empty()) {
    auto x = first_of(text);
    if (!x.valid || is_control(x.code))
      return true;
    text.remove_prefix(x.bytes);
  }
  return false;
}

std::size_t invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    auto x = first_of(text.substr(at));
    if (!x.valid)
      return at;
    at += x.bytes;
  }
  return std::string_view::npos;
}

} // namespace millrace
