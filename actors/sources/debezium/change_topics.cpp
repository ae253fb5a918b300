#include "actors/sources/debezium/change_topics.hpp"

#include "actors/sources/debezium/topic_check.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};

} // namespace

result<std::unique_ptr<change_topics>> change_topics::open(change_topics_settings how) {
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  return std::unique_ptr<change_topics>(new change_topics(std::move(how), std::move(*reads)));
}

change_topics::change_topics(change_topics_settings how, kafka::consumer reads)
    : how_(std::move(how)), reads_(std::move(reads)) {
  for (auto& [source, topic] : how_.sources) {
    source_of_[topic] = source;
    auto table = kafka::table_of(source);
    intakes_.try_emplace(table, *how_.plans, table, how_.shards, how_.modes, how_.birth);
  }
}

std::vector<cell_id> change_topics::cells(source_id source) const {
  return intakes_.at(kafka::table_of(source)).cells();
}

result<void> change_topics::assign(const position_map& more, const std::vector<source_id>& gone) {
  std::vector<kafka::topic_partition> left;
  for (auto source : gone) {
    left.push_back(how_.sources.at(source));
    assigned_.erase(source);
  }
  std::map<kafka::topic_partition, kafka_offset> from;
  for (auto& [source, after] : more) {
    auto first = first_to_read(source, after);
    if (!first)
      return first.why();
    from[how_.sources.at(source)] = *first;
    assigned_.insert(source);
  }
  auto done = reads_.unassign(left);
  return done ? reads_.assign_more(from) : done;
}

/// Returns the offset to read first. Skips records that Kafka has deleted: either the node's start
/// has their table read again, or no cell has anything of it yet.
result<kafka_offset> change_topics::first_to_read(source_id source, stream_position after) {
  if (after == nowhere)
    return no_offset; // the first record that Kafka has
  auto bounds = reads_.bounds(how_.sources.at(source), kafka_timeout);
  if (!bounds)
    return bounds.why();
  return std::max(kafka::after(after), bounds->low);
}

result<void> change_topics::poll(const taker& take) {
  for (auto& batch : reads_.poll(how_.at_once, how_.wait)) {
    if (batch.failed)
      return error{batch.failed->code, to_text(batch.from) + ": " + batch.failed->message};
    auto source = source_of_.at(batch.from);
    if (!assigned_.count(source)) // the partition was just taken away
      continue;
    auto read_ms = how_.now_ms();
    auto x = intakes_.at(kafka::table_of(source)).take(batch, how_.first_fill, *how_.reading);
    x.read_ms = read_ms;
    if (!take(std::move(x)))
      return {};
  }
  return {};
}

result<void> change_topics::seek(source_id source, stream_position after) {
  return reads_.seek(how_.sources.at(source), kafka::after(after));
}

void change_topics::pause(source_id source) { reads_.pause(how_.sources.at(source)); }

void change_topics::resume(source_id source) { reads_.resume(how_.sources.at(source)); }

/// Commits to a group. Its offsets are a hint for tools: the ledger has the truth.
void change_topics::settle(const position_map& durable) {
  std::map<kafka::topic_partition, kafka_offset> next;
  for (auto& [source, position] : durable)
    next[how_.sources.at(source)] = kafka::after(position);
  reads_.commit(next);
}

result<position_map> change_topics::ends() {
  position_map out;
  for (auto& [source, topic] : how_.sources) {
    auto bounds = reads_.bounds(topic, kafka_timeout);
    if (!bounds)
      return bounds.why();
    out[source] = kafka::before(bounds->high);
  }
  return out;
}

result<log_state> change_topics::compare(const std::map<source_id, ledger_extent>& ledger) {
  return compare_topics(reads_, how_.sources, ledger, kafka_timeout);
}

std::string change_topics::name_of(source_id source) const { return to_text(how_.sources.at(source)); }

std::string change_topics::name_of(source_id source, stream_position at) const {
  return to_text(kafka::record_place{how_.sources.at(source), kafka::offset_of(at)});
}

std::string change_topics::distance(stream_position from, stream_position to) const {
  return std::to_string(kafka::offset_of(to).value - kafka::offset_of(from).value) + " offsets";
}

partition_report change_topics::report(source_id source, stream_position read,
                                       stream_position durable) const {
  auto& of = how_.sources.at(source);
  partition_report out;
  out.topic = of.topic;
  out.partition = of.partition.value;
  out.read = kafka::offset_of(read).value;
  out.durable = kafka::offset_of(durable).value;
  out.end = reads_.known_end(of).value;
  return out;
}

} // namespace millrace
