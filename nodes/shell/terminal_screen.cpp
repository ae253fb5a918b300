#include "nodes/shell/terminal_screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace millrace::shell {

namespace {

constexpr std::size_t usual_width = 80;

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_width;
}

bool wants_colours() {
  auto* no_colour = std::getenv("NO_COLOR");
  auto* term = std::getenv("TERM");
  return !(no_colour && *no_colour) && !(term && std::string_view(term) == "dumb");
}

} // namespace

bool is_terminal() { return ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO); }

screen present_screen() {
  if (!::isatty(STDOUT_FILENO))
    return {};
  return {terminal_width(), wants_colours()};
}

struct key_watch::saved {
  termios before{};
};

key_watch::key_watch() {
  if (!is_terminal())
    return;
  saved_ = std::make_unique<saved>();
  ::tcgetattr(STDIN_FILENO, &saved_->before);
  auto now = saved_->before;
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

key_watch::~key_watch() {
  if (saved_)
    ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_->before);
}

bool key_watch::pressed(std::chrono::milliseconds within) {
  if (!saved_) {
    std::this_thread::sleep_for(within);
    return false;
  }
  pollfd one{STDIN_FILENO, POLLIN, 0};
  if (::poll(&one, 1, static_cast<int>(within.count())) <= 0)
    return false;
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  return true;
}

void key_watch::clear_screen() const {
  if (saved_)
    std::fputs("\033[H\033[2J", stdout);
}

} // namespace millrace::shell
