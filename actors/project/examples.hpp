#pragma once

/// Example figures for a database's largest tables: a count, a sum by a foreign key, the rows as JSON. A
/// figure that the planner refuses is left out, and a comment in the file says why. Pure, except for the
/// planner's questions to the database.

#include "actors/figures/plan/planner.hpp"
#include "actors/project/facts.hpp"

namespace millrace::project {

/// One table of the summary.
struct table_report {
  table_name name;
  std::uint64_t bytes = 0;
  std::string file; ///< the file with its figures; empty: none
  std::size_t figures = 0;
  std::string refused; ///< why Millrace can't serve it; empty: it can
};

struct examples {
  std::vector<source_file> files;   ///< file names without a folder
  std::vector<table_report> tables; ///< all tables, largest first
};

/// How many tables get figures, and the largest table whose rows are shown.
struct example_limits {
  std::size_t tables = 8;
  std::uint64_t bytes_of_rows = 256u << 20;
};

/// `catalog` is the database's after preparation (see plan_prepared).
examples write_examples(const std::vector<postgres::table>& catalog, const facts& there,
                        const std::vector<std::string>& schemas, const database_answers& answers,
                        const std::string& key_prefix, const example_limits& limits);

} // namespace millrace::project
