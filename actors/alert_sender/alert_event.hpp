#pragma once

/// An alert's event, as alerts:stream has it (actors/redis/functions/alerts.lua). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

struct alert_event {
  std::string id;       ///< of alert, key and start: the same for firing and resolved
  std::string alert;    ///< its name
  std::string key;      ///< of the subject
  std::string severity; ///< empty: unknown
  std::string revision; ///< of the alert's plan; empty: the alert is gone
  bool resolved = false;
  std::int64_t at = 0;                                      ///< Unix time, s
  std::int64_t start = 0;                                   ///< Unix time, s
  std::int64_t end = 0;                                     ///< Unix time, s; only if resolved
  std::vector<std::pair<std::string, std::string>> columns; ///< of the query, as the alert began to fire
};

/// Returns the event with these fields and texts in turn. nullopt: another client wrote it, because it
/// lacks a field or has a time that is no number.
std::optional<alert_event> event_of(const std::vector<std::string>& fields);

/// Returns the text of a label: alertname, severity, key, or a column of the query. nullopt: it has none.
std::optional<std::string> label_of(const alert_event& x, const std::string& label);

/// Returns a time as ISO 8601 with the zone Z.
std::string time_in_words(std::int64_t unix_seconds);

} // namespace millrace
