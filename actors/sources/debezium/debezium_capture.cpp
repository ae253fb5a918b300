#include "actors/sources/debezium/debezium_capture.hpp"

#include "actors/sources/debezium/captured_tables.hpp"

#include <utility>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{10};
constexpr std::chrono::milliseconds side_wait{2000};

} // namespace

debezium_capture::debezium_capture(debezium_capture_settings how)
    : how_(std::move(how)), reader_(how_.reader) {}

result<lsn> debezium_capture::mark(const std::string& what) {
  auto x = how_.session->get();
  return x ? (*x)->emit_marker(what) : result<lsn>(x.why());
}

result<postgres::slot_state> debezium_capture::slot() {
  auto x = how_.session->get();
  return x ? (*x)->slot(how_.slot) : result<postgres::slot_state>(x.why());
}

/// Debezium's snapshot of the anchor shows where a slot begins.
result<lsn> debezium_capture::beginning() {
  auto x = side();
  return x ? (*x)->last_anchor() : result<lsn>(x.why());
}

result<kafka::consumer*> debezium_capture::consumer() {
  if (!consumer_) {
    auto opened = kafka::consumer::connect(how_.reader.kafka);
    if (!opened)
      return opened.why();
    consumer_ = std::make_unique<kafka::consumer>(std::move(*opened));
  }
  return consumer_.get();
}

result<void> debezium_capture::kafka_answers() const {
  return kafka_away_ ? result<void>(error{errc::unavailable, kafka_trouble_}) : result<void>();
}

/// Returns the side topics, read up to their ends. After an error they are opened again, but only once Kafka
/// answers: without Kafka, librdkafka can take a minute to end a client.
result<side_topics*> debezium_capture::side() {
  if (auto answers = kafka_answers(); !answers)
    return answers.why();
  if (std::exchange(side_failed_, false))
    side_.reset();
  if (!side_) {
    auto opened = side_topics::open(how_.reader.kafka, how_.side);
    if (!opened)
      return opened.why();
    side_ = std::make_unique<side_topics>(std::move(*opened));
  }
  if (auto read = side_->read(side_wait); !read) {
    side_failed_ = true;
    note_kafka(read.why().message);
    return read.why();
  }
  return side_.get();
}

result<bool> debezium_capture::captured(lsn marker) {
  auto x = side();
  if (!x)
    return x.why();
  if (!(*x)->has_messages()) // Debezium creates it with its first heartbeat
    return side_failed_ = true, false;
  auto& heard = (*x)->last_heartbeat();
  return heard.at > marker && connect::captures_all(heard.mark, plans());
}

result<position_map> debezium_capture::bounds(bool first) {
  if (auto answers = kafka_answers(); !answers)
    return answers.why();
  auto x = consumer();
  if (!x)
    return x.why();
  position_map out;
  for (auto& [source, topic] : how_.sources) {
    auto bounds = (*x)->bounds(topic, kafka_timeout);
    if (!bounds)
      return bounds.why();
    out[source] = kafka::before(first ? bounds->low : bounds->high);
  }
  return out;
}

result<position_map> debezium_capture::ends() { return bounds(false); }

result<position_map> debezium_capture::begins() { return bounds(true); }

} // namespace millrace
