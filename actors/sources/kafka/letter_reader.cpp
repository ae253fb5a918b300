#include "actors/sources/kafka/letter_reader.hpp"

namespace millrace::kafka {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t at_once = 100;
constexpr std::chrono::milliseconds slice{50};

} // namespace

/// Returns the ends of the partitions that have more.
result<std::map<topic_partition, kafka_offset>>
letter_reader::look_for_more(consumer& from, std::chrono::milliseconds timeout) {
  auto numbers = from.partitions(topic_, timeout);
  if (!numbers)
    return numbers.why();
  std::map<topic_partition, kafka_offset> ends;
  for (auto number : *numbers) {
    topic_partition one{topic_, number};
    auto bounds = from.bounds(one, timeout);
    if (!bounds)
      return bounds.why();
    auto known = next_.find(one);
    if (known != next_.end() && bounds->high < known->second) { // the topic was made again
      book_ = letter_book{};
      next_.clear();
      return look_for_more(from, timeout);
    }
    auto& next = next_.try_emplace(one, bounds->low).first->second;
    next = std::max(next, bounds->low);
    book_.forget(one, bounds->low);
    if (next < bounds->high)
      ends[one] = bounds->high;
  }
  return ends;
}

result<void> letter_reader::follow(consumer& from, std::chrono::milliseconds timeout) {
  auto until = clock::now() + timeout;
  auto ends = look_for_more(from, timeout);
  if (!ends)
    return ends.why();
  if (ends->empty())
    return {};
  std::map<topic_partition, kafka_offset> begins;
  for (auto& [one, _] : *ends)
    begins[one] = next_.at(one);
  if (auto assigned = from.assign(begins); !assigned)
    return assigned;
  while (!ends->empty()) {
    if (clock::now() > until)
      return error{errc::unavailable, "Kafka is slow to show " + topic_};
    for (auto& batch : from.poll(at_once, slice)) {
      if (batch.failed)
        return *batch.failed;
      for (auto& x : batch.records)
        book_.add(batch.from, x);
      next_[batch.from] = batch.next;
      if (auto end = ends->find(batch.from); end != ends->end() && batch.next >= end->second)
        ends->erase(end);
    }
  }
  return {};
}

} // namespace millrace::kafka
