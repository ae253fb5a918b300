/// The shell as a CAF node of its own. It comes in by the nodes' door, as nodes do.
///
///     door -connect-> PEER -inspector-> INSPECTOR -status-> report -> names of more nodes
///
/// All nodes are asked at the same time, and each step has a deadline, so that a frozen node costs no more
/// than that.

#include "actors/interfaces.hpp"
#include "actors/member/assignment.hpp"
#include "actors/peers/connections.hpp"
#include "messages/caf/in_words.hpp"
#include "nodes/node/node_network.hpp"
#include "nodes/node/node_registry.hpp"
#include "nodes/shell/cluster_link.hpp"
#include "nodes/shell/inquiry_actor.hpp"
#include "nodes/shell/session.hpp"
#include "nodes/shell/shell.hpp"

#include <caf/io/all.hpp>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <memory>

namespace millrace::shell {

namespace {

/// More names than a cluster has aren't taken: each costs a thread.
constexpr std::size_t most_nodes = 256;

/// Returns who uses this shell, for the nodes' logs: USER@HOST, and the certificate's name.
std::string this_user(const peers::tls_context* tls) {
  char host[256] = "?";
  ::gethostname(host, sizeof host - 1);
  auto* user = ::getpwuid(::getuid());
  auto name = tls ? tls->name() : "";
  return (user ? std::string(user->pw_name) : std::to_string(::getuid())) + "@" + host
         + (name.empty() ? "" : ", certificate " + name);
}

class caf_link : public cluster_link {
 public:
  caf_link(const settings& how, std::shared_ptr<const peers::tls_context> tls)
      : tls_(std::move(tls)), insecure_(how.insecure), who_(this_user(tls_.get())) {
    config_.add_message_types<caf::id_block::millrace>();
    config_.add_message_types<caf::id_block::millrace_nodes>();
    config_.load<caf::io::middleman>();
    config_.set("middleman.heartbeat-interval", caf::timespan{peers::connections::heartbeat});
    config_.set("scheduler.max-threads", std::size_t{2});
    config_.set("scheduler.policy", caf::atom("sharing"));
    system_ = std::make_unique<caf::actor_system>(config_);
  }

  void know(const std::string& name, const std::string& address) { nodes_.push_back(make(name, address)); }

  reports ask_reports() override {
    auto all = std::make_shared<inquiry<node_report>>();
    all->send = [](caf::event_based_actor* self, const inspector_actor& inspector, const auto& use,
                   const auto& failed) {
      self->request<caf::message_priority::high>(inspector, answer_limit, atom::status_v)
          .then([use](node_report& x) { use(std::move(x)); }, [failed](caf::error& why) { failed(why); });
    };
    all->look = [this](const known_ptr& node, const node_report& x) { return learn(node, x); };
    return ask(all);
  }

  answers<row_report> ask_row(const std::string& table, const std::vector<std::string>& key) override {
    return ask_with<row_report>(atom::row_v, table, key);
  }

  answers<std::vector<alert_report>> ask_alerts(const std::string& node) override {
    only_ = node;
    auto out = ask_with<std::vector<alert_report>>(atom::alerts_v);
    only_.clear();
    return out;
  }

  answers<std::string> set_log_level(const std::string& node, const std::string& level) override {
    only_ = node;
    auto out = ask_with<std::string>(atom::log_level_v, level, who_);
    only_.clear();
    return out;
  }

 private:
  /// Asks the known nodes with this message.
  template <class Answer, class... Words>
  answers<Answer> ask_with(const Words&... words) {
    auto all = std::make_shared<inquiry<Answer>>();
    all->send = [=](caf::event_based_actor* self, const inspector_actor& inspector, const auto& use,
                    const auto& failed) {
      self->request<caf::message_priority::high>(inspector, answer_limit, words...)
          .then([use](Answer& x) { use(std::move(x)); }, [failed](caf::error& why) { failed(why); });
    };
    all->look = [](const known_ptr&, const Answer&) { return std::vector<known_ptr>{}; };
    return ask(all);
  }

  known_ptr make(const std::string& name, const std::string& address) {
    return std::make_shared<known_node>(
        known_node{name, address, spawn_network(*system_, tls_), tls_ != nullptr});
  }

