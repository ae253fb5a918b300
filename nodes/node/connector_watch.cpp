#include "nodes/node/connector_watch.hpp"

#include "actors/sources/debezium/stall_watch.hpp"
#include "actors/sources/debezium/watch.hpp"
#include "nodes/settings/project_parts.hpp"

#include <spdlog/spdlog.h>

#include <memory>

namespace millrace {

namespace {

/// Short, because a node does other work that can't wait.
constexpr std::chrono::seconds watch_timeout{3};

/// Checks the node's connector. Remembers what it logged, to log it only once.
class onlooker {
 public:
  onlooker(connect::client client, std::string name) : client_(std::move(client)), name_(std::move(name)) {}

  connector_report look(std::optional<bool> slot_active) {
    auto status = client_.status(name_);
    if (!status)
      return say("Kafka Connect: " + status.why().message),
             connector_report{"unknown", "unknown", "Kafka Connect doesn't answer"};
    auto task = status->tasks.empty() ? connect::task_status{0, "none", ""} : status->tasks.front();
    auto trouble = !status->exists          ? "connector " + name_ + " isn't registered"
                   : !status->trace.empty() ? status->trace
                                            : task.trace;
    say(trouble);
    if (!trouble.empty())
      last_trouble_ = trouble;
    else if (watch_.restarts() > 0)
      trouble = "it failed and was restarted: " + last_trouble_;
    auto now = std::chrono::steady_clock::now();
    if (status->exists && watch_.see(*status, now)) {
      spdlog::warn("fill: restarting connector {}", name_);
      (void)client_.restart_failed(name_);
    }
    if (stall_.see(status->running(), slot_active, now)) {
      spdlog::warn(
          "fill: restarting connector {}: Kafka Connect reports it RUNNING, but no process reads its slot",
          name_);
      (void)client_.restart(name_);
    }
    return {status->exists ? status->state : "absent", task.state, trouble, watch_.restarts()};
  }

 private:
  void say(const std::string& what) {
    if (what != said_ && !what.empty())
      spdlog::warn("fill: {}", what);
    said_ = what;
  }

  connect::client client_;
  std::string name_, said_;
  std::string last_trouble_; ///< kept while it runs, because a task that fails repeatedly runs in between
  connect::watch watch_;
  connect::stall_watch stall_;
};

} // namespace

std::function<connector_report(std::optional<bool>)> watch_connector(const settings& how) {
  auto client = connect_of(how, watch_timeout);
  if (!client)
    return {};
  auto it = std::make_shared<onlooker>(std::move(*client), how.connector());
  return [it](std::optional<bool> slot_active) { return it->look(slot_active); };
}

std::function<void()> connector_restarter(const settings& how) {
  if (how.connect_url.empty())
    return {};
  return [how] {
    auto client = connect_of(how, watch_timeout);
    auto done = client ? client->restart(how.connector()) : result<void>(client.why());
    if (done)
      spdlog::warn("fill: restarted connector {}", how.connector());
    else
      spdlog::warn("fill: can't restart connector {}: {}", how.connector(), done.why().message);
  };
}

} // namespace millrace
