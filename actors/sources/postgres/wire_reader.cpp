#include "actors/sources/postgres/wire_reader.hpp"

namespace millrace::postgres {

void wire_reader::refuse(const std::string& why) const {
  throw malformed(std::string(name_) + " at byte " + std::to_string(at_) + ": " + why);
}

std::string_view wire_reader::bytes(std::size_t count) {
  if (count > left())
    refuse("it needs " + std::to_string(count) + " bytes, and has " + std::to_string(left()));
  auto out = bytes_.substr(at_, count);
  at_ += count;
  return out;
}

std::uint64_t wire_reader::number(std::size_t size) {
  std::uint64_t out = 0;
  for (unsigned char x : bytes(size))
    out = out << 8 | x;
  return out;
}

std::string_view wire_reader::text() {
  auto end = bytes_.find('\0', at_);
  if (end == bytes_.npos)
    refuse("a text without an end");
  auto out = bytes_.substr(at_, end - at_);
  at_ = end + 1;
  return out;
}

void wire_reader::want_end() const {
  if (left() > 0)
    refuse("it goes on for " + std::to_string(left()) + " bytes after its end");
}

} // namespace millrace::postgres
