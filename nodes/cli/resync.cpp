/// `resync` makes the node read tables again while their figures stay visible. The read also covers what
/// their dead letters lacked.

#include "actors/cdc_router/dead_letters.hpp"
#include "actors/figures/plan/plan_use.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace millrace {

namespace {

constexpr int done = 0, refused = 1, not_finished = 3;
constexpr std::chrono::milliseconds look_interval{300};
constexpr std::chrono::seconds kafka_timeout{15};

int complain(const error& why) {
  std::cerr << "millrace: " << why.message << "\n";
  return refused;
}

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

/// Returns the node's report of the read. The node may be starting.
std::string stage(const settings& how) {
  auto status = node_status(how.http_port);
  if (!status)
    return "the node doesn't answer: does it run? (millrace status)";
  auto cluster = status->value("cluster", nlohmann::json::object());
  auto trouble = cluster.value("trouble", "");
  return trouble.empty() ? cluster.value("stage", "") : trouble;
}

/// Returns the tables' open letters. Their records are older than a read that begins later.
result<std::vector<dead_letter>> letters_of(const settings& how, const std::vector<std::string>& tables) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  auto book = read_letters(*reads, how.dead_letters(), kafka_timeout);
  if (!book)
    return book.why();
  std::vector<dead_letter> out;
  for (auto& [_, x] : book->open())
    if (std::find(tables.begin(), tables.end(), x.table) != tables.end())
      out.push_back(x);
  return out;
}

result<void> close(const settings& how, const std::vector<dead_letter>& letters) {
  if (letters.empty())
    return {};
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return writes.why();
  std::vector<kafka::outgoing> notes;
  for (auto& x : letters)
    notes.push_back(
        make_resolution(how.dead_letters(), x, "its table was read again", unix_seconds() * 1000));
  if (auto sent = writes->send(std::move(notes), kafka_timeout); !sent)
    return sent;
  for (auto& x : letters)
    std::cout << x.origin() << "  its table was read again\n";
  return {};
}

/// Waits until the ledger has no doubt about these tables as old as the request.
int wait(const settings& how, redis::store& ledger, const std::vector<std::string>& tables, lsn asked,
         std::chrono::seconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  std::string said;
  for (;;) {
    auto doubts = ledger.doubts();
    if (!doubts && doubts.why().code != errc::unavailable)
      return complain(doubts.why());
    auto waits = [&](auto& table) {
      auto x = doubts->find(table);
      return x != doubts->end() && x->second.asked;
    };
    if (doubts && std::none_of(tables.begin(), tables.end(), waits))
      break;
    if (auto words = stage(how); words != said && !words.empty())
      std::cerr << (said = words) << "\n";
    if (std::chrono::steady_clock::now() > until) {
      std::cerr << "millrace: not finished yet; a running node continues it, and `millrace status` shows its "
                   "progress\n";
      return not_finished;
    }
    std::this_thread::sleep_for(look_interval);
  }
  for (auto& table : tables)
    std::cout << table << " was read again, from " << postgres::to_text(asked) << " on.\n";
  return done;
}

} // namespace

int run_resync(const settings& how, const resync_options& options) {
  auto found = ledger_format_of(how);
  if (!found)
    return complain(found.why());
  if (found->format.empty())
    return complain({errc::bad_setting, "there is no ledger of project " + how.project
                                            + " yet: a node that starts reads every table"});
  auto tables = known(plans_from_json(found->plans), options.tables);
  if (!tables)
    return complain(tables.why());
  auto db = postgres::session::open(how.postgres);
  if (!db)
    return complain(db.why());
  auto here = db->current_wal_lsn();
  if (!here)
    return complain(here.why());
  auto ledger = open_store(how, plan_set{});
  if (!ledger)
    return complain(ledger.why());
  auto letters = letters_of(how, *tables);
  if (!letters)
    return complain(letters.why());
  for (auto& table : *tables) {
    redis::table_doubt x{"somebody asked for it by `millrace resync`", "millrace status", unix_seconds(),
                         *here};
    x.asked = true;
    if (auto noted = ledger->doubt(table, x, found->life); !noted)
      return complain(noted.why());
  }
  if (auto code = wait(how, *ledger, *tables, *here, std::chrono::seconds{options.wait_seconds});
      code != done)
    return code;
  auto closed = close(how, *letters);
  return closed ? done : complain(closed.why());
}

} // namespace millrace
