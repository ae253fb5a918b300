#pragma once

/// What of the work is this node's, as its settings have it decided; and what a
/// node knows the others by.

#include "actors/member/assignment.hpp"
#include "actors/redis/store.hpp"
#include "nodes/settings/config.hpp"

#include <functional>
#include <optional>

namespace millrace {

struct node_work {
  assignment_source source;
};

/// All of it.
result<node_work> work_alone(const settings& how, const std::map<source_id, kafka::topic_partition>& sources);

/// What Kafka's groups give it: NAME.sources for the change topics, NAME.shards
/// for the shards.
result<node_work> work_by_groups(const settings& how,
                                 const std::map<source_id, kafka::topic_partition>& sources);

/// The nodes' addresses, in Redis.
node_book book_of_nodes(const settings& how);

/// A connection to the ledger that is made anew after it was lost. Used by one thread.
class lasting_store {
 public:
  explicit lasting_store(std::function<result<redis::store>()> open) : open_(std::move(open)) {}

  /// Returns what `work` returns of the store, or why there is none.
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
