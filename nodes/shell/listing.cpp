#include "nodes/shell/listing.hpp"

#include "messages/visible.hpp"

#include <algorithm>
#include <numeric>

namespace millrace::shell {

namespace {

using json = nlohmann::json;

constexpr std::size_t gap = 2, narrowest = 8;

bool begins_character(char x) { return (static_cast<unsigned char>(x) & 0xc0) != 0x80; }

const char* colour_of(tone x) {
  switch (x) {
  case tone::good:
    return "\033[32m";
  case tone::busy:
    return "\033[33m";
  case tone::bad:
    return "\033[1;31m";
  case tone::faint:
    return "\033[2m";
  case tone::plain:
    break;
  }
  return "";
}

std::string coloured(const std::string& text, tone is, const screen& on) {
  return on.colours && is != tone::plain ? colour_of(is) + text + "\033[0m" : text;
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
  auto have = width_of(text);
  std::string space(have < width ? width - have : 0, ' ');
  return to_the_right ? space + text : text + space;
}

std::vector<std::size_t> natural_widths(const listing& x) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < x.columns.size(); ++i) {
    out.push_back(width_of(x.columns[i]));
    for (auto& row : x.rows)
      out[i] = std::max(out[i], width_of(visible(row[i].text)));
  }
  return out;
}

/// Returns the columns' widths on a screen: the widest ones are cut first.
std::vector<std::size_t> widths_on(const listing& x, const screen& on) {
  auto out = natural_widths(x);
  auto all = [&] {
    return std::accumulate(out.begin(), out.end(), gap * (out.empty() ? 0 : out.size() - 1));
  };
  while (on.width > 0 && all() > on.width) {
    auto widest = std::max_element(out.begin(), out.end());
    if (*widest <= narrowest)
      break;
    --*widest;
  }
  return out;
}

bool is_of_numbers(const listing& x, std::size_t column) {
  return std::any_of(x.rows.begin(), x.rows.end(), [&](auto& row) { return row[column].number; });
}

void append_sentences(std::string& out, const std::vector<sentence>& some, const screen& on) {
  for (auto& x : some)
    out += coloured(visible(x.text), x.is, on) + "\n";
}

void append_line(std::string& out, const std::string& line) {
  auto end = line.find_last_not_of(' ');
  out += line.substr(0, end == line.npos ? 0 : end + 1) + "\n";
}

void append_table(std::string& out, const listing& x, const screen& on) {
  auto widths = widths_on(x, on);
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i)
    line += (i ? std::string(gap, ' ') : "")
            + padded(cut(x.columns[i], widths[i]), widths[i], is_of_numbers(x, i));
  append_line(out, line);
  for (auto& row : x.rows) {
    line.clear();
    for (std::size_t i = 0; i < widths.size(); ++i)
      line +=
          (i ? std::string(gap, ' ') : "")
          + coloured(padded(cut(visible(row[i].text), widths[i]), widths[i], row[i].number), row[i].is, on);
    append_line(out, line);
  }
}

json sentences_in_json(const std::vector<sentence>& some) {
  auto out = json::array();
  for (auto& x : some)
    out.push_back(x.text);
  return out;
}

} // namespace

field text_field(const std::string& x, tone is) { return {x, x, is, false}; }

field number_field(std::int64_t x, tone is) {
  auto digits = std::to_string(x);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (x < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return {digits, x, is, true};
}

field no_field() { return {"-", nullptr, tone::faint, false}; }

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width || width == 0)
    return width == 0 ? "" : text;
  std::size_t at = 0, have = 0;
  while (at < text.size() && (have + 1 < width || !begins_character(text[at]))) {
    have += begins_character(text[at]) ? 1 : 0;
    ++at;
  }
  while (at < text.size() && !begins_character(text[at]))
    ++at;
  return text.substr(0, at) + "…";
}

std::string in_text(const listing& x, const screen& on) {
  std::string out;
  append_sentences(out, x.before, on);
  if (!x.rows.empty())
    append_table(out, x, on);
  append_sentences(out, x.after, on);
  return out;
}

json in_json(const listing& x) {
  auto rows = json::array();
  for (auto& row : x.rows) {
    auto one = json::object();
    for (std::size_t i = 0; i < x.columns.size(); ++i)
      one[x.columns[i]] = row[i].value;
    rows.push_back(std::move(one));
  }
  auto out = x.more;
  out.update(
      {{"summary", sentences_in_json(x.before)}, {"rows", rows}, {"notes", sentences_in_json(x.after)}});
  return out;
}

} // namespace millrace::shell
