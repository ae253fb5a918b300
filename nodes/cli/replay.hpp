#pragma once

/// Replays dead letters. It reads their rows again from PostgreSQL, because later records of the rows may
/// have been applied.

#include "actors/cdc_router/dead_letters.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "nodes/settings/config.hpp"

#include <functional>

namespace millrace {

class replay {
 public:
  /// Called for each letter with how it was resolved, or why it wasn't.
  using teller = std::function<void(const dead_letter&, const result<std::string>&)>;

  /// All arguments must outlive this.
  replay(const settings& how, kafka::producer& writes, postgres::session& db, const plan_set& plans)
      : how_(how), writes_(writes), db_(db), plans_(plans) {}

  /// Replays letters, many rows at a time, and resolves those that it can. Returns how many are left.
  int all(const std::vector<dead_letter>& letters, const teller& told);

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

  const settings& how_;
  kafka::producer& writes_;
  postgres::session& db_;
  const plan_set& plans_;
};

} // namespace millrace
