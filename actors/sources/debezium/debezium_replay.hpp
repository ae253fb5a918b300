#pragma once

/// Replays dead letters by Debezium's incremental snapshots of their rows. A row that isn't in PostgreSQL any
/// more gets a DELETE record of Millrace's own, in the letter's partition.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/debezium/side_topics.hpp"
#include "actors/sources/replay.hpp"

namespace millrace {

class debezium_replay : public replay {
 public:
  /// `letters`, `db` and `plans` must outlive this.
  debezium_replay(kafka::settings kafka, side_topics::names side, letter_box& letters, postgres::session& db,
                  const plan_set& plans)
      : kafka_(std::move(kafka)), side_(std::move(side)), letters_(letters), db_(db), plans_(plans) {}

  int all(const std::vector<dead_letter>& letters, const teller& told) override;

 private:
  /// A row, and its letters.
  struct subject {
    row key;
    std::vector<dead_letter> letters;
  };

  std::map<table_id, std::map<std::string, subject>> by_row(const std::vector<dead_letter>& letters,
                                                            const teller& told) const;
  void replay_rows(table_id table, std::vector<subject> rows, const teller& told);
  std::optional<table_id> table_of(const std::string& name) const;
  result<bool> is_there(const postgres::table& of, const row& key);
  result<void> read_again(const postgres::table& of, const std::vector<subject>& rows);
  result<void> forget(const postgres::table& of, const std::vector<subject>& rows, lsn before);
  void resolve(const std::vector<subject>& rows, result<void> brought, const std::string& how,
               const teller& told);

  kafka::settings kafka_;
  side_topics::names side_;
  letter_box& letters_;
  postgres::session& db_;
  const plan_set& plans_;
};

} // namespace millrace
