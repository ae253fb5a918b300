#include "actors/figures/plan/plan_alignment.hpp"
#include "nodes/cli/capture.hpp"
#include "nodes/cli/changes.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <iostream>
#include <thread>

namespace millrace {

namespace {

constexpr int nothing_to_do = 0, something_to_do = 2;

/// The plans of the files, and a session with their database.
struct declared {
  postgres::session db;
  plan_set files;
};

result<declared> read_files(const settings& how) {
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return db.why();
  auto files = plan_project(how, *db);
  if (!files)
    return files.why();
  return declared{std::move(*db), std::move(*files)};
}

/// One `apply`, from the pending plans in the ledger to completely filled figures. Its whole state is in the
/// ledger, so another `apply` can resume it after a kill.
class application {
 public:
  application(const settings& how, const plan_set& files, std::chrono::seconds limit)
      : how_(how), files_(files), until_(std::chrono::steady_clock::now() + limit), wait_({}, until_) {}

  int run(wanted_change x) {
    if (x.change.nothing() && x.found.next.empty() && x.found.phase == "live") {
      std::cout << to_text(x, {});
      return nothing_to_do;
    }
    for (;;) {
      auto step = one(x);
      if (!step)
        return reject(step.why());
      if (*step)
        return finished();
      if (std::chrono::steady_clock::now() > until_)
        return unfinished();
      std::this_thread::sleep_for(look_interval);
      auto again = compare(how_, files_);
      if (again)
        x = std::move(*again);
      else if (again.why().code != errc::unavailable)
        return reject(again.why());
    }
  }

 private:
  /// Takes one step. Returns whether the change is complete.
  result<bool> one(const wanted_change& x) {
    if (!x.found.next.empty())
      return is_ours(x) ? wait_for("waits until the node starts over with the new figures") : under_way();
    if (x.change.nothing())
      return x.found.phase == "live" ? result<bool>(true) : wait_for(stage());
    if (noted_ && *noted_ != std::pair(x.found.epoch, x.found.fingerprint))
      return error{errc::bad_setting, "another `apply` changed the figures meanwhile"};
    if (auto done = note(x); !done)
      return done.why();
    noted_ = {x.found.epoch, x.found.fingerprint};
    return false;
  }

  bool is_ours(const wanted_change& x) const {
    auto coming = plans_from_json(x.found.next);
    return difference(coming, aligned(files_, coming)).nothing();
  }

  static error under_way() {
    return {errc::bad_setting,
            "another change of the figures is under way, which `millrace status` shows: apply "
            "again when it is done"};
  }

  /// Writes the pending plans into the ledger, once Kafka gets the changes of their tables.
  result<void> note(const wanted_change& x) {
    if (x.found.phase != "live")
      std::cerr << "figures still fill: these replace them, and those that stay go on\n";
    if (!x.new_tables().empty())
      if (auto captured = capture_tables(how_, with_tables_of(x.after, x.before)); !captured)
        return captured.why();
    auto store = open_store(how_, plan_set{});
    if (!store)
      return store.why();
    auto taken = store->propose(x.found, to_json(x.after));
    if (!taken)
      return taken.why();
    if (*taken == redis::proposal::under_way)
      return under_way();
    return {}; // the next look at the ledger shows whatever else it has become
  }

  /// Returns what the fill waits for, from the local node's status. If no node answers, includes the error.
  std::string stage() const {
    auto status = node_status(how_.http_port);
    if (!status)
      return "the figures fill, as the ledger has it (" + status.why().message + ")";
    auto cluster = status->value("cluster", nlohmann::json::object());
    auto words = cluster.value("stage", "");
    if (words.empty())
      return "the node starts with the new figures";
    auto waiting = waiting_for_tables(*status, cluster.value("unreadable", nlohmann::json::object()));
    return waiting.empty() ? "the new figures: " + words : waiting;
  }

  /// Returns which figures wait for a table that can't be read, why, and what to do; empty if none does.
  static std::string waiting_for_tables(const nlohmann::json& status, const nlohmann::json& unreadable) {
    std::string figures, tables;
    for (auto& x : status.value("figures", nlohmann::json::array()))
      if (x.value("why", "").find(" can't be read: ") != std::string::npos)
        figures += (figures.empty() ? "" : ", ") + x.value("name", "");
    for (auto& [table, why] : unreadable.items())
      tables += (tables.empty() ? "" : "; ") + table + " can't be read: " + why.get<std::string>();
    if (tables.empty() || figures.empty())
      return "";
    return figures + " can't be filled while " + tables
           + " (remove the cause, or remove the figures' files and apply again)";
  }

  result<bool> wait_for(const std::string& what) {
    wait_.on(what, "`millrace status` has the reason in its first line, the node's log the rest");
    return false;
  }

  int finished() const {
    std::cout << "Applied: " << files_.figures.size() + files_.batches.size()
              << " figures are as their files say.\n";
    return nothing_to_do;
  }

  int unfinished() const {
    std::cerr << "millrace: not finished yet, at this for " << wait_.so_long() << ": " << stage()
              << "; a running node continues it, and `millrace status` shows its progress\n";
    return exit_not_finished;
  }

  const settings& how_;
  const plan_set& files_;
  std::chrono::steady_clock::time_point until_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>>
      noted_; ///< the epoch and the fingerprint of the pending plans
  waiting wait_;
};

/// Returns whether so many figures may be removed. A wrong folder would look the same.
bool may_remove(const plan_change& x, bool yes) {
  if (yes || !x.removes_many())
    return true;
  auto words = std::to_string(x.removals()) + " of " + std::to_string(x.running()) + " figures";
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) {
    std::cerr << "millrace: this removes " << words
              << ", with their places in Redis. If the figures' folder is the right one, say --yes\n";
    return false;
  }
  std::cerr << "This removes " << words << ", with their places in Redis. Do it? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int show(const settings& how, postgres::session& db, const wanted_change& x, bool as_json) {
  auto costs = estimate(how, db, x);
  std::cout << (as_json ? to_json(x, costs) + "\n" : to_text(x, costs));
  return x.change.nothing() ? nothing_to_do : something_to_do;
}

} // namespace

int run_plan(const settings& how, bool as_json) {
  auto what = read_files(how);
  if (!what)
    return reject(what.why());
  auto x = compare(how, what->files);
  return x ? show(how, what->db, *x, as_json) : reject(x.why());
}

int run_apply(const settings& how, const apply_options& options) {
  if (options.dry_run)
    return run_plan(how, options.json);
  auto what = read_files(how);
  if (!what)
    return reject(what.why());
  auto x = compare(how, what->files);
  if (!x)
    return reject(x.why());
  if (x->found.format.empty()) {
    std::cout << "There is no ledger of project " << how.project
              << " yet: a node that starts begins with these figures.\n";
    return nothing_to_do;
  }
  if (options.json)
    std::cout << to_json(*x, estimate(how, what->db, *x)) << "\n";
  else if (!x->change.nothing())
    std::cout << to_text(*x, estimate(how, what->db, *x)) << std::flush;
  if (x->found.next.empty() && !may_remove(x->change, options.yes))
    return exit_rejected;
  return application(how, what->files, std::chrono::seconds{options.wait_seconds}).run(std::move(*x));
}

} // namespace millrace
