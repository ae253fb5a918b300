#pragma once

/// Figures' files -> plans, or refusals: all of them at once.

#include "actors/figures/language/refusal.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

struct planning {
  plan_set plans;                ///< whole only if nothing is refused
  std::vector<refusal> refusals; ///< in the order of the files; one a figure at the most
};

/// What only PostgreSQL can answer. A callback that is absent is not asked:
/// then names and types are ours, and constants must be in canonical form.
struct database_answers {
  std::function<result<postgres::description>(const std::string& sql)> describe;
  /// Returns the literal's text once it is cast to the type.
  std::function<result<std::string>(const std::string& type_name, const std::string& literal)> canonical;
};

/// Plans the figures of these files or folders (their *.sql, in order of path).
/// A file that can't be read and a server that doesn't answer are refusals too,
/// without a line. `key_prefix` comes before every key that a target line names.
planning plan_figures(const std::vector<std::string>& paths, postgres::session& db,
                      const std::string& key_prefix = {});

/// The same without files and server. `schemas` is the search path.
planning plan_texts(const std::vector<source_file>& files, const std::vector<postgres::table>& catalog,
                    const std::vector<std::string>& schemas, const database_answers& answers,
                    const std::string& key_prefix = {});

/// Returns the answers of a server.
database_answers answers_of(postgres::session& db);

/// Returns the texts of these files or folders' *.sql, in order of path. A file
/// that can't be read is a refusal.
std::vector<source_file> read_figure_files(const std::vector<std::string>& paths,
                                           std::vector<refusal>& refused);

/// Returns what `check` prints: each figure's plan, or the refusals. `beside`:
/// where the project's figures are. Those that would be refused with these beside
/// them, by name or place, are refusals too. A file of theirs that is named like
/// one of these doesn't count: this one stands for it.
std::string check_figures(const std::vector<std::string>& paths, postgres::session& db, bool& refused,
                          const std::string& key_prefix = {}, const std::vector<std::string>& beside = {});

} // namespace millrace
