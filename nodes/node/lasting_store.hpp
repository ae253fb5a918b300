#pragma once

/// The ledger, over a connection that can break.

#include "actors/redis/store.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace millrace {

/// A connection to the ledger that reconnects after a loss. Used by one thread.
class lasting_store {
 public:
  explicit lasting_store(std::function<result<redis::store>()> open) : open_(std::move(open)) {}

  /// Returns what `work` returns for the store. Returns an error if the store can't be opened.
  template <class Work>
  auto use(Work work) -> decltype(work(std::declval<redis::store&>())) {
    if (!store_) {
      auto opened = open_();
      if (!opened)
        return opened.why();
      store_.emplace(std::move(*opened));
    }
    auto out = work(*store_);
    if (!out && out.why().code == errc::unavailable)
      store_.reset();
    return out;
  }

 private:
  std::function<result<redis::store>()> open_;
  std::optional<redis::store> store_;
};

} // namespace millrace
