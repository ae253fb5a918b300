#pragma once

/// The servers around a node, for fills and status: PostgreSQL (with the node's role), what captures its
/// changes, the ledger. Connects when needed, and again after an error. For one thread.

#include "actors/figures/plan/plan.hpp"
#include "actors/fill/catalog_watch.hpp"
#include "actors/fill/fill.hpp"
#include "actors/postgres/lasting_session.hpp"
#include "actors/redis/store.hpp"
#include "actors/sources/capture.hpp"
#include "actors/sources/letter_box.hpp"
#include "messages/reports.hpp"

#include <memory>
#include <set>

namespace millrace {

struct surroundings_settings {
  std::shared_ptr<postgres::lasting_session> session;
  std::shared_ptr<capture> log;
  std::shared_ptr<letter_box> letters;
  feeds_table feeds = nullptr;
  std::string publication;
  std::vector<std::string> roles; ///< that read the tables: of the node and of Debezium
  std::string life;               ///< incarnation of the ledger
  std::string system_identifier;  ///< of the PostgreSQL instance that the ledger belongs to; empty: unknown
  const plan_set* plans = nullptr;
  std::uint16_t shards = 32;
  std::function<result<redis::store>()> open_store;
  std::function<void(std::string)>
      lost; ///< called for another database or other figures: the node starts over
};

class surroundings {
 public:
  explicit surroundings(surroundings_settings how);

  /// Returns what a fill needs, without sweep and publish. Refers to this object.
  fill_backend backend();

  /// Checks what captures, dead letters, the tables in the catalog, and the ledger's incarnation.
  surroundings_report look(bool leads);

 private:
  result<postgres::session*> session();
  result<redis::store*> store();
  result<bool> durable(const position_map& ends);
  result<std::optional<saved_note>> saved();
  result<void> save(const fill_note& note, bool live);
  result<void> read(lsn from, const std::vector<std::string>& tables);
  result<void> prove(lsn from, const std::vector<std::string>& tables);
  result<void> doubt(const std::string& why, const std::vector<std::string>& tables);
  result<std::map<std::string, std::string>> to_read_again();
  catalog_watch_settings relied_on() const;
  void look_at_letters();
  void look_for_change();
  std::map<std::string, doubt_report> look_at_catalog(bool leads);
  void identify(postgres::session& x);
  void look_at_encoding(postgres::session& x);

  surroundings_settings how_;
  std::unique_ptr<redis::store> store_;
  catalog_watch catalog_;
  postgres::catalog_picture read_as_; ///< the tables' facts, right before they were read
  std::string catalog_trouble_;
  std::map<std::string, doubt_report> doubts_;  ///< from the last check, by SCHEMA.TABLE
  std::optional<std::string> encoding_trouble_; ///< nullopt: unknown
  std::map<std::string, std::int64_t> letters_; ///< open dead letters by SCHEMA.TABLE
  std::chrono::steady_clock::time_point identified_{};
};

} // namespace millrace
