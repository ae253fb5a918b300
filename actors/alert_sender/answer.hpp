#pragma once

/// What a receiver's answer to a POST means, and when the next attempt begins. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace {

/// The answer to a POST. Nothing of its text is kept: it can repeat a secret.
struct http_answer {
  int status = 0;                                  ///< 0: there was none
  std::string why;                                 ///< without a status: why
  std::optional<std::chrono::seconds> retry_after; ///< the header Retry-After
};

enum class answer_verdict : std::uint8_t {
  delivered, ///< 2xx
  refused,   ///< the server can't take this message: 400, 413, 422
  failed,    ///< everything else can pass: no answer, a redirect, a login, a limit, 5xx
};

answer_verdict verdict_of(const http_answer& x);

/// Returns what isn't right, and what to do.
std::string in_words(const http_answer& x);

/// When to try again: after 1 s, then twice as long each time, up to 60 s, each time between half and all of
/// it, so that nodes don't come at once. Retry-After makes it longer, up to 5 min.
class backoff {
 public:
  /// Counts a failed attempt. `dice` is in [0, 1).
  void failed(std::chrono::milliseconds now, double dice,
              std::optional<std::chrono::seconds> retry_after = std::nullopt);
  void succeeded() { *this = {}; }

  bool waits(std::chrono::milliseconds now) const { return now < next_; }
  unsigned attempts() const { return attempts_; }
  std::chrono::milliseconds next() const { return next_; }   ///< on the clock of `now`
  std::chrono::milliseconds since() const { return since_; } ///< first failed attempt

 private:
  unsigned attempts_ = 0; ///< failed ones since the last success
  std::chrono::milliseconds next_{0}, since_{0};
};

} // namespace millrace
