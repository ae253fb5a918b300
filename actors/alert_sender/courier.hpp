#pragma once

/// Sends the events of alerts:stream to one receiver, in the stream's order, each at least once:
///
///     stream  ... 7 | 8 9 10 11      position 7: the receiver has confirmed all up to it
///                     '-----' a batch; 9 is silenced. 2xx -> position 10 in the ledger -> next batch
///
/// A position moves after the receiver confirmed. A node that dies between the two repeats the batch, so a
/// receiver deduplicates by the event's ID. Plain C++ over a backend; for one thread.

#include "actors/alert_sender/alert_event.hpp"
#include "actors/alert_sender/answer.hpp"
#include "actors/alert_sender/silence.hpp"
#include "actors/redis/alert_stream.hpp"
#include "messages/error.hpp"
#include "messages/reports.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A receiver's position: the newest event that it confirmed, and how many events the stream had been
/// given by then. In the ledger it is "ID COUNT".
struct courier_position {
  std::string id;
  std::uint64_t count = 0;
};

/// What a courier needs: the ledger, the receiver, a clock and dice.
struct courier_backend {
  std::function<result<redis::outgoing_alerts>(std::size_t limit)> look;
  std::function<result<std::map<std::string, std::string>>()> silences;
  std::function<result<void>(const std::string& before, const std::string& now)> confirm;
  std::function<result<redis::active_alerts>(const std::string& alert, const std::string& cursor)> active;
  std::function<http_answer(const std::vector<alert_event>&)> post;
  std::function<std::int64_t()> now;                 ///< Unix time, s: the clock of the events
  std::function<std::chrono::milliseconds()> steady; ///< never goes back
  std::function<double()> dice;                      ///< in [0, 1)
};

/// How one receiver wants its events.
struct courier_settings {
  std::string name, server;              ///< as in receiver_report
  std::size_t batch = 1;                 ///< events in one POST, at most
  std::chrono::seconds repeat{0};        ///< interval in which what fires is sent again; 0: never
  std::vector<std::string> alerts;       ///< names, whose subjects are repeated
  std::chrono::milliseconds round{4000}; ///< after it, a round begins no other POST
};

class courier {
 public:
  courier(courier_settings how, courier_backend with) : how_(std::move(how)), with_(std::move(with)) {}

  /// Sends what waits, until nothing does, an attempt fails, or the round is over. `fresh`: this node has
  /// just begun to lead, so counters begin at 0.
  receiver_report run(bool fresh);

 private:
  struct batch {
    std::vector<alert_event> events;
    std::size_t taken = 0; ///< events of the stream that it stands for
    std::uint64_t silenced = 0, foreign = 0;
  };
  /// Where a repetition goes on.
  struct subjects_page {
    std::size_t alert = 0;
    std::string cursor = "0";
  };
  enum class step : std::uint8_t { again, idle, stop };

  step take_step();
  result<redis::outgoing_alerts> look();
  result<void> begin(const redis::outgoing_alerts& x);
  result<void> settle(const redis::outgoing_alerts& x);
  batch next_batch(const redis::outgoing_alerts& x) const;
  step send(const redis::outgoing_alerts& x, const batch& of);
  step repeat();
  std::vector<alert_event> firing_in(const redis::active_alerts& page) const;
  bool post_repeated(const std::vector<alert_event>& events);
  result<void> move_to(const courier_position& where);
  courier_position after(const redis::outgoing_alerts& x, std::size_t taken) const;
  void fail(const http_answer& x);
  void calm();
  step broken(const error& why);
  /// A batch of one doesn't need many at hand.
  std::size_t events_a_look() const { return how_.batch == 1 ? 16 : 200; }
  bool is_over() const { return with_.steady() - began_ >= how_.round; }

  courier_settings how_;
  courier_backend with_;
  receiver_report report_;
  backoff pause_;
  std::vector<silence> silences_;
  std::string stored_; ///< the position's text in the ledger
  courier_position here_;
  unsigned refusals_ = 0;       ///< of the next event, one after the other
  bool one_by_one_ = false;     ///< a batch was refused: finds the event that was
  bool ledger_trouble_ = false; ///< the trouble is that Redis doesn't answer
  std::chrono::milliseconds began_{0};
  std::optional<std::chrono::milliseconds> repeated_; ///< when what fires was sent last
  std::optional<subjects_page> page_;                 ///< while a repetition isn't over
};

} // namespace millrace
