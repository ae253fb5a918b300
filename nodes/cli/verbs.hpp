#pragma once

/// The verbs of the program besides `node` and `generate`, which run actors. Each returns the process's exit
/// code.

#include "nodes/settings/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Prints each figure's plan, or the refusals (exit 1), those for names and places
/// of the project's other figures too; and which database was asked.
int run_check(const settings& how, const std::vector<std::string>& files);

struct verify_options {
  int wait_seconds = 60; ///< for the stream to drain, and for places that move
  bool json = false;
};
/// Compares Redis with PostgreSQL: 0 equal, 1 differs, 2 incomplete, 3 moving.
int run_verify(const settings& how, const verify_options& options);

/// Asks the program beside it whether it serves: `node` or `generator`. Returns 0, or 1 with the
/// reason printed. A node that starts doesn't serve yet; one with figures in trouble does.
int run_health(const settings& how, const std::string& of);

/// Prints the node's status.
int run_status(const settings& how, bool json);

/// Registers the connector, shows it, starts what doesn't run of it again (exit 1
/// if it all runs), or deletes it.
int run_connector(const settings& how, const std::string& action);

/// Lists, shows or replays dead letters.
int run_dead_letters(const settings& how, const std::string& action, const std::string& which);

struct init_options {
  std::string folder;
  std::string name;     ///< empty: the folder's
  std::string postgres; ///< URL; empty: as the settings have it
  std::string database; ///< another one on that server
  std::string redis, kafka, connect;
  std::uint16_t http_port = 0; ///< 0: one that is free
  bool take_servers = false;   ///< those of the settings, where no URL is given
};
/// Looks at a database and writes a project's folder.
int run_init(const settings& how, const init_options& options);

/// Says of each server whether it lets us in, as whom the settings say; exit 1
/// if one doesn't. `which`: postgres, redis, kafka, connect; empty: all.
int run_servers(const settings& how, const std::vector<std::string>& which);

/// Prints the SQL that the database lacks for the figures; exit 1 if it lacks something.
int run_prepare(const settings& how, const std::string& secrets);

struct remove_options {
  bool yes = false;         ///< take it away
  bool own_connect = false; ///< Kafka Connect is the project's alone, and doesn't run: its topics are ours
};
/// Shows what a project has everywhere, or takes it away.
int run_remove(const settings& how, const remove_options& options);

/// Shows what apply would do: 0 nothing, 2 something, 1 figures are refused or a
/// server doesn't answer.
int run_plan(const settings& how, bool json);

struct apply_options {
  bool dry_run = false; ///< the same as plan
  bool json = false;
  bool yes = false;        ///< however many figures go
  int wait_seconds = 3600; ///< for the new figures to be whole
};
/// Takes the running figures to what the files say: 0 done, or nothing to do; 1
/// refused, nothing has changed; 3 it goes on, but not to its end within the wait.
int run_apply(const settings& how, const apply_options& options);

struct resync_options {
  std::vector<std::string> tables; ///< SCHEMA.TABLE, or a table of the schema public
  int wait_seconds = 3600;
};
/// Has tables read again below figures that stay shown, and are incomplete meanwhile: 0
/// done, 1 refused, 3 it goes on, but not to its end within the wait.
int run_resync(const settings& how, const resync_options& options);

struct refill_options {
  std::vector<std::string> figures;
  int wait_seconds = 3600; ///< for them to be whole
};
/// Has figures filled again as they are, the others go on: 0 done; 1 refused, nothing has
/// changed; 3 it goes on, but not to its end within the wait.
int run_refill(const settings& how, const refill_options& options);

/// Takes all figures and the ledger away; the node fills anew.
int run_rebuild(const settings& how, bool yes);

} // namespace millrace
