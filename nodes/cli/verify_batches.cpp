#include "nodes/cli/verify_batches.hpp"

#include "actors/figures/plan/batch_plan.hpp"
#include "nodes/cli/waiting.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace millrace {

namespace {

/// Runs of the batch figures, made by the node that leads.
class runs {
 public:
  runs(redis::store& ledger, const plan_set& plans, std::chrono::seconds limit)
      : ledger_(ledger), limit_(limit) {
    for (auto& x : plans.batches)
      names_.push_back(x.name);
  }

  /// Asks for a run that begins from now on, and waits until it has ended.
  result<void> make() {
    auto before = ledger_.batches();
    if (!before)
      return before.why();
    if (auto asked = ledger_.request_batches(names_); !asked)
      return asked;
    auto until = std::chrono::steady_clock::now() + limit_;
    while (std::chrono::steady_clock::now() < until) {
      auto now = ledger_.batches();
      if (!now)
        return now.why();
      last_ = std::move(*now);
      if (!last_.running && std::all_of(names_.begin(), names_.end(), [&](auto& name) {
            return last_.records.contains(name) && last_.records[name].last_run > before->number;
          }))
        return {};
      std::this_thread::sleep_for(look_interval);
    }
    return error{errc::unavailable, "no run of the batch figures ended within "
                                        + std::to_string(limit_.count())
                                        + " s; `millrace status` shows what the scheduler does"};
  }

  bool failed(const std::string& name) const {
    auto found = last_.records.find(name);
    return found == last_.records.end() || found->second.failures > 0;
  }

 private:
  redis::store& ledger_;
  std::chrono::seconds limit_;
  std::vector<std::string> names_;
  redis::batch_ledger last_;
};

verify::figure_report failed_report(const figure_plan& x) {
  verify::figure_report out;
  out.name = x.name;
  out.target = x.target_line;
  out.file = x.file;
  out.line = x.line;
  out.state = verify::figure_state::failed;
  return out;
}

} // namespace

result<verify::report> verify_batches(const plan_set& plans, redis::store& ledger, postgres::session& db,
                                      redis::client& reads, std::chrono::seconds limit) {
  if (plans.batches.empty())
    return verify::report{};
  runs by(ledger, plans, limit);
  if (auto made = by.make(); !made) // shows which figures can run
    return made.why();
  auto figures = as_figures(plans);
  std::vector<verify::figure_report> failed;
  for (auto& x : figures.figures)
    if (by.failed(x.name))
      failed.push_back(failed_report(x));
  std::erase_if(figures.figures, [&](auto& x) { return by.failed(x.name); });
  verify::questions ask;
  auto first = true; // the run above is the first round's
  ask.drain = [&] { return std::exchange(first, false) ? result<void>() : by.make(); };
  ask.state = [&](figure_id id) {
    return by.failed(figures.figures.at(id.value).name) ? verify::figure_state::failed
                                                        : verify::figure_state::live;
  };
  ask.now = [] { return result<tick_seconds>(tick_seconds{0}); }; // no batch figure has a ttl
  verify::options compare;
  compare.wait = limit;
  auto out = verify::run(figures, db, reads, ask, compare);
  if (out)
    out->figures.insert(out->figures.end(), failed.begin(), failed.end());
  return out;
}

} // namespace millrace
