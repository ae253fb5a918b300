#include "nodes/node/node_network.hpp"

#include "actors/peers/dial.hpp"
#include "actors/peers/porter.hpp"
#include "messages/caf/in_words.hpp"
#include "nodes/node/node_wire.hpp"

#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/acceptor_impl.hpp>
#include <spdlog/spdlog.h>

#include <unistd.h>

namespace millrace {

namespace {

using caf::io::network::default_multiplexer;

constexpr std::chrono::seconds dial_limit{2}, between_words{10};

/// Logs rejected clients, with a limited rate.
class doorbook {
 public:
  void operator()(const std::string& who, const std::string& why) {
    ++unsaid_;
    auto now = std::chrono::steady_clock::now();
    if (now < next_)
      return;
    spdlog::warn("node: rejected {}: {}{}", who, why,
                 unsaid_ > 1 ? " (and " + std::to_string(unsaid_ - 1) + " more since the last report)" : "");
    unsaid_ = 0;
    next_ = now + between_words;
  }

 private:
  std::size_t unsaid_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

/// Gives the acceptor its connections. Its descriptor is the porter's bell.
struct from_porter {
  peers::porter& porter;
  std::optional<peers::guest>& arrived;
  peers::connections& all;

  bool try_accept(int& socket, int) {
    all.look();
    arrived = porter.next();
    socket = arrived ? arrived->socket.get() : caf::io::network::invalid_native_socket;
    return true;
  }
};

class doorman : public caf::io::doorman {
 public:
  doorman(default_multiplexer& in, std::unique_ptr<peers::porter> porter)
      : caf::io::doorman(caf::io::network::accept_hdl_from_socket(porter->bell())),
        porter_(std::move(porter)),
        acceptor_(in, ::dup(porter_->bell()), from_porter{*porter_, arrived_, connections_}) {}

  bool new_connection() override {
    if (detached())
      return false;
    auto& in = acceptor_.backend();
    auto scribe = caf::make_counted<node_scribe>(in, std::move(*arrived_), peers::from::client);
    connections_.add(scribe->presence());
    auto handle = scribe->hdl();
    parent()->add_scribe(std::move(scribe));
    return caf::io::doorman::new_connection(&in, handle);
  }
  void graceful_shutdown() override {
    acceptor_.passivate();
    detach(&acceptor_.backend(), false);
  }
  void launch() override { acceptor_.start(this); }
  std::string addr() const override { return {}; }
  std::uint16_t port() const override { return porter_->port(); }
  void add_to_loop() override { acceptor_.activate(this); }
  void remove_from_loop() override { acceptor_.passivate(); }

 private:
  std::unique_ptr<peers::porter> porter_;
  std::optional<peers::guest> arrived_;
  peers::connections connections_;
  caf::io::network::acceptor_impl<from_porter> acceptor_;
};

/// CAF's middleman with another way to connect and listen. Spawned detached, because dialing blocks.
class network_actor : public caf::io::middleman_actor_impl {
 public:
  network_actor(caf::actor_config& config, caf::actor broker, std::shared_ptr<const peers::tls_context> tls)
      : caf::io::middleman_actor_impl(config, std::move(broker)), tls_(std::move(tls)) {}

  const char* name() const override { return "network"; }

 protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string& host, std::uint16_t port) override {
    auto there = peers::dial(host, port, tls_.get(), dial_limit);
    if (!there)
      return caf::make_error(caf::sec::cannot_connect_to_node, there.why().message);
    return caf::io::scribe_ptr{
        caf::make_counted<node_scribe>(multiplexer(), std::move(*there), peers::from::server)};
  }

  caf::expected<caf::io::doorman_ptr> open(std::uint16_t port, const char* host, bool) override {
    peers::porter_settings how;
    how.host = host ? host : "";
    how.port = port;
    how.tls = tls_;
    how.refused = doorbook{};
    auto porter = peers::porter::open(std::move(how));
    if (!porter)
      return caf::make_error(caf::sec::cannot_open_port, porter.why().message);
    return caf::io::doorman_ptr{caf::make_counted<doorman>(multiplexer(), std::move(*porter))};
  }

 private:
  default_multiplexer& multiplexer() {
    return static_cast<default_multiplexer&>(system().middleman().backend());
  }

  std::shared_ptr<const peers::tls_context> tls_;
};

} // namespace

caf::io::middleman_actor spawn_network(caf::actor_system& system,
                                       std::shared_ptr<const peers::tls_context> tls) {
  auto broker = system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  return system.spawn<network_actor, caf::detached + caf::hidden>(std::move(broker), std::move(tls));
}

result<void> open_door(const caf::io::middleman_actor& network, const caf::strong_actor_ptr& whom,
                       std::set<std::string> messages, const std::string& host, std::uint16_t port) {
  result<void> out;
  caf::scoped_actor self{network.home_system()};
  self->request(network, caf::infinite, caf::publish_atom::value, port, whom, std::move(messages), host, true)
      .receive([](std::uint16_t) {},
               [&](const caf::error& why) {
                 out = error{errc::bad_setting, in_words(self->system(), why)};
               });
  return out;
}

} // namespace millrace