  /// Takes a node's name, and returns the nodes that only it knows so far and that may be asked.
  std::vector<known_ptr> learn(const known_ptr& node, const node_report& x) {
    node->name = x.member.name;
    std::vector<known_ptr> out;
    for (auto& [name, peer] : x.member.nodes) {
      auto known = std::find_if(nodes_.begin(), nodes_.end(),
                                [&, &name = name](auto& one) { return one->name == name; });
      if (known != nodes_.end()) {
        if (!(*known)->inspector)
          (*known)->address = peer.address; // it has moved
      } else if (nodes_.size() < most_nodes) {
        nodes_.push_back(make(name, peer.address));
        if (is_safe(peer.address))
          out.push_back(nodes_.back());
      }
    }
    return out;
  }

  /// Returns whether messages to this address stay on this machine, or are encrypted.
  bool is_safe(const std::string& address) const {
    return tls_ || insecure_ || is_loopback(split_address(address).first);
  }

  template <class Answer>
  answers<Answer> ask(const std::shared_ptr<inquiry<Answer>>& all) {
    auto done = all->done.get_future();
    auto asked = [this](const known_ptr& node) {
      return only_.empty() || (node->name.empty() ? node->address : node->name) == only_;
    };
    std::vector<known_ptr> some;
    for (auto& node : nodes_)
      if (asked(node) && is_safe(node->address))
        some.push_back(node);
    if (!some.empty()) {
      system_->spawn([all, some](caf::event_based_actor* self) { add_nodes(self, all, some); });
      done.wait();
    }
    for (auto& node : nodes_)
      if (asked(node) && !is_safe(node->address))
        all->told.push_back({node->name, node->address, std::nullopt,
                             "it is beyond loopback, and MILLRACE_NODE_CERTIFICATE, MILLRACE_NODE_KEY and "
                             "MILLRACE_NODE_AUTHORITY aren't set"});
    std::sort(all->told.begin(), all->told.end(), [](auto& a, auto& b) { return a.called() < b.called(); });
    return std::move(all->told);
  }

  std::shared_ptr<const peers::tls_context> tls_;
  bool insecure_;
  std::string who_;  ///< for the nodes' logs
  std::string only_; ///< the one node to ask; empty: all
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<known_ptr> nodes_; ///< only the present question's actor changes it
};

/// Returns where to ask: the node that is named, or all in the registry.
result<std::map<std::string, std::string>> doors_of(const settings& how, const std::string& at) {
  if (!at.empty()) {
    auto [host, port] = split_address(at);
    if (host.empty() || port == 0)
      return error{errc::bad_setting, at + " isn't HOST:PORT, such as 127.0.0.1:15420"};
    return std::map<std::string, std::string>{{"", at}};
  }
  auto known = book_of_nodes(how).list();
  if (known && !known->empty())
    return known;
  if (how.is_one_of_many())
    return std::map<std::string, std::string>{{"", how.node_address}};
  return error{
      errc::unavailable,
      (known ? "no node of the project " + how.project + " is in the registry in Redis"
             : "the registry of nodes can't be read: " + known.why().message)
          + ". A node has a door if MILLRACE_NODE_ADDRESS is set (`up --nodes N` does so). Name one: "
            "millrace shell HOST:PORT"};
}

result<std::unique_ptr<caf_link>> open_link(const settings& how, const std::string& at) {
  std::shared_ptr<const peers::tls_context> tls;
  if (how.node_tls.given()) {
    auto loaded = peers::tls_context::load(how.node_tls);
    if (!loaded)
      return loaded.why();
    tls = std::move(*loaded);
  }
  auto doors = doors_of(how, at);
  if (!doors)
    return doors.why();
  auto out = std::make_unique<caf_link>(how, std::move(tls));
  for (auto& [name, address] : *doors)
    out->know(name, address);
  return out;
}

/// Exits at once: the end of CAF would wait for a connection to a frozen node.
[[noreturn]] void leave(int code) {
  std::cout << std::flush;
  std::cerr << std::flush;
  std::fflush(nullptr);
  std::_Exit(code);
}

} // namespace

} // namespace millrace::shell

namespace millrace {

int run_shell(const settings& how, const shell_options& options) {
  auto link = shell::open_link(how, options.at);
  if (!link) {
    std::cerr << "millrace: " << link.why().message << "\n";
    return 2;
  }
  shell::leave(shell::converse(**link, how.project, options));
}

} // namespace millrace
