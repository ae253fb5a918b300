#include "actors/verify/expect.hpp"

#include "actors/figures/language/clock_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace millrace::verify {

namespace {

/// An alias that no column has: a column with this name would hide the row from row_to_json.
constexpr std::string_view row_alias = "millrace_verified_row";

std::string without_end(std::string sql) {
  auto last = sql.find_last_not_of(" \t\r\n;");
  sql.erase(last == sql.npos ? 0 : last + 1);
  return sql;
}

/// Returns the number. Returns nullopt for NaN, which can't be a score, so there is no zset member.
std::optional<std::string> score_of(const std::optional<std::string>& text) {
  return text == "NaN" ? std::nullopt : text;
}

std::vector<expected_place> hash_fields(const figure_plan& figure, const std::string& key,
                                        const text_row& row) {
  std::vector<expected_place> out;
  for (auto i : fields_of(figure))
    out.push_back({{key, figure.outputs[i].name}, row.at(i)});
  return out;
}

/// The parts of a date, in the order of a timestamp's text.
struct date_parts {
  std::array<int, 6> part{0, 1, 1, 0, 0, 0}; // year month day hour minute second
  bool year = false;
};

std::optional<int> digits(std::string_view& text, std::size_t count) {
  int out = 0;
  if (text.size() < count)
    return std::nullopt;
  auto [end, bad] = std::from_chars(text.data(), text.data() + count, out);
  if (bad != std::errc{} || end != text.data() + count)
    return std::nullopt;
  text.remove_prefix(count);
  return out;
}

constexpr std::array<std::string_view, 6> patterns{"YYYY", "MM", "DD", "HH24", "MI", "SS"};

/// Returns the index of the pattern at the format's beginning, in any case; patterns.size() if there is none.
std::size_t pattern_at(std::string_view format) {
  auto alike = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
  auto begins = [&](std::string_view x) {
    return format.size() >= x.size()
           && std::equal(x.begin(), x.end(), format.begin(), [&](char b, char a) { return alike(a, b); });
  };
  return static_cast<std::size_t>(std::find_if(patterns.begin(), patterns.end(), begins) - patterns.begin());
}

/// Parses a text that to_char wrote with `format`: patterns, literal separators, and text in double quotes.
std::optional<date_parts> read_by(std::string_view format, std::string_view text) {
  date_parts out;
  bool quoted = false;
  while (!format.empty()) {
    auto i = quoted ? patterns.size() : pattern_at(format);
    if (i < patterns.size()) {
      auto number = digits(text, i == 0 ? 4 : 2);
      if (!number)
        return std::nullopt;
      out.part[i] = *number;
      out.year = out.year || i == 0;
      format.remove_prefix(patterns[i].size());
    } else if (format.front() == '"') {
      quoted = !quoted;
      format.remove_prefix(1);
    } else if (text.empty() || text.front() != format.front()) {
      return std::nullopt;
    } else {
      format.remove_prefix(1);
      text.remove_prefix(1);
    }
  }
  return out.year && text.empty() ? std::optional(out) : std::nullopt;
}

} // namespace

std::string query_of(const figure_plan& figure, tick_seconds now) {
  auto sql = without_end(figure.sql);
  auto windowed = false;
  for_each_window(figure, [&](auto&) { windowed = true; });
  if (windowed)
    sql = with_clock(sql, now);
  if (figure.place.what != target_kind::json)
    return sql;
  auto alias = std::string(row_alias);
  // On its own line, because the query may end in a comment.
  return "SELECT " + alias + ".*, row_to_json(" + alias + ")::text FROM (\n" + sql + "\n) AS " + alias;
}

std::vector<expected_place> expected_of(const figure_plan& figure, const text_row& row) {
  auto& to = figure.place;
  auto key = render(to.key, figure.outputs, row);
  if (!key)
    return {};
  if (to.what == target_kind::string)
    return {{{*key, std::nullopt}, row.at(to.shown)}};
  if (to.what == target_kind::json)
    return {{{*key, std::nullopt}, row.back()}};
  if (to.what == target_kind::hash)
    return hash_fields(figure, *key, row);
  auto member = render(to.member, figure.outputs, row);
  if (!member)
    return {};
  auto& shown = row.at(to.shown);
  return {{{*key, *member}, to.what == target_kind::zset ? score_of(shown) : shown}};
}

std::optional<tick_seconds> bucket_begin(const key_expression& key, std::string_view text) {
  // date_trunc prints a timestamp, with or without a fraction. BC isn't parsed: such buckets closed long ago.
  auto trunc = key.what != key_expression::kind::to_char;
  if (trunc)
    text = text.substr(0, text.find('.'));
  auto parts = read_by(trunc ? "YYYY-MM-DD HH24:MI:SS" : std::string_view(key.argument), text);
  if (!parts)
    return std::nullopt;
  using namespace std::chrono;
  auto [y, m, d, hour, minute, second] = parts->part;
  auto date = year(y) / static_cast<unsigned>(m) / static_cast<unsigned>(d);
  if (!date.ok())
    return std::nullopt;
  auto day_begins = duration_cast<seconds>(sys_days(date).time_since_epoch());
  return tick_seconds{day_begins.count() + hour * 3600 + minute * 60 + second};
}

bucket bucket_of(const figure_plan& figure, const text_row& row, tick_seconds now) {
  if (!figure.time_key || figure.place.ttl_seconds == 0)
    return bucket::open;
  for (std::size_t i = 0; i < figure.outputs.size(); ++i) {
    auto& output = figure.outputs[i];
    if (output.what != output_column::kind::key || output.index != *figure.time_key || !row.at(i))
      continue;
    auto begin = bucket_begin(figure.keys.at(*figure.time_key), *row.at(i));
    if (!begin)
      return bucket::open;
    auto left = begin->value + figure.place.ttl_seconds - now.value;
    if (left > clock_slack.count())
      return bucket::open;
    return left < -clock_slack.count() ? bucket::closed : bucket::border;
  }
  return bucket::open;
}

} // namespace millrace::verify
