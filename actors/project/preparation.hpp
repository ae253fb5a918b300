#pragma once

/// What a database lacks before a project can be served from it, as SQL. Pure.

#include "actors/figures/plan/planner.hpp"
#include "actors/project/facts.hpp"

#include <functional>

namespace millrace::project {

/// The tables that a project's figures read.
struct needs {
  std::set<table_name> tables;
  std::set<table_name> full_identity; ///< those whose old rows must be in the log
};

/// The figures planned as if every table had REPLICA IDENTITY FULL, and what
/// they need: a table gets FULL only where a figure would be refused without.
struct prepared_plans {
  planning plans;
  needs needed;
};
prepared_plans plan_prepared(const std::vector<source_file>& files, std::vector<postgres::table> catalog,
                             const std::vector<std::string>& schemas, const database_answers& answers,
                             const std::string& key_prefix);

/// One thing that is missing.
struct lack {
  std::string what; ///< a sentence
  std::string sql;  ///< idempotent; for psql. Empty: no statement does it, `what` says it all
  bool in_transaction = true;
};

/// Whether the roles' passwords, as the settings have them, let them in.
struct logins {
  bool node = true, debezium = true;
};

/// Returns all that is missing, in the order in which it has to be mended.
std::vector<lack> find_lacks(const facts& there, const names& of, const needs& needed, const logins& in);

/// Returns the script for psql. `secrets` is the folder with the roles'
/// passwords; the script reads them from there and holds none.
std::string to_script(const std::vector<lack>& lacks, const facts& there, const names& of,
                      const std::string& secrets);

} // namespace millrace::project
