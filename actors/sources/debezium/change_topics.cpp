#include "actors/sources/debezium/change_topics.hpp"

#include "actors/sources/debezium/topic_check.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};
/// While records come, the WAL's end is asked for this often, ms. Debezium takes longer to deliver a record,
/// so hardly any batch is held.
constexpr std::int64_t question_interval = 50;

/// Bytes of held records at which a partition is paused at the first one.
constexpr std::size_t most_held_bytes = 64 << 20;

std::size_t bytes_in(const kafka::record_batch& x) {
  std::size_t out = 0;
  for (auto& record : x.records)
    out += record.payload ? record.payload->size() : 0;
  return out;
}

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
    paused_.erase(source);
    forget(source);
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
  if (!let_go(take))
    return {};
  for (auto& batch : reads_.poll(how_.at_once, how_.wait)) {
    if (batch.failed)
      return error{batch.failed->code, to_text(batch.from) + ": " + batch.failed->message};
    auto source = source_of_.at(batch.from);
    if (!assigned_.count(source)) // the partition was just taken away
      continue;
    if (!pass(source, std::move(batch), take))
      return {};
  }
  return {};
}

/// Decodes a batch, and gives or holds it. Returns whether to go on.
bool change_topics::pass(source_id source, kafka::record_batch batch, const taker& take) {
  auto read_ms = how_.now_ms();
  auto& intake = intakes_.at(kafka::table_of(source));
  auto x = intake.take(batch, how_.first_fill, *how_.reading);
  x.read_ms = read_ms;
  if (!how_.wal)
    return take(std::move(x));
  keep_fresh();
  auto newest = intake.newest();
  if (newest <= how_.wal->known() && !held_.count(source))
    return take(std::move(x));
  hold(source, {std::move(batch), std::move(x), newest, how_.wal->ask()});
  return true;
}

void change_topics::keep_fresh() {
  if (auto now = how_.now_ms(); now - asked_ms_ >= question_interval || now < asked_ms_) {
    asked_ms_ = now;
    how_.wal->ask();
  }
}

/// Fetches no more of a partition that is held a second time, or of any if much is held: PostgreSQL may be
/// away for long.
void change_topics::hold(source_id source, held_batch x) {
  auto& waiting = held_[source];
  held_bytes_ += bytes_in(x.records);
  waiting.push_back(std::move(x));
  if (waiting.size() > 1 || held_bytes_ > most_held_bytes)
    reads_.pause(how_.sources.at(source));
}

void change_topics::forget(source_id source) {
  if (auto held = held_.find(source); held != held_.end())
    for (auto& x : held->second)
      held_bytes_ -= bytes_in(x.records);
  if (held_.erase(source) && !paused_.count(source) && assigned_.count(source))
    reads_.resume(how_.sources.at(source));
}

bool change_topics::let_go(const taker& take) {
  std::vector<source_id> waiting;
  for (auto& [source, _] : held_)
    waiting.push_back(source);
  for (auto source : waiting)
    if (!let_go(source, take))
      return false;
  return true;
}

/// Gives a partition's batches whose question is answered. A record beyond the answer isn't PostgreSQL's.
bool change_topics::let_go(source_id source, const taker& take) {
  auto& waiting = held_.at(source);
  while (!waiting.empty()) {
    auto end = how_.wal->answer(waiting.front().question);
    if (!end)
      return true;
    auto x = std::move(waiting.front());
    waiting.pop_front();
    held_bytes_ -= bytes_in(x.records);
    if (x.newest > *end) {
      auto read_ms = x.found.read_ms;
      x.found = intakes_.at(kafka::table_of(source)).take(x.records, how_.first_fill, *how_.reading, *end);
      x.found.read_ms = read_ms;
    }
    if (!take(std::move(x.found)))
      return false;
  }
  forget(source);
  return true;
}

result<void> change_topics::seek(source_id source, stream_position after) {
  forget(source);
  return reads_.seek(how_.sources.at(source), kafka::after(after));
}

void change_topics::pause(source_id source) {
  paused_.insert(source);
  reads_.pause(how_.sources.at(source));
}

void change_topics::resume(source_id source) {
  paused_.erase(source);
  if (!held_.count(source))
    reads_.resume(how_.sources.at(source));
}

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
