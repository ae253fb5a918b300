#include "actors/alert_sender/silence.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

namespace millrace {

namespace {

using json = nlohmann::json;
using std::chrono::seconds;

constexpr seconds longest_silence = std::chrono::hours{24 * 366};

seconds unit_of(char x) {
  switch (x) {
  case 's':
    return seconds{1};
  case 'm':
    return std::chrono::minutes{1};
  case 'h':
    return std::chrono::hours{1};
  case 'd':
    return std::chrono::hours{24};
  }
  return seconds{0};
}

error bad_duration(const std::string& text) {
  return {errc::bad_setting,
          "\"" + text + "\" is no duration: write 90s, 30m, 2h, 1h30m or 7d, 366 days at most"};
}

std::optional<silence> parse(const std::string& id, const std::string& text) {
  auto x = json::parse(text, nullptr, false);
  if (!x.is_object() || !x.contains("labels") || !x["labels"].is_object() || x["labels"].empty())
    return std::nullopt;
  try {
    return silence{id, x["labels"].get<std::map<std::string, std::string>>(),
                   x.value("from", std::int64_t{0}), x.value("until", std::int64_t{0}),
                   x.value("reason", "")};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

bool matches(const silence& x, const alert_event& event) {
  return std::all_of(x.labels.begin(), x.labels.end(),
                     [&](auto& label) { return label_of(event, label.first) == label.second; });
}

} // namespace

result<std::map<std::string, std::string>> labels_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> out;
  for (auto& word : words) {
    auto at = word.find('=');
    auto label = at == std::string::npos ? "alertname" : word.substr(0, at);
    if (label.empty() || word.empty())
      return error{errc::bad_setting, "\"" + word + "\": expected an alert's name or LABEL=VALUE"};
    if (!out.emplace(label, at == std::string::npos ? word : word.substr(at + 1)).second)
      return error{errc::bad_setting, "the label " + label + " is given twice; an alert has one value of it"};
  }
  if (out.empty())
    return error{errc::bad_setting, "expected an alert's name or LABEL=VALUE"};
  return out;
}

std::string in_words(const std::map<std::string, std::string>& labels) {
  std::string out;
  for (auto& [label, text] : labels)
    out += (out.empty() ? "" : " ") + (label == "alertname" ? text : label + "=" + text);
  return out;
}

result<seconds> duration_of(const std::string& text) {
  seconds out{0};
  for (std::size_t i = 0; i < text.size();) {
    std::int64_t count = 0;
    auto from = i;
    for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) && i - from < 9; ++i)
      count = count * 10 + (text[i] - '0');
    if (i == from || i == text.size() || unit_of(text[i]) == seconds{0})
      return bad_duration(text);
    out += count * unit_of(text[i++]);
  }
  return out < seconds{1} || out > longest_silence ? result<seconds>(bad_duration(text)) : out;
}

const silence* silence_of(const std::vector<silence>& all, const alert_event& event, std::int64_t now) {
  auto found = std::find_if(all.begin(), all.end(),
                            [&](auto& x) { return x.from <= now && now < x.until && matches(x, event); });
  return found == all.end() ? nullptr : &*found;
}

std::string to_json(const silence& x) {
  return json{{"labels", x.labels}, {"from", x.from}, {"until", x.until}, {"reason", x.reason}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

std::vector<silence> silences_in(const std::map<std::string, std::string>& ledger, std::int64_t now) {
  std::vector<silence> out;
  for (auto& [id, text] : ledger)
    if (auto x = parse(id, text); x && now < x->until)
      out.push_back(std::move(*x));
  return out;
}

std::vector<std::string> ended_silences(const std::map<std::string, std::string>& ledger, std::int64_t now) {
  std::vector<std::string> out;
  for (auto& [id, text] : ledger)
    if (auto x = parse(id, text); !x || x->until <= now)
      out.push_back(id);
  return out;
}

} // namespace millrace
