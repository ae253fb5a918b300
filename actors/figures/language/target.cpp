#include "actors/figures/language/target.hpp"

#include "actors/figures/language/cron.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace millrace {

namespace {

constexpr std::string_view grammar = "redis: string K | hash K | hash K field F | zset K member M score "
                                     "column | json K, then [ttl T] [every T | at 'cron'] [newest K2] "
                                     "[events K3 [maxlen N]] [notify CHANNEL] [name X]";

constexpr std::string_view alert_grammar =
    "alert: NAME [severity info|warning|critical] [for T] [keep T] [ttl T] [at first]";

struct word {
  std::string_view text;
  int at = 0;
};

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Splits a line into words. A space within {braces} is part of a column's name.
class words {
 public:
  words(std::string_view line, std::size_t from) : line_(line), at_(from) { skip(); }
  bool done() const { return at_ >= line_.size(); }
  int at() const { return static_cast<int>(at_); }
  word peek() const { return {line_.substr(at_, end() - at_), at()}; }
  word next() {
    auto out = peek();
    at_ = end();
    skip();
    return out;
  }

 private:
  void skip() {
    while (at_ < line_.size() && is_space(line_[at_]))
      ++at_;
  }
  std::size_t end() const {
    bool inside = false;
    auto i = at_;
    for (; i < line_.size() && (inside || !is_space(line_[i])); ++i) {
      if (!inside && i + 1 < line_.size() && (line_.substr(i, 2) == "{{" || line_.substr(i, 2) == "}}"))
        ++i;
      else if (line_[i] == '{')
        inside = true;
      else if (line_[i] == '}')
        inside = false;
    }
    return i;
  }
  std::string_view line_;
  std::size_t at_;
};

[[noreturn]] void refuse(int at, std::string message, std::string advice = std::string(grammar)) {
  throw target_refusal{at, std::move(message), std::move(advice)};
}

word expect(words& in, const char* what) {
  if (in.done())
    refuse(in.at(), std::string("the target line ends where ") + what + " should stand");
  return in.next();
}

target_template parse_template(word from) {
  target_template out{{}, from.at, std::string(from.text)};
  std::string literal;
  int literal_at = from.at;
  auto flush = [&] {
    if (!literal.empty())
      out.pieces.push_back({std::exchange(literal, {}), false, literal_at});
  };
  for (std::size_t i = 0; i < from.text.size(); ++i) {
    auto c = from.text[i];
    auto here = from.at + static_cast<int>(i);
    auto doubled = i + 1 < from.text.size() && from.text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      literal += c;
      ++i;
    } else if (c == '}') {
      refuse(here, "a closing brace has no opening one", "write }} for the brace itself");
    } else if (c == '{') {
      auto close = from.text.find('}', i);
      if (close == from.text.npos)
        refuse(here, "a placeholder has no closing brace", "write {column}, or {{ for the brace itself");
      if (close == i + 1)
        refuse(here, "a placeholder names no column", "write {column}");
      flush();
      out.pieces.push_back({std::string(from.text.substr(i + 1, close - i - 1)), true, here});
      i = close;
      literal_at = from.at + static_cast<int>(i) + 1;
    } else {
      literal += c;
    }
  }
  flush();
  return out;
}

std::uint32_t parse_duration(word from) {
  std::uint64_t number = 0;
  auto* end = from.text.data() + from.text.size();
  auto parsed = std::from_chars(from.text.data(), end, number);
  std::uint64_t unit = 0;
  if (parsed.ec == std::errc{} && parsed.ptr + 1 == end)
    switch (*parsed.ptr) {
    case 's':
      unit = 1;
      break;
    case 'm':
      unit = 60;
      break;
    case 'h':
      unit = 3'600;
      break;
    case 'd':
      unit = 86'400;
      break;
    default:
      break;
    }
  if (unit == 0 || number == 0)
    refuse(from.at, "'" + std::string(from.text) + "' isn't a duration",
           "a number and s, m, h or d: 90s, 15m, 2h, 7d");
  if (number > std::numeric_limits<std::int32_t>::max() / unit)
    refuse(from.at, "the duration is longer than 68 years", "a shorter one");
  return static_cast<std::uint32_t>(number * unit);
}

