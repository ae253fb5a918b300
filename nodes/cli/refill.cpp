#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/cli/waiting.hpp"
#include "nodes/settings/project_parts.hpp"

#include <iostream>
#include <thread>

namespace millrace {

namespace {

/// Returns why the ledger refused a proposal.
std::string in_words(redis::proposal x) {
  switch (x) {
  case redis::proposal::none:
    return "there is no ledger yet: a node that starts fills all figures";
  case redis::proposal::under_way:
    return "another change of the figures is under way; run `refill` again when it is done";
  default:
    return "other figures were applied meanwhile; run `refill` again";
  }
}

/// Returns whether the change that began at `epoch` is complete.
bool is_whole(const redis::project_format& now, std::uint64_t epoch) {
  return now.next.empty() && now.phase == "live" && now.epoch > epoch;
}

int wait_for(const settings& how, std::uint64_t epoch, const refill_options& options) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{options.wait_seconds};
  while (std::chrono::steady_clock::now() < until) {
    auto now = ledger_format_of(how);
    if (!now && now.why().code != errc::unavailable)
      return reject(now.why().message);
    if (now && is_whole(*now, epoch)) {
      std::cout << "Filled again: " << options.figures.size() << " figures.\n";
      return exit_done;
    }
    std::this_thread::sleep_for(look_interval);
  }
  std::cerr << "millrace: not finished yet; a running node continues it, and `millrace status` shows its "
               "progress\n";
  return exit_not_finished;
}

} // namespace

int run_refill(const settings& how, const refill_options& options) {
  auto before = ledger_format_of(how);
  if (!before)
    return reject(before.why().message);
  auto store = open_store(how, plan_set{});
  if (!store)
    return reject(store.why().message);
  auto taken = store->refill(options.figures);
  if (!taken)
    return reject(taken.why().message);
  if (*taken != redis::proposal::taken)
    return reject(in_words(*taken));
  return wait_for(how, before->epoch, options);
}

} // namespace millrace
