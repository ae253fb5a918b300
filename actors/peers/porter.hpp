#pragma once

/// Listens for other nodes, and lets in who can show a certificate.
///
///     accept -> waiting, each with a deadline -> handshake done -> let in, bell rings
///                    `-> refused: too slow, no certificate of ours, no TLS, too many
///
/// Where too many wait, the oldest that has said nothing goes; a handshake that is under
/// way isn't ended by those that come later.
///
/// A thread of its own does it, so that strangers cost the node's connections
/// nothing. Without TLS everybody is let in at once.

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
  std::size_t most_of_address = 16; ///< of one address
  /// How often the bell rings though nobody came: time to look after those who were let in.
  std::chrono::milliseconds bell_interval{2000};
  /// Called from the porter's thread with an address and why it wasn't let in.
  std::function<void(const std::string& who, const std::string& why)> refused;
};

class porter {
 public:
  /// An error (bad_setting) says why nobody can listen there.
  static result<std::unique_ptr<porter>> open(porter_settings how);
  ~porter();

  std::uint16_t port() const { return port_; }
  /// Returns a descriptor that can be read while somebody was let in, and now and then.
  int bell() const { return bell_.get(); }
  /// Returns who was let in next; nullopt: nobody more.
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
  std::deque<guest> in_; ///< guarded
  std::thread thread_;
};

} // namespace millrace::peers
