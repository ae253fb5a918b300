#include "actors/alert_sender/alert_event.hpp"

#include <charconv>
#include <ctime>
#include <map>

namespace millrace {

namespace {

/// The times that a receiver can print: year 0 to 9999.
constexpr std::int64_t first_second = -62167219200, last_second = 253402300799;

bool read_time(const std::string& text, std::int64_t& into) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
  return failed == std::errc() && end == text.data() + text.size() && into >= first_second
         && into <= last_second;
}

} // namespace

std::optional<alert_event> event_of(const std::vector<std::string>& fields) {
  alert_event out;
  std::map<std::string, std::string> own{{"type", ""},      {"subject", ""},  {"state", ""},
                                         {"at", ""},        {"alert_id", ""}, {"alert_start", ""},
                                         {"alert_end", ""}, {"severity", ""}, {"alert_revision", ""}};
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
    if (auto known = own.find(fields[i]); known != own.end())
      known->second = fields[i + 1];
    else
      out.columns.emplace_back(fields[i], fields[i + 1]);
  out.id = own["alert_id"];
  out.alert = own["type"];
  out.key = own["subject"];
  out.severity = own["severity"];
  out.revision = own["alert_revision"];
  out.resolved = own["state"] == "resolved";
  auto whole = !out.id.empty() && !out.alert.empty() && (out.resolved || own["state"] == "firing")
               && read_time(own["at"], out.at) && read_time(own["alert_start"], out.start)
               && (!out.resolved || read_time(own["alert_end"], out.end));
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> label_of(const alert_event& x, const std::string& label) {
  if (label == "alertname")
    return x.alert;
  if (label == "severity")
    return x.severity;
  if (label == "key")
    return x.key;
  for (auto& [name, text] : x.columns)
    if (name == label)
      return text;
  return std::nullopt;
}

std::string time_in_words(std::int64_t unix_seconds) {
  std::time_t seconds = unix_seconds;
  std::tm parts{};
  char out[32];
  ::gmtime_r(&seconds, &parts);
  std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return out;
}

} // namespace millrace
