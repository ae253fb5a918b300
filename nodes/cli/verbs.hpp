#pragma once

/// The program's verbs, except `node` and `generate`, which run actors. Each returns the process's exit code.

#include "nodes/settings/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Prints each figure's plan, or the refusals (exit 1). Also checks for collisions of names and places with
/// the project's other figures. Prints which database answered.
int run_check(const settings& how, const std::vector<std::string>& files);

struct verify_options {
  int wait_seconds = 60; ///< for the stream to drain, and for moving places to settle
  bool json = false;
  bool beside_writers = false; ///< doesn't pause the generator
  bool record = false;         ///< writes the result to batch_jobs:reconciliation
};
/// Compares Redis with PostgreSQL: 0 equal, 1 differs, 2 incomplete, 3 moving.
int run_verify(const settings& how, const verify_options& options);

struct alerts_options {
  /// `list` or `show` and an alert's name; `silences`; `silence` and what; `unsilence` and IDs. None of
  /// these: the name alone.
  std::vector<std::string> words;
  std::string duration, reason; ///< of `silence`
  bool json = false;
};
/// Lists the subjects of the running alerts that are pending, firing or recovering, or changes what is
/// silenced.
int run_alerts(const settings& how, const alerts_options& options);

/// Asks the local `node` or `generator` whether it serves, or the node whether it is `ready`. Returns 0, or
/// prints the reason and returns 1. A starting node serves nothing yet. One with incomplete figures does.
int run_health(const settings& how, const std::string& of);

/// Prints the node's status.
int run_status(const settings& how, bool json);

/// Registers the connector, shows its status (exit 1 if it doesn't run), resumes it or restarts its FAILED
/// parts (exit 1 if there is nothing to do), or deletes it.
int run_connector(const settings& how, const std::string& action);

/// Lists, shows or replays dead letters.
int run_dead_letters(const settings& how, const std::string& action, const std::string& which);

struct init_options {
  std::string folder;
  std::string name;     ///< empty: the folder's name
  std::string postgres; ///< URL; empty: from the settings
  std::string database; ///< another database on that server
  std::string redis, kafka, connect;
  std::uint16_t http_port = 0; ///< 0: a free one
  bool take_servers = false;   ///< use the settings' servers if no URL is given
};
/// Inspects a database and writes a project's folder.
int run_init(const settings& how, const init_options& options);

/// Reports for each server whether it accepts the settings' login. Exit 1 if one doesn't. `which` is
/// postgres, redis, kafka or connect; empty means all.
int run_servers(const settings& how, const std::vector<std::string>& which);

/// Prints the SQL that the database lacks for the figures. Exit 1 if it lacks something.
int run_prepare(const settings& how, const std::string& secrets);

struct remove_options {
  bool yes = false;         ///< delete, instead of only listing
  bool own_connect = false; ///< Kafka Connect is only the project's, and doesn't run: delete its topics too
};
/// Lists what a project has on its servers, or deletes it.
int run_remove(const settings& how, const remove_options& options);

/// Shows what `apply` would do: 0 nothing, 2 something, 1 figures are refused or a server doesn't answer.
int run_plan(const settings& how, bool json);

struct apply_options {
  bool dry_run = false; ///< the same as plan
  bool json = false;
  bool yes = false;        ///< however many figures are removed
  int wait_seconds = 3600; ///< for the new figures' fill to complete
};
/// Changes the running figures to those of the files: 0 done, or nothing to do; 1 refused, nothing has
/// changed; 3 it continues, but wasn't completed within the wait.
int run_apply(const settings& how, const apply_options& options);

struct resync_options {
  std::vector<std::string> tables; ///< SCHEMA.TABLE, or a table of the schema public
  int wait_seconds = 3600;
};
/// Makes the node read tables again while their figures stay visible, marked as incomplete: 0 done, 1
/// refused, 3 it continues, but wasn't completed within the wait.
int run_resync(const settings& how, const resync_options& options);

struct refill_options {
  std::vector<std::string> figures;
  int wait_seconds = 3600; ///< for the fill to complete
};
/// Fills unchanged figures again; the others continue: 0 done; 1 refused, nothing has changed; 3 it
/// continues, but wasn't completed within the wait.
int run_refill(const settings& how, const refill_options& options);

/// Deletes all figures and the ledger. The node fills them again.
int run_rebuild(const settings& how, bool yes);

} // namespace millrace
