#pragma once

/// Silences: which alerts aren't sent for some time. They are in the ledger, JSON by ID. Pure.

#include "actors/alert_sender/alert_event.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace millrace {

struct silence {
  std::string id;
  std::map<std::string, std::string> labels; ///< an alert that has all of them is silenced
  std::int64_t from = 0, until = 0;          ///< Unix time, s; `until` is no longer part of it
  std::string reason;
  bool operator==(const silence&) const = default;
};

/// Returns the labels that NAME and LABEL=VALUE words give: a word without `=` is an alert's name.
/// Error (bad_setting): no word, an empty label, or one that is given twice.
result<std::map<std::string, std::string>> labels_of(const std::vector<std::string>& words);

/// Returns the labels as labels_of() takes them.
std::string in_words(const std::map<std::string, std::string>& labels);

/// Returns the duration of a text such as 90s, 30m, 1h30m or 7d. Error (bad_setting): it is another
/// text, less than a second, or more than 366 days.
result<std::chrono::seconds> duration_of(const std::string& text);

/// Returns the silence that keeps this event back at `now`; null: none does.
const silence* silence_of(const std::vector<silence>& all, const alert_event& event, std::int64_t now);

std::string to_json(const silence& x);

/// Returns the silences in the ledger. Skips what isn't one, and those that have ended at `now`.
std::vector<silence> silences_in(const std::map<std::string, std::string>& ledger, std::int64_t now);

/// Returns the IDs in the ledger of those that have ended at `now`.
std::vector<std::string> ended_silences(const std::map<std::string, std::string>& ledger, std::int64_t now);

} // namespace millrace
