/// `resync` makes the node read tables again while their figures stay visible. The read also covers what
/// their dead letters lacked.

#include "actors/figures/plan/plan_use.hpp"
#include "actors/fill/catalog_watch.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project.hpp"
#include "nodes/settings/project_parts.hpp"
#include "nodes/settings/source_parts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds check_interval{2000};

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Returns the requested tables. An error names one that no figure reads.
result<std::vector<std::string>> known(const plan_set& plans, const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  for (auto& name : wanted) {
    auto whole = name.find('.') == name.npos ? "public." + name : name;
    if (!captured_table(plans, whole)) {
      std::string all;
      for (auto& x : captured_tables(plans))
        all += (all.empty() ? "" : ", ") + x;
      return error{errc::bad_setting, "no figure reads the table " + whole + "; figures read " + all};
    }
    out.push_back(whole);
  }
  return out;
}

/// Returns what prevents exact figures over these tables, and what mends it, a line each. Reading the
/// tables again is useless until then.
result<std::string> obstacles(postgres::session& db, const settings& how, const plan_set& plans,
                              const std::vector<std::string>& tables) {
  auto names = names_of(how);
  catalog_watch_settings needs{&plans, names.slot, {names.node_role, names.debezium_role}, {}};
  auto seen = facts_now(db, needs, tables);
  if (!seen)
    return seen.why();
  std::string out;
  for (auto& [_, some] : standing(*seen, needs))
    for (auto& x : some)
      out += "\n  " + x.what + (x.remedy.empty() ? "" : ". Mend it by: " + x.remedy);
  return out;
}

/// Returns the node's report of the read. The node may be starting.
std::string stage(const settings& how) {
  auto status = node_status(how.http_port);
  if (!status)
    return "the node doesn't answer: does it run? (millrace status)";
  auto cluster = status->value("cluster", nlohmann::json::object());
  auto trouble = cluster.value("trouble", "");
  return trouble.empty() ? cluster.value("stage", "") : trouble;
}

/// Closes the tables' letters that were counted. Their records are older than a read that began later.
result<void> close(letter_box& box, const std::map<std::string, std::int64_t>& letters,
                   const std::vector<std::string>& tables) {
  for (auto& table : tables) {
    auto counted = letters.find(table);
    if (counted == letters.end())
      continue;
    if (auto closed = box.resolve_table(table, "its table was read again"); !closed)
      return closed;
    std::cout << table << ": " << counted->second
              << (counted->second == 1 ? " dead letter is resolved\n" : " dead letters are resolved\n");
  }
  return {};
}

/// Waits until the ledger has no doubt about these tables as old as the request. `in_the_way` returns the
/// obstacles.
int wait(const settings& how, redis::store& ledger, const std::vector<std::string>& tables,
         const std::function<result<std::string>()>& in_the_way, std::chrono::seconds limit) {
  auto now = std::chrono::steady_clock::now();
  auto until = now + limit, next_check = now + check_interval;
  std::string said;
  for (;;) {
    auto doubts = ledger.doubts();
    if (!doubts && doubts.why().code != errc::unavailable)
      return reject(doubts.why());
    auto waits = [&](auto& table) {
      auto x = doubts->find(table);
      return x != doubts->end() && x->second.asked;
    };
    if (doubts && std::none_of(tables.begin(), tables.end(), waits))
      break;
    if (auto words = stage(how); words != said && !words.empty())
      std::cerr << (said = words) << "\n";
    now = std::chrono::steady_clock::now();
    if (now > next_check) {
      next_check = now + check_interval;
      if (auto found = in_the_way(); found && !found->empty()) {
        std::cerr << "millrace: not finished: the node reads the tables once this is mended:" << *found
                  << "\n";
        return exit_not_finished;
      }
    }
    if (now > until) {
      std::cerr << "millrace: not finished yet; a running node continues it, and `millrace status` shows its "
                   "progress\n";
      return exit_not_finished;
    }
    std::this_thread::sleep_for(look_interval);
  }
  return exit_done;
}

} // namespace

int run_resync(const settings& how, const resync_options& options) {
  auto found = ledger_format_of(how);
  if (!found)
    return reject(found.why());
  if (found->format.empty())
    return reject({errc::bad_setting, "there is no ledger of project " + how.project
                                          + " yet: a node that starts reads every table"});
  auto plans = plans_from_json(found->plans);
  auto tables = known(plans, options.tables);
  if (!tables)
    return reject(tables.why());
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return reject(db.why());
  auto in_the_way = [&] { return obstacles(*db, how, plans, *tables); };
  auto first = in_the_way();
  if (!first)
    return reject(first.why());
  if (!first->empty())
    return reject({errc::bad_setting, "a read doesn't help until this is mended:" + *first
                                          + "\nThen run `millrace resync` again"});
  auto here = db->current_wal_lsn();
  if (!here)
    return reject(here.why());
  auto ledger = open_store(how, plan_set{});
  if (!ledger)
    return reject(ledger.why());
  auto box = open_letters(how);
  auto open = box->open(); // has the time to read them all; then count() is quick
  auto letters = open ? box->count() : result<std::map<std::string, std::int64_t>>(open.why());
  if (!letters)
    return reject(letters.why());
  for (auto& table : *tables) {
    redis::table_doubt x{"somebody asked for it by `millrace resync`", "millrace status", unix_seconds(),
                         *here};
    x.asked = true;
    if (auto noted = ledger->doubt(table, x, found->life); !noted)
      return reject(noted.why());
  }
  if (auto code = wait(how, *ledger, *tables, in_the_way, std::chrono::seconds{options.wait_seconds});
      code != exit_done)
    return code;
  for (auto& table : *tables)
    std::cout << table << " was read again, from " << postgres::to_text(*here) << " on.\n";
  auto closed = close(*box, *letters, *tables);
  return closed ? exit_done : reject(closed.why());
}

} // namespace millrace