std::uint32_t parse_count(word from) {
  std::uint32_t number = 0;
  auto* end = from.text.data() + from.text.size();
  auto parsed = std::from_chars(from.text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0)
    refuse(from.at, "'" + std::string(from.text) + "' is no number of entries", "a number such as 100000");
  return number;
}

/// Parses a key without placeholders.
target_template parse_key(words& in, const char* what) {
  auto out = parse_template(expect(in, what));
  for (auto& piece : out.pieces)
    if (piece.placeholder)
      refuse(piece.at, std::string("a placeholder in ") + what, "a key without {column}");
  return out;
}

/// Parses a column's name: bare, or in double quotes as in SQL. A name with a space needs {braces}.
std::string column_name(word from) {
  auto text = from.text;
  for (auto [open, close] : {std::pair{'"', '"'}, std::pair{'{', '}'}})
    if (text.size() > 2 && text.front() == open && text.back() == close)
      return std::string(text.substr(1, text.size() - 2));
  return std::string(text);
}

void parse_place(words& in, target_line& out) {
  auto type = expect(in, "the type (string, hash, zset or json)");
  out.at = type.at;
  if (type.text == "string")
    out.what = target_line::type::string;
  else if (type.text == "hash")
    out.what = target_line::type::hash;
  else if (type.text == "zset")
    out.what = target_line::type::zset;
  else if (type.text == "json")
    out.what = target_line::type::json;
  else
    refuse(type.at, "'" + std::string(type.text) + "' isn't a type of place");
  out.key = parse_template(expect(in, "the key"));
  if (out.what == target_line::type::hash && !in.done() && in.peek().text == "field") {
    in.next();
    out.what = target_line::type::hash_field;
    out.member = parse_template(expect(in, "the field"));
  }
  if (out.what != target_line::type::zset)
    return;
  if (auto x = expect(in, "'member'"); x.text != "member")
    refuse(x.at, "a zset needs 'member M score column'");
  out.member = parse_template(expect(in, "the member"));
  if (auto x = expect(in, "'score'"); x.text != "score")
    refuse(x.at, "a zset needs 'score column' after its member");
  auto score = expect(in, "the score's column");
  out.score = column_name(score);
  out.score_at = score.at;
}

constexpr auto cron_advice = "at 'MINUTE HOUR DAY MONTH WEEKDAY' in UTC, as in at '0 3 * * *'; or every 60s";

/// Parses the quoted cron line, which has spaces.
std::string parse_cron(words& in) {
  auto first = expect(in, "the cron line in quotes");
  auto text = std::string(first.text);
  auto closed = [&] { return text.size() > 1 && text.back() == '\''; };
  if (text.front() != '\'')
    refuse(first.at, "the cron line isn't in quotes", cron_advice);
  while (!closed()) {
    if (in.done())
      refuse(first.at, "the quote of the cron line isn't closed", cron_advice);
    auto gap = in.at() - first.at - static_cast<int>(text.size());
    text += std::string(static_cast<std::size_t>(gap), ' ') + std::string(in.next().text);
  }
  auto line = text.substr(1, text.size() - 2);
  auto parsed = cron_times::parse(line);
  if (auto* wrong = std::get_if<cron_times::mistake>(&parsed))
    refuse(first.at + 1 + static_cast<int>(wrong->at), wrong->message, cron_advice);
  return line;
}

void parse_times(word option, words& in, target_line& out) {
  if (out.is_batch())
    refuse(option.at, "a second time: a batch figure has every or at, once");
  out.times_at = option.at;
  if (option.text == "every")
    out.every_seconds = parse_duration(expect(in, "the period"));
  else
    out.cron = parse_cron(in);
}

