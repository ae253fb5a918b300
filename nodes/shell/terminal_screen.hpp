#pragma once

/// The terminal of this process.

#include "nodes/shell/listing.hpp"

#include <chrono>
#include <memory>

namespace millrace::shell {

/// Returns whether stdin and stdout are a terminal.
bool is_terminal();

/// Returns how stdout shows a listing: with colours on a terminal, unless NO_COLOR is set or TERM is dumb.
screen present_screen();

/// Waits for a key on a terminal, without echo. While it exists, Ctrl-C is a key. Without a terminal there
/// are no keys.
class key_watch {
 public:
  key_watch();
  ~key_watch();
  key_watch(const key_watch&) = delete;
  key_watch& operator=(const key_watch&) = delete;

  /// Returns whether a key was pressed within this time.
  bool pressed(std::chrono::milliseconds within);
  /// Clears the terminal.
  void clear_screen() const;

 private:
  struct saved;
  std::unique_ptr<saved> saved_; ///< null: no terminal
};

} // namespace millrace::shell
