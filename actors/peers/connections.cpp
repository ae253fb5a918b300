#include "actors/peers/connections.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace millrace::peers {

namespace {

constexpr std::chrono::seconds time_to_greet{10}, longest_silence{20};
constexpr std::size_t most_newcomers = 64, most_greeted = 256;

/// Shuts the socket down. Its reader then sees the end of the connection and closes it.
void end(presence& x) {
  ::shutdown(x.socket, SHUT_RDWR);
  x.gone = true;
}

} // namespace

void connections::add(std::shared_ptr<presence> x, clock::time_point now) {
  all_.push_back(std::move(x));
  look(now);
  end_the_most_silent(false, most_newcomers);
  end_the_most_silent(true, most_greeted);
}

void connections::look(clock::time_point now) {
  std::erase_if(all_, [](auto& one) { return one->gone; });
  for (auto& one : all_)
    if (one->heard + (one->greeted ? longest_silence : time_to_greet) < now)
      end(*one);
}

void connections::end_the_most_silent(bool greeted, std::size_t most) {
  std::vector<presence*> some;
  for (auto& one : all_)
    if (one->greeted == greeted)
      some.push_back(one.get());
  if (some.size() > most)
    end(**std::min_element(some.begin(), some.end(), [](auto* x, auto* y) { return x->heard < y->heard; }));
}

} // namespace millrace::peers
