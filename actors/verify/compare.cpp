#include "actors/verify/compare.hpp"

#include <charconv>

namespace millrace::verify {

namespace {

constexpr std::size_t longest_shown = 120;

std::optional<double> nearest_double(std::string_view text) {
  double out = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

/// Cuts a long text at a UTF-8 character boundary.
std::string shortened(std::string_view text) {
  if (text.size() <= longest_shown)
    return std::string(text);
  auto end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return std::string(text.substr(0, end)) + "… (" + std::to_string(text.size()) + " bytes)";
}

std::string shown(const std::optional<std::string>& x) { return x ? "'" + shortened(*x) + "'" : "nothing"; }

/// Returns where two long texts first differ, if their shortened forms hide it.
std::string parting(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (!a || !b || (a->size() <= longest_shown && b->size() <= longest_shown))
    return "";
  std::size_t at = 0;
  while (at < a->size() && at < b->size() && (*a)[at] == (*b)[at])
    ++at;
  return "; they part at byte " + std::to_string(at);
}

} // namespace

bool same_score(std::string_view decimal, std::string_view found) {
  auto a = nearest_double(decimal), b = nearest_double(found);
  return a && b && *a == *b;
}

std::optional<difference> compare(target_kind what, const expected_place& expected,
                                  const found_place& found) {
  auto equal = found.refused.empty() && expected.text == found.text;
  if (!equal && what == target_kind::zset && expected.text && found.text)
    equal = same_score(*expected.text, *found.text);
  if (equal)
    return std::nullopt;
  return difference{expected.where, expected.text, found.text, found.refused};
}

std::string to_text(const difference& x) {
  auto out = to_text(x.where) + ": SQL has " + shown(x.expected) + ", Redis ";
  if (!x.note.empty())
    return out + "refuses: " + x.note;
  return out + "has " + shown(x.found) + parting(x.expected, x.found);
}

bool may_have_expired(std::uint32_t ttl_seconds, std::optional<tick_seconds> last_written, tick_seconds now) {
  if (ttl_seconds == 0 || !last_written)
    return false;
  return last_written->value + ttl_seconds <= now.value + clock_slack.count();
}

} // namespace millrace::verify
