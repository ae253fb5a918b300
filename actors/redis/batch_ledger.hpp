#pragma once

/// What the ledger has of batch figures: the scheduler's fencing token, the runs, and a record for
/// each figure. A scheduler changes it in steps (store::step_batches).

#include "messages/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::redis {

/// One batch figure. Times are Unix time in s. The beginning of a run writes the record as if the run
/// had failed, and its end writes what became of it: a run that nobody ends counts as failed.
struct batch_record {
  std::uint64_t version = 0;      ///< of the plan that ran last
  std::int64_t slot = 0;          ///< the newest time at which it was due, and ran or was missed
  std::uint64_t last_run = 0;     ///< number of the run that attempted it last
  std::uint32_t failures = 0;     ///< failed attempts at this slot; 0: the last attempt succeeded
  std::int64_t ended = 0;         ///< of the last attempt
  std::int64_t failing_since = 0; ///< first failed attempt since it last succeeded; 0: none
  std::int64_t took_ms = 0;       ///< of the last attempt
  std::string why;                ///< why the last attempt failed
  std::uint64_t missed = 0;       ///< slots at which it didn't run
  std::int64_t succeeded = 0;     ///< when the shown result was put in place; 0: there is none
  std::string snapshot;           ///< of the shown result, ISO 8601
  std::uint64_t run = 0;          ///< number of the run that gave the shown result
  std::uint64_t rows = 0;         ///< of the shown result
};

/// The run under way.
struct batch_running {
  std::uint64_t number = 0;
  std::int64_t began = 0; ///< Unix time, s
  std::vector<std::string> figures;
};

struct batch_ledger {
  std::string token;        ///< empty: no scheduler has the ledger
  std::uint64_t number = 0; ///< of the last run that began
  std::optional<batch_running> running;
  std::map<std::string, batch_record> records; ///< by figure
  std::set<std::string> requested;             ///< figures that somebody asked to run now
};

/// What a scheduler changes at once. All texts of `history` are JSON.
struct batch_step {
  std::string token;
  std::uint64_t number = 0;             ///< the ledger's, before the step
  std::uint64_t next_number = 0;        ///< the ledger's, after it
  std::optional<batch_running> running; ///< the run under way after it
  std::map<std::string, batch_record> records;
  std::vector<std::string> replaced; ///< figures whose result, staged by run `number`, is shown from now on
  std::vector<std::string> dropped;  ///< figures whose staged result is deleted
  std::vector<std::string> answered; ///< requests that end here
  std::vector<std::string> history;  ///< for batch_jobs:history, oldest first
  std::uint64_t completed = 0, failed = 0, missed = 0; ///< to add to batch_jobs:*
  std::map<std::string, std::string> shown;            ///< to set in batch_jobs:*; empty text: delete
};

/// A figure whose result Redis doesn't accept, and Redis's error.
struct batch_refusal {
  std::string figure, why;
};

/// A place of a result: `member` is a hash field or zset member; else empty.
struct batch_place {
  std::string key, member;
  bool operator==(const batch_place&) const = default;
};

/// A row of a result at its place. `fields` are the pairs of a hash; for other kinds one text, with
/// an empty name; empty: all of it is NULL.
struct batch_row {
  batch_place where;
  std::vector<std::pair<std::string, std::string>> fields;
};

enum class batch_form : std::uint8_t { value, hash, field, zset };

struct staged_rows {
  std::string token;
  std::uint64_t number = 0; ///< of the run
  std::string figure;
  batch_form form = batch_form::value;
  std::vector<batch_row> rows;
};

/// Returns the error of a Redis function that found another token or run.
inline error fenced_batch() {
  return {errc::fenced, "another node took over the batch figures, or their run ended"};
}

std::string to_json(const batch_record& x);
std::string to_json(const batch_running& x);
/// Returns the argument of the function `batch_step`.
std::string to_json(const batch_step& x);
/// Parse what to_json() wrote. Return nullopt for any other text.
std::optional<batch_record> batch_record_from_json(const std::string& text);
std::optional<batch_running> batch_running_from_json(const std::string& text);

} // namespace millrace::redis
