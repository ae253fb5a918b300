#pragma once

/// A session that is opened when it is first needed, and shared by users on one thread.

#include "actors/postgres/session.hpp"

#include <memory>

namespace millrace::postgres {

class lasting_session {
 public:
  explicit lasting_session(settings how) : how_(std::move(how)) {}

  /// Returns the session. An error says why PostgreSQL can't be reached; the next call tries again.
  result<session*> get() {
    if (!open_) {
      auto opened = session::open(how_);
      if (!opened)
        return opened.why();
      open_ = std::make_unique<session>(std::move(*opened));
    }
    return open_.get();
  }

 private:
  settings how_;
  std::unique_ptr<session> open_;
};

} // namespace millrace::postgres
