#pragma once

/// A run of batch figures: what the scheduler orders, and what the worker answers.

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// Figures to run together, in one snapshot. `figures` are indexes into plan_set::batches.
struct batch_order {
  std::string token;        ///< the scheduler's fencing token
  std::uint64_t number = 0; ///< of the run, in the ledger
  std::vector<std::uint16_t> figures = {};
};

/// What became of one figure of a run.
struct batch_result {
  std::uint16_t figure = 0;
  std::uint64_t rows = 0; ///< of the query's result
  std::int64_t took_ms = 0;
  std::string why = {}; ///< why it failed, in PostgreSQL's words where they are; empty: its result is staged
};

struct batch_outcome {
  std::uint64_t number = 0;  ///< of the run
  std::string snapshot = {}; ///< when the snapshot was taken, UTC in ISO 8601; empty: there was none
  std::vector<batch_result> results = {};
  bool fenced = false; ///< another scheduler has the ledger: nothing of this run counts
};

} // namespace millrace
