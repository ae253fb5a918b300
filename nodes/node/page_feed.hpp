#pragma once

/// What the live page shows: the newest status, gathered once for all readers, and samples of the last hour.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace millrace {

class page_feed {
 public:
  /// One gathered status. Readers share the text.
  struct report {
    std::uint64_t number = 0; ///< counts from 1; 0: nothing has been gathered yet
    std::shared_ptr<const std::string> text;
  };

  /// Keeps a reader's seat while it exists.
  class seat {
   public:
    explicit seat(page_feed& feed) : feed_(feed) {}
    ~seat() { feed_.leave(); }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

   private:
    page_feed& feed_;
  };

  /// Readers at a time. Each occupies one of the server's threads.
  static constexpr std::size_t most_readers = 8;

  /// Starts a thread that calls `look` for the status as JSON: each second while somebody reads, otherwise
  /// every 5 s for the samples. `look` may take some seconds.
  explicit page_feed(std::function<std::string()> look);
  ~page_feed();
  page_feed(const page_feed&) = delete;
  page_feed& operator=(const page_feed&) = delete;

  /// Returns a seat, or null if all are taken or the feed has stopped.
  std::shared_ptr<seat> enter();

  /// Waits up to `patience` for a report after number `seen`, and returns it, or the newest one there is.
  /// Returns nothing once the feed has stopped.
  std::optional<report> next(std::uint64_t seen, std::chrono::milliseconds patience);

  /// Returns the last hour as JSON: {"now": Unix time, s, "at": [Unix time, s], "events": [count since the
  /// start], "lag_ms":
  /// [...], "waiting_bytes": [...]}. A sample without a ready node is null.
  std::string history();

  /// Ends the waits of all readers. Returns when the thread has ended.
  void stop();

 private:
  struct sample {
    std::int64_t at;
    std::optional<std::int64_t> events, lag_ms, waiting_bytes;
  };

  std::string look() const;
  void run();
  void leave();
  void keep(const std::string& text);

  std::function<std::string()> look_;
  std::mutex guard_;
  std::condition_variable changed_; ///< a new report, a new reader, or the end
  report newest_;
  std::deque<sample> samples_; ///< oldest first
  std::size_t readers_ = 0;
  bool stopped_ = false;
  std::thread thread_; ///< last: it uses the others
};

} // namespace millrace
