#include "actors/sources/postgres/copy_text.hpp"

namespace millrace::postgres {

namespace {

using pgoutput::field;

/// COPY TO writes no other escapes than these, and \\ for a backslash.
char meaning_of(char escape) {
  constexpr std::string_view names = "bfnrtv", meanings = "\b\f\n\r\t\v";
  auto at = names.find(escape);
  return at == names.npos ? escape : meanings[at];
}

} // namespace

std::string_view copy_text::unescaped(std::string_view text) {
  if (text.find('\\') == text.npos)
    return text;
  auto begin = texts_.size();
  for (std::size_t i = 0; i < text.size(); ++i)
    texts_ += text[i] == '\\' && i + 1 < text.size() ? meaning_of(text[++i]) : text[i];
  return std::string_view(texts_).substr(begin);
}

pgoutput::tuple copy_text::read(std::string_view line) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  fields_.clear();
  texts_.clear();
  texts_.reserve(line.size()); // the fields refer to it
  for (;;) {
    auto end = line.find('\t');
    auto text = line.substr(0, end);
    if (text == "\\N")
      fields_.emplace_back();
    else
      fields_.push_back({field::kind::text, unescaped(text)});
    if (end == line.npos)
      return fields_;
    line.remove_prefix(end + 1);
  }
}

} // namespace millrace::postgres
