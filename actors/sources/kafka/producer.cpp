#include "actors/sources/kafka/producer.hpp"

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/enqueue.hpp"
#include "actors/sources/kafka/topics.hpp"

namespace millrace::kafka {

namespace {

/// The results of one send().
struct delivery {
  std::size_t waiting = 0;
  std::optional<error> failed;
};

/// Called from the polling thread, within send().
void note_delivery(rd_kafka_t* kafka, const rd_kafka_message_t* message, void*) {
  auto* of = static_cast<delivery*>(message->_private);
  --of->waiting;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !of->failed)
    of->failed = failure(kafka, std::string("write to ") + rd_kafka_topic_name(message->rkt), message->err);
}

} // namespace

struct producer::impl {
  settings how;
  client kafka;

  result<void> open_again();
  /// Waits for all deliveries. Discards those that are left at `until`, so that no callback comes after
  /// send() has returned.
  void settle(delivery& of, std::chrono::steady_clock::time_point until);
};

result<void> producer::impl::open_again() {
  auto conf = configure(how, producer_properties(how));
  if (!conf)
    return conf.why();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), note_delivery);
  auto handle = open(RD_KAFKA_PRODUCER, std::move(*conf));
  if (!handle)
    return handle.why();
  kafka = std::move(*handle);
  return {};
}

void producer::impl::settle(delivery& of, std::chrono::steady_clock::time_point until) {
  while (of.waiting > 0 && std::chrono::steady_clock::now() < until)
    rd_kafka_poll(kafka.get(), 10);
  if (of.waiting == 0)
    return;
  rd_kafka_purge(kafka.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (of.waiting > 0)
    rd_kafka_poll(kafka.get(), 10);
}

producer::producer(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
producer::~producer() = default;
producer::producer(producer&&) noexcept = default;
producer& producer::operator=(producer&&) noexcept = default;

result<producer> producer::connect(const settings& how) {
  auto x = std::make_unique<impl>();
  x->how = how;
  if (auto opened = x->open_again(); !opened)
    return opened.why();
  return producer{std::move(x)};
}

result<void> producer::send(const std::vector<outgoing>& records, std::chrono::milliseconds timeout) {
  auto until = std::chrono::steady_clock::now() + timeout;
  // After a fatal error, an idempotent producer rejects every record.
  if (rd_kafka_fatal_error(impl_->kafka.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
    if (auto opened = impl_->open_again(); !opened)
      return opened.why();
  delivery of;
  for (auto& x : records) {
    auto code = enqueue(impl_->kafka.get(), x, &of);
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && std::chrono::steady_clock::now() < until) {
      rd_kafka_poll(impl_->kafka.get(), 10);
      code = enqueue(impl_->kafka.get(), x, &of);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      of.failed = failure(impl_->kafka.get(), "write to " + x.topic, code);
      break;
    }
    ++of.waiting;
  }
  impl_->settle(of, until);
  if (of.failed)
    return *of.failed;
  return {};
}

result<void> producer::create(const std::vector<new_topic>& topics, std::chrono::milliseconds timeout) {
  return create_topics(impl_->kafka.get(), topics, timeout);
}

result<std::vector<std::string>> producer::topics(std::chrono::milliseconds timeout) {
  return list_topics(impl_->kafka.get(), timeout);
}

result<void> producer::remove(const std::vector<std::string>& topics, const std::vector<std::string>& groups,
                              std::chrono::milliseconds timeout) {
  if (auto gone = delete_topics(impl_->kafka.get(), topics, timeout); !gone)
    return gone;
  for (auto& group : groups)
    if (auto gone = delete_group(impl_->kafka.get(), group, timeout); !gone)
      return gone;
  return {};
}

} // namespace millrace::kafka
