#pragma once

/// What a database lacks before Millrace can serve a project from it, as SQL. Pure.

#include "actors/figures/plan/planner.hpp"
#include "actors/project/facts.hpp"

#include <functional>

namespace millrace::project {

/// The tables that a project's figures read.
struct needs {
  std::set<table_name> tables;
  std::set<table_name> full_identity; ///< those whose old rows must be in the WAL
};

/// The figures, planned as if every table had REPLICA IDENTITY FULL, and their needs. A table needs FULL
/// only if a figure would be refused without it.
struct prepared_plans {
  planning plans;
  needs needed;
};
prepared_plans plan_prepared(const std::vector<source_file>& files, std::vector<postgres::table> catalog,
                             const std::vector<std::string>& schemas, const database_answers& answers,
                             const std::string& key_prefix);

/// One thing that the database lacks.
struct lack {
  std::string what; ///< a sentence
  std::string sql;  ///< idempotent, for psql; empty: no statement fixes it, and `what` says what to do
  bool in_transaction = true;
};

/// Whether the roles can log in with the passwords of the settings.
struct logins {
  bool node = true, debezium = true;
};

/// Returns everything that the database lacks, in the order in which to fix it.
std::vector<lack> find_lacks(const facts& there, const names& of, const needs& needed, const logins& in);

/// Returns the script for psql. It reads the roles' passwords from the folder `secrets` and contains
/// none.
std::string to_script(const std::vector<lack>& lacks, const facts& there, const names& of,
                      const std::string& secrets);

} // namespace millrace::project
