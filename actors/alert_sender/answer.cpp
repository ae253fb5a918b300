#include "actors/alert_sender/answer.hpp"

#include <algorithm>

namespace millrace {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_pause{1000}, longest_pause{60'000}, longest_request{300'000};

} // namespace

answer_verdict verdict_of(const http_answer& x) {
  if (x.status >= 200 && x.status < 300)
    return answer_verdict::delivered;
  return x.status == 400 || x.status == 413 || x.status == 422 ? answer_verdict::refused
                                                               : answer_verdict::failed;
}

std::string in_words(const http_answer& x) {
  if (x.status == 0)
    return "it doesn't answer: " + x.why;
  auto said = "it answers " + std::to_string(x.status);
  if (x.status >= 300 && x.status < 400)
    return said + ", and redirects aren't followed: set the URL to which it leads";
  if (x.status == 401 || x.status == 403 || x.status == 407)
    return said + ": check the login in the URL, and the secret";
  if (x.status == 404 || x.status == 405)
    return said + ": check the URL's path";
  return said;
}

void backoff::failed(milliseconds now, double dice, std::optional<std::chrono::seconds> retry_after) {
  if (attempts_++ == 0)
    since_ = now;
  auto pause = std::min(longest_pause, first_pause * (std::int64_t{1} << std::min(attempts_ - 1, 10U)));
  pause = milliseconds{static_cast<std::int64_t>(static_cast<double>(pause.count()) * (0.5 + dice / 2))};
  if (retry_after)
    pause = std::max(pause, std::min<milliseconds>(*retry_after, longest_request));
  next_ = now + pause;
}

} // namespace millrace
