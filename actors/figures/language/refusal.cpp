#include "actors/figures/language/refusal.hpp"

#include "messages/visible.hpp"

#include <algorithm>

namespace millrace {

namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

/// Returns the line with the caret, as wide as the shown text before it. Keeps tabs.
std::string caret(const std::string& line, int column) {
  std::size_t end = 0;
  for (int seen = 0; end < line.size(); ++end)
    if (starts_character(line[end]) && ++seen == column)
      break;
  std::string out;
  for (auto c : visible_lines(std::string_view(line).substr(0, end)))
    if (starts_character(c))
      out += c == '\t' ? '\t' : ' ';
  return out + "^";
}

} // namespace

std::string to_text(const refusal& x) {
  auto out = visible(x.file);
  if (x.line > 0)
    out += ":" + std::to_string(x.line) + ":" + std::to_string(x.column);
  out += ": " + visible(x.message) + "\n";
  if (x.line > 0)
    out += "    " + visible_lines(x.source_line) + "\n    " + caret(x.source_line, x.column) + "\n";
  if (!x.advice.empty())
    out += "  instead: " + visible(x.advice) + "\n";
  return out;
}

int source_file::line_of(std::size_t byte) const {
  auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

std::string source_file::place(std::size_t byte) const { return name + ":" + std::to_string(line_of(byte)); }

refusal source_file::at(std::size_t byte, std::string message, std::string advice) const {
  byte = std::min(byte, text.size());
  auto before = byte == 0 ? std::string::npos : text.rfind('\n', byte - 1);
  auto begin = before == std::string::npos ? 0 : before + 1;
  auto line = text.substr(begin, std::min(text.find('\n', byte), text.size()) - begin);
  auto column = 1
                + std::count_if(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(byte - begin),
                                starts_character);
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  return {name,           line_of(byte), static_cast<int>(column), std::move(message), std::move(advice),
          std::move(line)};
}

std::size_t byte_of_character(std::string_view text, int position) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (starts_character(text[i]) && --position == 0)
      return i;
  return text.size();
}

} // namespace millrace
