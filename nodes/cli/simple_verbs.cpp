#include "actors/figures/plan/planner.hpp"
#include "messages/visible.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/take_away.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>

namespace millrace {

namespace {

using json = nlohmann::json;

/// Returns a text of the status, safe to print: the node may have it from outside.
std::string shown(const json& of, const char* name, const char* absent = "") {
  return visible(of.value(name, absent));
}

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

void print_figures(const json& status) {
  for (auto& figure : status.value("figures", json::array()))
    std::cout << "  " << std::left << std::setw(32) << shown(figure, "name") << shown(figure, "state")
              << (figure.contains("why") ? ": " + shown(figure, "why") : "") << "\n";
}

std::string when(std::int64_t seconds, std::int64_t now) {
  return seconds == 0 ? "never" : std::to_string(std::max<std::int64_t>(now - seconds, 0)) + " s ago";
}

void print_batches(const json& scheduler) {
  auto batches = scheduler.value("batches", json::array());
  if (batches.empty())
    return;
  auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::cout << "batch figures\n";
  for (auto& x : batches)
    std::cout << "  " << std::left << std::setw(32) << shown(x, "name") << shown(x, "state")
              << ", last success " << when(x.value("last_success", std::int64_t{0}), now)
              << (x.value("missed", std::uint64_t{0}) > 0
                      ? ", missed " + std::to_string(x.value("missed", std::uint64_t{0})) + " times"
                      : "")
              << (x.contains("why") ? ": " + shown(x, "why") : "") << "\n";
}

void print_surroundings(const json& around) {
  if (around.contains("connector") && around["connector"].is_object())
    std::cout << "connector   " << shown(around["connector"], "state", "unknown") << ", task "
              << shown(around["connector"], "task", "unknown")
              << (shown(around["connector"], "trouble").empty()
                      ? ""
                      : ": " + shown(around["connector"], "trouble"))
              << "\n";
  if (around.contains("slot") && around["slot"].is_object())
    std::cout << "slot        " << (around["slot"].value("active", false) ? "active" : "not active")
              << ", keeps " << mib(around["slot"].value("retained_wal_bytes", std::uint64_t{0})) << " of WAL"
              << (shown(around["slot"], "trouble").empty() ? "" : ": " + shown(around["slot"], "trouble"))
              << "\n";
}

void print_skipped(const json& unknown) {
  for (auto& [table, records] : unknown.items())
    std::cout << "skipped     up to " << records << " records of " << visible(table)
              << ", which no figure reads\n";
}

/// Returns the worst known problem, and since when it exists.
std::string headline(const json& x) {
  if (auto troubles = x.value("troubles", json::array()); !troubles.empty())
    return shown(troubles[0], "line");
  auto figures = x.value("figures", json::array()).size();
  if (x.contains("scheduler"))
    figures += x["scheduler"].value("batches", json::array()).size();
  return figures == 0 ? "there are no figures: write some, and run `millrace apply`"
                      : "all is well: " + std::to_string(figures) + " figures are live";
}

void print_status(const json& x) {
  std::cout << headline(x) << "\n";
  std::cout << "node        " << shown(x, "phase") << (x.contains("why") ? ": " + shown(x, "why") : "")
            << "\n";
  std::cout << "events      " << x.value("events", std::int64_t{0}) << " applied, "
            << x.value("events_per_second", std::int64_t{0}) << "/s, lag "
            << x.value("lag_ms", std::int64_t{0}) << " ms, " << x.value("rows", std::int64_t{0})
            << " rows in memory\n";
  if (x.contains("cluster"))
    print_surroundings(x["cluster"].value("surroundings", json::object()));
  print_skipped(x.value("unknown_tables", json::object()));
  std::cout << "figures\n";
  print_figures(x);
  print_batches(x.value("scheduler", json::object()));
}

} // namespace

int run_check(const settings& how, const std::vector<std::string>& files) {
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return complain(db.why());
  bool refused = false;
  std::cout << check_figures(files.empty() ? how.figures : files, *db, refused, how.key_prefix, how.figures)
            << "The database " << how.postgres.database << " at " << how.postgres.host << ":"
            << how.postgres.port << " was asked for tables and types.\n";
  return refused ? 1 : 0;
}

int run_status(const settings& how, bool as_json) {
  auto status = node_status(how.http_port);
  if (!status)
    return complain(status.why());
  if (as_json)
    std::cout << status->dump(2) << "\n";
  else
    print_status(*status);
  return 0;
}

int run_rebuild(const settings& how, bool yes) {
  if (!yes) {
    std::cerr << "millrace: this deletes every figure of project " << how.project
              << " and its ledger in Redis; the node then fills them again. Say --yes to do it.\n";
    return 2;
  }
  if (auto gone = take_away(how); !gone)
    return complain(gone.why());
  std::cout << "The figures of project " << how.project << " are deleted; the node fills them again.\n";
  return 0;
}

} // namespace millrace
