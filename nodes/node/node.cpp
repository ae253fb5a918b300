#include "nodes/node/node.hpp"

#include "actors/ledger/retire.hpp"
#include "actors/peers/connections.hpp"
#include "nodes/node/company.hpp"
#include "nodes/node/http.hpp"
#include "nodes/node/stopping.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds shortest_pause{200}, longest_pause{5000};
constexpr std::chrono::hours notice_before_end{30 * 24};
/// Exit code of a node that should be restarted (EX_TEMPFAIL).
constexpr int exit_again = 75;

bool for_a_person(errc code) {
  return code == errc::bad_setting || code == errc::refused_figure || code == errc::denied;
}

/// Exits at once. A node that can't continue starts again as a new process. That is safe, because a crash can
/// happen at any line, and no half-stopped actor remains.
[[noreturn]] void leave(int code) {
  spdlog::shutdown();
  std::_Exit(code);
}

/// Runs one node process, from a successful start to a stop or a failure.
[[noreturn]] void live(const settings& how, tls_ptr tls, started from, http_server* http, stop_signal& stop) {
  caf::actor_system_config config;
  config.add_message_types<caf::id_block::millrace>();
  config.add_message_types<caf::id_block::millrace_nodes>();
  if (how.is_one_of_many()) {
    config.load<caf::io::middleman>();
    config.set("middleman.heartbeat-interval", caf::timespan{peers::connections::heartbeat});
  }
  config.set("scheduler.max-threads", std::max(2u, std::thread::hardware_concurrency()));
  // Work-stealing workers poll for work, which took a tenth of a busy node's CPU.
  config.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{config};
  auto events = std::make_shared<life_events>();
  company all(system, how, std::move(tls), from, [events](std::string why) { events->lost(std::move(why)); });
  if (auto assembled = all.assemble(); !assembled) {
    spdlog::error("node: {}", assembled.why().message);
    leave(for_a_person(assembled.why().code) ? 2 : exit_again);
  }
  spdlog::info("node: {} figures, {} batch figures, {} partitions, {} cells; {}", from.plans->figures.size(),
               from.plans->batches.size(), from.sources.size(), all_cells(*from.plans, how.shards).size(),
               from.live ? "live" : "filling");
  if (http)
    http->attach(system, all.front());
  if (auto why = events->wait(stop)) {
    spdlog::warn("node: restarting: {}", *why);
    leave(exit_again);
  }
  all.drain();
  spdlog::info("node: stopped");
  leave(0);
}

/// Returns the TLS context of this node, or null for plain TCP.
result<tls_ptr> prepare_tls(const settings& how) {
  if (!how.is_one_of_many())
    return tls_ptr{};
  if (!how.node_tls.given()) {
    spdlog::log(how.insecure ? spdlog::level::warn : spdlog::level::info,
                "node: no TLS: any client that reaches {} can control this node", how.node_address);
    return tls_ptr{};
  }
  auto tls = peers::tls_context::load(how.node_tls);
  if (tls && (*tls)->good_until() < std::chrono::system_clock::now() + notice_before_end)
    spdlog::warn("node: {} expires soon: `deploy/millrace certs` makes a new one", how.node_tls.certificate);
  return tls;
}

} // namespace

int run_node(const settings& how) {
  auto tls = prepare_tls(how);
  if (!tls)
    return std::cerr << "millrace: " << tls.why().message << "\n", 2;
  stop_signal stop;
  std::unique_ptr<http_server> http;
  if (how.http_port) {
    auto listening =
        http_server::listen(how.http_port, how.http_token, std::chrono::seconds{how.stale_after_seconds});
    if (!listening)
      return std::cerr << "millrace: " << listening.why().message << "\n", 2;
    http = std::move(*listening);
  }
  auto pause = shortest_pause;
  std::string said;
  while (!stop.requested()) {
    auto from = start(how);
    if (from)
      live(how, *tls, std::move(*from), http.get(), stop);
    if (for_a_person(from.why().code))
      return std::cerr << "millrace: " << from.why().message << "\n", 2;
    pause = std::min(pause * 2, longest_pause);
    if (from.why().message != said)
      spdlog::warn("node: {}; trying again", from.why().message);
    said = from.why().message;
    if (http)
      http->detach(said);
    stop.wait_for(pause);
  }
  spdlog::info("node: stopped");
  return 0;
}

} // namespace millrace
