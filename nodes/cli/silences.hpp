#pragma once

/// The silences of alerts, for the verb `alerts`. Each function prints, and returns the process's exit code.

#include "actors/redis/store.hpp"

#include <string>
#include <vector>

namespace millrace {

/// Lists the silences that haven't ended.
int list_silences(redis::store& store, bool as_json);

/// Adds a silence of what the words name, and deletes those that have ended.
int add_silence(redis::store& store, const std::vector<std::string>& words, const std::string& duration,
                const std::string& reason);

/// Ends these silences, by their IDs. Exit 1 if there is none of one of them; the others end.
int remove_silences(redis::store& store, const std::vector<std::string>& ids);

} // namespace millrace
