#pragma once

/// Listens for other nodes, and accepts those that have a certificate of the cluster's CA.
///
///     accept -> waiting, each with a deadline -> handshake done -> accepted, the bell rings
///                    `-> refused: too slow, no certificate of the CA, no TLS, too many
///
/// If too many connections wait, the oldest that has sent nothing is closed. New connections never
/// close a handshake in progress.
///
/// It has its own thread, so that unknown clients don't slow down the node's connections. Without TLS,
/// every client is accepted at once.

#include "actors/peers/guest.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

struct pollfd;

namespace millrace::peers {

struct porter_settings {
  std::string host; ///< empty: every address of this machine
  std::uint16_t port = 0;
  std::shared_ptr<const tls_context> tls; ///< null: plain TCP
  std::chrono::milliseconds patience{5000};
  std::size_t most_waiting = 64;    ///< in all
  std::size_t most_of_address = 16; ///< from one address
  /// The longest time without a bell, so that the accepted connections are checked regularly.
  std::chrono::milliseconds bell_interval{2000};
  /// Called from the porter's thread with an address and the reason for the refusal.
  std::function<void(const std::string& who, const std::string& why)> refused;
};

class porter {
 public:
  /// Starts to listen. An error (bad_setting) says why this isn't possible.
  static result<std::unique_ptr<porter>> open(porter_settings how);
  ~porter();

  std::uint16_t port() const { return port_; }
  /// Returns a descriptor that is readable when a connection was accepted, and after each `bell_interval`.
  int bell() const { return bell_.get(); }
  /// Returns the next accepted connection. Returns nullopt if there is none.
  std::optional<guest> next();

 private:
  struct visitor;

  porter(porter_settings how, socket_holder door, std::uint16_t port);
  void run();
  std::vector<pollfd> watched() const;
  int milliseconds_to_deadline(std::chrono::steady_clock::time_point next_ring) const;
  void accept_all();
  void meet(socket_holder socket, std::string who);
  bool make_room(const std::string& who);
  bool drop_a_silent_one(const std::string& who);
  bool is_through(visitor& x);
  void refuse_the_late();
  void refuse(const visitor& x, const std::string& why);
  void let_in(guest x);

  porter_settings how_;
  socket_holder door_, bell_, end_;
  std::uint16_t port_;
  std::list<visitor> waiting_; ///< the oldest first
  std::mutex guard_;
  std::deque<guest> in_; ///< accepted, guarded by `guard_`
  std::thread thread_;
};

} // namespace millrace::peers
