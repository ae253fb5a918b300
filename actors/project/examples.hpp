#pragma once

/// Figures to begin with, for a database's largest tables: a count, a sum by a
/// foreign key, the rows as JSON. What the planner refuses is left out, and a
/// comment says why. Pure but for the planner's questions.

#include "actors/figures/plan/planner.hpp"
#include "actors/project/facts.hpp"

namespace millrace::project {

/// One table as the summary shows it.
struct table_report {
  table_name name;
  std::uint64_t bytes = 0;
  std::string file; ///< with its figures; empty: none
  std::size_t figures = 0;
  std::string refused; ///< why it can't be served at all; empty: it can
};

struct examples {
  std::vector<source_file> files;   ///< names without a folder
  std::vector<table_report> tables; ///< all of them, largest first
};

/// How many tables get figures, and up to which size their rows are shown.
struct example_limits {
  std::size_t tables = 8;
  std::uint64_t bytes_of_rows = 256u << 20;
};

/// `catalog` is of the database as prepared (see plan_prepared).
examples write_examples(const std::vector<postgres::table>& catalog, const facts& there,
                        const std::vector<std::string>& schemas, const database_answers& answers,
                        const std::string& key_prefix, const example_limits& limits);

} // namespace millrace::project
