#pragma once

/// Turns figure files into plans. If any are refused, it returns all refusals at once.

#include "actors/figures/language/parse_batch.hpp"
#include "actors/figures/language/refusal.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

struct planning {
  plan_set plans;                ///< complete only if nothing is refused
  std::vector<refusal> refusals; ///< in the order of the files, at most one per figure
};

/// What only PostgreSQL can answer. Without a callback, the planner uses its own names and types, and
/// constants must be in canonical form.
struct database_answers {
  std::function<result<postgres::description>(const std::string& sql)> describe;
  /// Returns the literal's text after a cast to the type.
  std::function<result<std::string>(const std::string& type_name, const std::string& literal)> canonical;
  /// Returns those of which an overload is neither immutable nor stable, as text.
  std::function<result<std::vector<std::string>>(const std::vector<called_function>&)> volatiles;
};

/// Plans the figures of these files, and of the *.sql files of these folders, in order of path. An
/// unreadable file and a server that doesn't answer are refusals without a line. `key_prefix` precedes
/// every key that a target line names.
planning plan_figures(const std::vector<std::string>& paths, postgres::session& db,
                      const std::string& key_prefix = {});

/// Plans texts, without files and server. `schemas` is the search path.
planning plan_texts(const std::vector<source_file>& files, const std::vector<postgres::table>& catalog,
                    const std::vector<std::string>& schemas, const database_answers& answers,
                    const std::string& key_prefix = {});

/// Returns callbacks that ask this server.
database_answers answers_of(postgres::session& db);

/// Returns the texts of these files, and of the folders' *.sql files, in order of path. An unreadable
/// file adds a refusal.
std::vector<source_file> read_figure_files(const std::vector<std::string>& paths,
                                           std::vector<refusal>& refused);

/// Returns what `check` prints: each figure's plan, or the refusals. `beside` holds the paths of the
/// project's figures. A figure whose name or place collides with one of them is refused. A project
/// file with the same name as a checked file is ignored: the checked file replaces it.
std::string check_figures(const std::vector<std::string>& paths, postgres::session& db, bool& refused,
                          const std::string& key_prefix = {}, const std::vector<std::string>& beside = {});

} // namespace millrace
