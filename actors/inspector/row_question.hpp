#pragma once

/// A question for one row, in the words of a person: `orders 17`. Pure.

#include "actors/figures/plan/plan.hpp"
#include "messages/error.hpp"

#include <string>
#include <vector>

namespace millrace {

struct row_question {
  table_id table;
  std::string name;      ///< SCHEMA.TABLE
  std::string key;       ///< packed primary key
  std::uint16_t shard{}; ///< of the table's own cell
};

/// Returns which row the words mean. An error says what is wrong: a table that no figure reads, a name that
/// two schemas have, a key with too few or too many parts, or a part that isn't of its column's type.
result<row_question> question_of(const plan_set& plans, std::uint16_t shards, const std::string& table,
                                 const std::vector<std::string>& key);

} // namespace millrace