void parse_option(words& in, target_line& out) {
  auto option = in.next();
  if (option.text == "every" || option.text == "at") {
    parse_times(option, in, out);
  } else if (option.text == "ttl") {
    if (out.ttl_seconds != 0)
      refuse(option.at, "the target line has two ttls");
    out.ttl_at = option.at;
    out.ttl_seconds = parse_duration(expect(in, "the ttl's duration"));
  } else if (option.text == "newest") {
    if (!out.newest.pieces.empty())
      refuse(option.at, "a second newest");
    out.newest = parse_key(in, "the key of the newest place's copy");
  } else if (option.text == "events") {
    if (!out.events.pieces.empty())
      refuse(option.at, "a second events");
    out.events = parse_key(in, "the key of the stream");
    if (!in.done() && in.peek().text == "maxlen")
      out.events_maxlen = (in.next(), parse_count(expect(in, "the number of entries")));
  } else if (option.text == "notify") {
    if (!out.notify.empty())
      refuse(option.at, "a second notify");
    auto channel = expect(in, "the channel");
    out.notify = std::string(channel.text);
    out.notify_at = channel.at;
  } else if (option.text == "name") {
    if (!out.name.empty())
      refuse(option.at, "the target line has two names");
    auto name = expect(in, "the name");
    out.name = std::string(name.text);
    out.name_at = name.at;
  } else {
    refuse(option.at, "'" + std::string(option.text) + "' isn't part of a target line");
  }
}

/// An alert's name is a part of keys and of Kafka's messages.
void check_alert_name(word name) {
  auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  for (std::size_t i = 0; i < name.text.size(); ++i)
    if (!fits(name.text[i]))
      refuse(name.at + static_cast<int>(i), "an alert's name has letters, digits, _ - and . only",
             std::string(alert_grammar));
  for (auto taken : {"count", "stream", "active"})
    if (name.text == taken)
      refuse(name.at, "the name " + std::string(taken) + " stands for a key of all alerts", "another name");
}

void parse_duration_once(words& in, word option, std::uint32_t& to) {
  if (to != 0)
    refuse(option.at, "a second " + std::string(option.text), std::string(alert_grammar));
  to = parse_duration(expect(in, "a duration"));
}

void parse_alert_option(words& in, target_line& out) {
  auto option = in.next();
  if (option.text == "severity") {
    auto x = expect(in, "the severity");
    if (x.text != "info" && x.text != "warning" && x.text != "critical")
      refuse(x.at, "'" + std::string(x.text) + "' is no severity", "info, warning or critical");
    out.severity = std::string(x.text);
  } else if (option.text == "for") {
    parse_duration_once(in, option, out.for_seconds);
  } else if (option.text == "keep") {
    parse_duration_once(in, option, out.keep_seconds);
  } else if (option.text == "ttl") {
    out.ttl_at = option.at;
    parse_duration_once(in, option, out.ttl_seconds);
  } else if (option.text == "at") {
    if (auto x = expect(in, "'first'"); x.text != "first")
      refuse(x.at, "'at' stands in 'at first' only", std::string(alert_grammar));
    out.at_first = true;
  } else {
    refuse(option.at, "'" + std::string(option.text) + "' isn't part of an alert's line",
           std::string(alert_grammar));
  }
}

void parse_alert(words& in, target_line& out) {
  out.what = target_line::type::alert;
  out.at = in.at();
  auto name = expect(in, "the alert's name");
  check_alert_name(name);
  out.name = std::string(name.text);
  out.name_at = name.at;
  while (!in.done())
    parse_alert_option(in, out);
}

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  return text;
}

} // namespace

bool is_target_line(std::string_view comment) {
  auto text = without_leading_space(comment);
  return text.starts_with("redis:") || text.starts_with("alert:");
}

std::variant<target_line, target_refusal> parse_target(std::string_view line) {
  auto text = without_leading_space(line);
  auto start = line.size() - text.size();
  try {
    words in(line, start + std::string_view("redis:").size()); // as long as "alert:"
    target_line out;
    if (text.starts_with("alert:")) {
      parse_alert(in, out);
      return out;
    }
    parse_place(in, out);
    while (!in.done())
      parse_option(in, out);
    return out;
  } catch (target_refusal& refused) {
    return std::move(refused);
  }
}

} // namespace millrace
