#include "actors/verify/run.hpp"
#include "nodes/cli/drain.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/running_plans.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/verify_batches.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <iostream>
#include <optional>
#include <thread>

namespace millrace {

namespace {

/// The exit code if a figure can't be compared.
constexpr int incomplete = 2;

/// Returns each figure's state from the node's status. Without a node, every figure counts as live. A stale
/// figure counts as live too: verify drains first, so its partition has advanced.
std::map<std::string, verify::figure_state> states(const settings& how) {
  std::map<std::string, verify::figure_state> out;
  auto status = node_status(how.http_port);
  if (!status || !status->contains("figures"))
    return out;
  for (auto& figure : (*status)["figures"]) {
    auto state = figure.value("state", "live");
    out[figure.value("name", "")] = state == "filling"      ? verify::figure_state::filling
                                    : state == "incomplete" ? verify::figure_state::incomplete
                                    : state == "failed"     ? verify::figure_state::failed
                                                            : verify::figure_state::live;
  }
  return out;
}

/// Marks a figure over a table in doubt as incomplete, even if no node has reported it yet.
void add_doubts(const plan_set& plans, redis::store& ledger,
                std::map<std::string, verify::figure_state>& to) {
  auto doubts = ledger.doubts();
  if (!doubts)
    return; // the comparison reports the error
  auto in_doubt = [&](std::optional<route_id> by) {
    if (!by)
      return false;
    auto& table = plans.tables[plans.routes[by->value].table.value].table;
    return doubts->count(table.schema + "." + table.name) > 0;
  };
  for (auto& figure : plans.figures)
    if (in_doubt(figure.child) || in_doubt(figure.parent))
      if (auto& state = to.try_emplace(figure.name, verify::figure_state::live).first->second;
          state == verify::figure_state::live)
        state = verify::figure_state::incomplete;
}

/// Calls `open` until it succeeds or `limit` has passed, because a server may be restarting.
template <class F>
auto patiently(std::chrono::seconds limit, F open) {
  auto until = std::chrono::steady_clock::now() + limit;
  waiting wait({}, until);
  for (;;) {
    auto opened = open();
    if (opened || opened.why().code != errc::unavailable || std::chrono::steady_clock::now() > until)
      return opened;
    wait.on("waits for a server: " + opened.why().message, "`millrace servers` tries all of them");
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
}

/// Writes the result where the other records of jobs are.
result<void> record(redis::client& to, const std::string& key_prefix, const verify::report& x) {
  std::string differing;
  for (auto& figure : x.figures)
    if (figure.result == verify::outcome::differs)
      differing += (differing.empty() ? "" : " ") + figure.name;
  constexpr std::array words{"equal", "differs", "incomplete", "moving"};
  auto ended =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  auto written = to.call({"HSET", key_prefix + "batch_jobs:reconciliation", "result",
                          words.at(static_cast<std::size_t>(x.exit_code())), "ended",
                          std::to_string(ended.count()), "took_ms", std::to_string(x.took.count()), "figures",
                          std::to_string(x.figures.size()), "differing", differing});
  return written ? result<void>() : written.why();
}

} // namespace

int run_verify(const settings& how, const verify_options& options) {
  std::chrono::seconds limit{options.wait_seconds};
  auto plans = patiently(limit, [&] { return running_plans(how); });
  if (!plans)
    return complain(plans.why());
  auto db = patiently(limit, [&] { return postgres::session::open(how.postgres); });
  if (!db)
    return complain(db.why());
  auto store = open_store(how, *plans);
  if (!store)
    return complain(store.why());
  auto reads = redis::client::connect(how.redis);
  if (!reads)
    return complain(reads.why());
  std::optional<paused_generator> quiet;
  if (!options.beside_writers)
    quiet.emplace(generator_address{how.generator_host, how.generator_port, how.http_token});
  drain stream(how, *plans, *store, *db);
  auto known = states(how);
  add_doubts(*plans, *store, known);
  verify::questions ask;
  ask.drain = [&]() -> result<void> {
    auto drained = stream.wait(limit);
    known = states(how);
    add_doubts(*plans, *store, known);
    return drained;
  };
  ask.state = [&](figure_id id) {
    auto found = known.find(plans->figures[id.value].name);
    return found == known.end() ? verify::figure_state::live : found->second;
  };
  ask.written = [&](figure_id id, const std::vector<std::string>& keys) {
    std::vector<std::optional<tick_seconds>> out;
    for (auto& tick : places_written(how.http_port, how.http_token, plans->figures[id.value].name, keys))
      out.push_back(tick ? std::optional(tick_seconds{*tick}) : std::nullopt);
    return out;
  };
  auto cells_of = [&](entity_id of) {
    std::vector<cell_id> out;
    for (std::uint16_t shard = 0; shard < how.shards; ++shard)
      out.push_back({shard_id{shard}, of});
    return out;
  };
  ask.ticks = [&](entity_id of) { return store->spans(cells_of(of)); };
  ask.subjects = [&](entity_id of) { return store->subjects(cells_of(of)); };
  ask.now = [&] { return tick_of(*store); };
  verify::options compare;
  compare.wait = limit;
  auto report = verify::run(*plans, *db, *reads, ask, compare);
  if (!report)
    return complain(report.why());
  auto batches = verify_batches(*plans, *store, *db, *reads, limit);
  if (!batches)
    return complain(batches.why());
  report->figures.insert(report->figures.end(), batches->figures.begin(), batches->figures.end());
  report->took += batches->took;
  if (options.record)
    if (auto kept = record(*reads, how.key_prefix, *report); !kept)
      return complain(kept.why());
  std::cout << (options.json ? verify::to_json(*report) + "\n" : verify::to_text(*report));
  return report->exit_code();
}

} // namespace millrace
