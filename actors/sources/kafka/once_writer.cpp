#include "actors/sources/kafka/once_writer.hpp"

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/enqueue.hpp"
#include "actors/sources/kafka/topics.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace millrace::kafka {

namespace {

using clock = std::chrono::steady_clock;
using failure_ptr = std::unique_ptr<rd_kafka_error_t, void (*)(rd_kafka_error_t*)>;

constexpr auto identity = "id";
/// Identities that a writer remembers. A batch that is given to it again is among the newest.
constexpr std::size_t remembered = 20'000;

int left_ms(clock::time_point until) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 1));
}

result<void> checked(const rd_kafka_t* kafka, const std::string& step, rd_kafka_error_t* raw) {
  failure_ptr why{raw, rd_kafka_error_destroy};
  if (!why)
    return {};
  auto code = rd_kafka_error_code(why.get());
  auto out = failure(kafka, step, code);
  if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
    out.code = errc::fenced;
  return out;
}

std::string identity_of(const header_list& headers) {
  auto found = std::find_if(headers.begin(), headers.end(), [](auto& x) { return x.first == identity; });
  return found == headers.end() ? std::string() : found->second;
}

} // namespace

struct once_writer::impl {
  once_settings how;
  client kafka; ///< null: another writer may have taken over, or a transaction's end isn't known
  std::deque<std::string> order; ///< of `known`, oldest first
  std::set<std::string> known;

  result<void> take_over(clock::time_point until);
  result<void> read_newest(clock::time_point until);
  result<std::map<topic_partition, kafka_offset>> newest_of(consumer& from, clock::time_point until,
                                                            std::map<topic_partition, kafka_offset>& begins);
  result<void> commit(const std::vector<outgoing>& records, clock::time_point until);
  void remember(std::string id);
};

void once_writer::impl::remember(std::string id) {
  if (id.empty() || !known.insert(id).second)
    return;
  order.push_back(std::move(id));
  if (order.size() > remembered) {
    known.erase(order.front());
    order.pop_front();
  }
}

/// Fences the writer before, and learns what it has committed.
result<void> once_writer::impl::take_over(clock::time_point until) {
  auto properties = producer_properties(how.kafka);
  properties["transactional.id"] = how.writer;
  properties["transaction.timeout.ms"] = "60000";
  properties["message.timeout.ms"] = "60000"; // a longer one isn't allowed within a transaction
  auto conf = configure(how.kafka, properties);
  if (!conf)
    return conf.why();
  auto handle = open(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!handle)
    return handle.why();
  auto* raw = handle->get();
  if (auto made = create_topics(raw, {{.name = how.topic, .partitions = 1, .config = {}}},
                                std::chrono::milliseconds{left_ms(until)});
      !made)
    return made;
  auto step = "take over " + how.topic + " as " + how.writer;
  if (auto begun = checked(raw, step, rd_kafka_init_transactions(raw, left_ms(until))); !begun)
    return begun;
  if (auto read = read_newest(until); !read)
    return read;
  kafka = std::move(*handle);
  return {};
}

/// Returns the ends of the topic's partitions that have records, and where the newest begin.
result<std::map<topic_partition, kafka_offset>>
once_writer::impl::newest_of(consumer& from, clock::time_point until,
                             std::map<topic_partition, kafka_offset>& begins) {
  auto numbers = from.partitions(how.topic, std::chrono::milliseconds{left_ms(until)});
  if (!numbers)
    return numbers.why();
  std::map<topic_partition, kafka_offset> ends;
  for (auto number : *numbers) {
    topic_partition at{how.topic, number};
    auto bounds = from.bounds(at, std::chrono::milliseconds{left_ms(until)});
    if (!bounds)
      return bounds.why();
    if (bounds->low == bounds->high)
      continue;
    ends[at] = bounds->high;
    begins[at] = {std::max(bounds->low.value, bounds->high.value - how.recent)};
  }
  return ends;
}

result<void> once_writer::impl::read_newest(clock::time_point until) {
  known.clear();
  order.clear();
  auto reader = consumer::connect(how.kafka);
  if (!reader)
    return reader.why();
  std::map<topic_partition, kafka_offset> begins;
  auto ends = newest_of(*reader, until, begins);
  if (!ends)
    return ends.why();
  if (auto assigned = reader->assign(begins); !assigned)
    return assigned;
  while (!ends->empty()) {
    if (clock::now() >= until)
      return error{errc::unavailable, "Kafka: reading the newest records of " + how.topic + " took too long"};
    for (auto& batch : reader->poll(1000, std::chrono::milliseconds{50})) {
      if (batch.failed)
        return *batch.failed;
      for (auto& record : batch.records)
        remember(identity_of(headers_of(record)));
      if (auto end = ends->find(batch.from); end != ends->end() && batch.next >= end->second)
        ends->erase(end);
    }
  }
  return {};
}

result<void> once_writer::impl::commit(const std::vector<outgoing>& records, clock::time_point until) {
  auto* raw = kafka.get();
  if (auto begun = checked(raw, "begin a transaction", rd_kafka_begin_transaction(raw)); !begun)
    return begun;
  for (auto& each : records) {
    auto code = enqueue(raw, each, nullptr);
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock::now() < until) {
      rd_kafka_poll(raw, 10);
      code = enqueue(raw, each, nullptr);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return failure(raw, "write to " + each.topic, code);
  }
  return checked(raw, "commit to " + how.topic, rd_kafka_commit_transaction(raw, left_ms(until)));
}

once_writer::once_writer(once_settings how) : impl_(std::make_unique<impl>()) { impl_->how = std::move(how); }
once_writer::~once_writer() = default;
once_writer::once_writer(once_writer&&) noexcept = default;
once_writer& once_writer::operator=(once_writer&&) noexcept = default;

result<void> once_writer::write(const std::vector<outgoing>& records, std::chrono::milliseconds timeout) {
  auto until = clock::now() + timeout;
  if (!impl_->kafka)
    if (auto taken = impl_->take_over(until); !taken)
      return taken;
  auto fresh = records;
  std::erase_if(fresh, [&](auto& x) { return impl_->known.count(identity_of(x.headers)) > 0; });
  if (fresh.empty())
    return {};
  for (auto& each : fresh)
    each.topic = impl_->how.topic;
  // Whether a commit that failed has happened isn't known. The next call takes over, and reads it.
  if (auto done = impl_->commit(fresh, until); !done)
    return impl_->kafka.reset(), done;
  for (auto& each : fresh)
    impl_->remember(identity_of(each.headers));
  return {};
}

} // namespace millrace::kafka
