#pragma once

/// Opens the parts of the project's source: Kafka's change topics, which Debezium fills. Besides the verbs
/// about these servers, only the files that open it know which source it is.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/lasting_session.hpp"
#include "actors/sources/capture.hpp"
#include "actors/sources/change_source.hpp"
#include "actors/sources/kafka/consumer.hpp"
#include "actors/sources/letter_box.hpp"
#include "actors/sources/replay.hpp"
#include "nodes/settings/config.hpp"

#include <functional>
#include <map>
#include <memory>

namespace millrace {

/// All sources of a project, by the names that its servers have for them.
using project_sources = kafka::topics_by_source;

/// Returns the partitions of the change topics. Creates missing topics.
result<project_sources> find_sources(const settings& how, const plan_set& plans);

/// Says which tables a project's sources feed.
feeds_table feeds_of(const settings& how);

/// What a router needs besides, to read on from a ledger.
struct reading_on {
  bool first_fill = false; ///< no cell has a row yet
  std::string database;    ///< PostgreSQL's system identifier; empty: any
  lsn birth;               ///< the end of the WAL when the ledger was created; 0: the tables weren't read
  bool to_fold = false;    ///< records are processed: keep a note of each, and compare it with the WAL
};

/// Returns the project's source. `plans` must outlive it.
result<std::shared_ptr<change_source>> open_source(const settings& how, const plan_set& plans,
                                                   project_sources sources, const reading_on& from = {});

/// Returns the dead letters. `sources`: those whose records can become letters.
std::unique_ptr<letter_box> open_letters(const settings& how, project_sources sources = {});

/// Returns what replays dead letters. `letters`, `db` and `plans` must outlive it.
std::unique_ptr<replay> open_replay(const settings& how, letter_box& letters, postgres::session& db,
                                    const plan_set& plans);

/// Watches the connector; each can be empty.
struct connector_care {
  std::function<connector_report(std::optional<bool> slot_active)> look;
  std::function<void()> restart;
};

/// Returns what captures the project's changes. `plans` must outlive it. `lost`: the node starts over.
std::unique_ptr<capture> open_capture(const settings& how, const plan_set& plans, project_sources sources,
                                      std::shared_ptr<postgres::lasting_session> session, connector_care care,
                                      std::function<void(std::string)> lost);

} // namespace millrace
