#include "actors/cdc_router/cdc_router_actor.hpp"

#include "actors/cdc_router/dead_letters.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds progress_interval{500};
constexpr std::chrono::seconds letter_timeout{30}, bounds_timeout{15};
/// The router sends its outbox at this size without waiting for more, because a node can't start on
/// a message before it has all of it.
constexpr std::size_t enough_bytes = 1 << 20;

} // namespace

cdc_router_actor::behavior_type
cdc_router_state::make_behavior(cdc_router_settings settings, kafka::consumer reads, kafka::producer writes) {
  how = std::move(settings);
  consumer = std::make_unique<kafka::consumer>(std::move(reads));
  producer = std::make_unique<kafka::producer>(std::move(writes));
  open_window();
  return {
      [this](atom::durable, const cell_positions& x) {
        window->on_durable(x);
        for (auto& p : x.positions)
          lag.durable(x.cell, p.source, p.last, how.now_ms());
      },
      [this](atom::gap, const cell_positions& x) {
        window->on_gap(x);
        send_out();
      },
      [this](atom::homes, const std::vector<cells_behind>& x) { take_homes(x); },
      [this](atom::sources, const std::vector<source_id>& mine, const std::vector<cell_positions>& have) {
        take_sources(mine, have);
      },
      [this](atom::poll) {
        poll();
        self->send(self, atom::poll_v);
      },
      [this](atom::progress) {
        tell_progress();
        commit();
        self->delayed_send(self, progress_interval, atom::progress_v);
      },
      [this](atom::status) { return status(); },
  };
}

void cdc_router_state::open_window() {
  delivery_backend backend;
  backend.transmit = [this](const change_batch& x) { put(x); };
  backend.seek = [this](source_id source, kafka_offset from) {
    spdlog::warn("cdc_router: reads {}/{} again from offset {}", sources.at(source).topic,
                 source.partition.value, from.value);
    if (auto done = consumer->seek(sources.at(source), from); !done)
      how.lost(done.why().message);
  };
  window = std::make_unique<delivery_window>(std::move(backend), how.credit_bytes);
  for (auto& [source, topic] : how.sources) {
    source_of[topic] = source;
    intakes.try_emplace(source.table, *how.plans, source.table, how.shards, how.modes, how.birth);
  }
  self->send(self, atom::poll_v);
  self->send(self, atom::progress_v);
}

/// Sends a progress batch at once to each cell whose location changed.
void cdc_router_state::take_homes(const std::vector<cells_behind>& x) {
  std::set<cell_id> moved;
  std::map<cell_id, dispatcher_actor> now;
  for (auto& some : x)
    for (auto cell : some.cells) {
      now[cell] = some.door;
      if (auto before = doors.find(cell); before == doors.end() || before->second != some.door)
        moved.insert(cell);
    }
  doors = std::move(now);
  window->progress_of(moved);
  send_out();
}

void cdc_router_state::tell_progress() {
  window->progress();
  send_out();
}

/// Adds a batch to the outbox. Drops it if no node serves the cell: the next owner answers the next
/// progress batch with the gap.
void cdc_router_state::put(const change_batch& x) {
  auto door = doors.find(x.cell);
  if (door == doors.end())
    return;
  outbox[door->second].push_back(x);
  outbox_bytes += size_of(x);
  if (outbox_bytes >= enough_bytes)
    send_out();
}

/// Sends each node one message with the batches for all of its cells.
void cdc_router_state::send_out() {
  outbox_bytes = 0;
  for (auto& [door, batches] : std::exchange(outbox, {}))
    self->send(door, std::move(batches));
}

void cdc_router_state::take_sources(const std::vector<source_id>& mine,
                                    const std::vector<cell_positions>& have) {
  std::vector<kafka::topic_partition> gone;
  for (auto& [source, topic] : sources)
    if (std::find(mine.begin(), mine.end(), source) == mine.end()) {
      gone.push_back(topic);
      window->close(source);
      lag.forget(source);
      paused.erase(source);
      committed.erase(topic);
    }
  std::erase_if(sources,
                [&](auto& x) { return std::find(gone.begin(), gone.end(), x.second) != gone.end(); });
  std::map<kafka::topic_partition, kafka_offset> from;
  for (auto source : mine)
    if (sources.try_emplace(source, how.sources.at(source)).second) {
      open_chains(source, have);
      auto first = first_to_read(source);
      if (!first)
        return how.lost(first.why().message);
      from[sources.at(source)] = *first;
    }
  auto done = consumer->unassign(gone);
  if (done)
    done = consumer->assign_more(from);
  if (!done)
    how.lost(done.why().message);
}

/// Returns the offset to read first. Skips records that Kafka has deleted: either the node's start
/// has their table read again, or no cell has anything of it yet.
result<kafka_offset> cdc_router_state::first_to_read(source_id source) {
  if (window->start(source).value == 0)
    return nowhere; // the first record that Kafka has
  auto bounds = consumer->bounds(sources.at(source), bounds_timeout);
  if (!bounds)
    return bounds.why();
  return std::max(window->start(source), bounds->low);
}

void cdc_router_state::open_chains(source_id source, const std::vector<cell_positions>& have) {
  for (auto cell : intakes.at(source.table).cells())
    window->open(source, cell, nowhere);
  for (auto& cell : have)
    for (auto& p : cell.positions)
      if (p.source == source)
        window->open(source, cell.cell, p.last);
}

void cdc_router_state::poll() {
  mind_credit();
  for (auto& batch : consumer->poll(how.poll_records, how.poll_wait)) {
    if (batch.failed)
      return how.lost(batch.from.topic + "/" + std::to_string(batch.from.partition.value) + ": "
                      + batch.failed->message);
    if (!take(batch))
      return;
  }
  send_out();
}

bool cdc_router_state::take(const kafka::record_batch& batch) {
  auto read_ms = how.now_ms();
  auto source = source_of.at(batch.from);
  if (!sources.count(source)) // the partition was just taken away
    return true;
  auto x = intakes.at(source.table).take(batch, how.first_fill, *how.reading);
  if (!x.bad.empty() && !bury(x, batch.from))
    return false;
  if (x.left_out > 0)
    spdlog::info(
        "cdc_router: left out {} records of {}/{} that can't be decoded: they are older than the ledger's "
        "read of the table",
        x.left_out, batch.from.topic, batch.from.partition.value);
  records += x.records;
  for (auto& [cell, changes] : x.changes)
    lag.delivered(cell, source, changes.last(), x.newest_commit_ms, read_ms);
  window->deliver(source, std::move(x.changes), x.last, x.seen);
  return true;
}

/// Writes dead letters to Kafka before the position passes their records.
bool cdc_router_state::bury(const taken& x, const kafka::topic_partition& from) {
  auto& table = how.plans->tables[source_of.at(from).table.value].table;
  std::vector<kafka::outgoing> letters;
  for (auto& bad : x.bad) {
    spdlog::error("cdc_router: {}/{}:{} goes to dead letters: {}", from.topic, from.partition.value,
                  bad.offset.value, bad.why);
    letters.push_back(make_dead_letter(how.dead_letters, from, bad.offset, table.schema + "." + table.name,
                                       bad.key, bad.payload, bad.why, how.now_ms()));
    ++dead[table.schema + "." + table.name];
  }
  auto sent = producer->send(letters, letter_timeout);
  if (!sent)
    how.lost("dead letters can't be written: " + sent.why().message);
  return static_cast<bool>(sent);
}

void cdc_router_state::mind_credit() {
  for (auto& [source, topic] : sources) {
    auto blocked = window->blocked(source);
    if (blocked && paused.insert(source).second)
      consumer->pause(topic);
    else if (!blocked && paused.erase(source))
      consumer->resume(topic);
  }
}

void cdc_router_state::commit() {
  std::map<kafka::topic_partition, kafka_offset> moved;
  for (auto& [source, topic] : sources) {
    kafka_offset next{window->durable(source).value + 1};
    auto& last = committed[topic];
    if (next > last)
      moved[topic] = last = next;
  }
  if (!moved.empty())
    consumer->commit(moved);
}

router_report cdc_router_state::status() const {
  router_report out{records,          lag.end_to_end_ms(), lag.own_ms(), window->waiting_bytes(),
                    window->resent(), window->seeks(),     dead};
  auto ages = lag.ages_ms(how.now_ms());
  for (auto& [source, topic] : sources) {
    auto age = ages.find(source);
    out.sources.push_back({topic.topic, topic.partition.value, window->read(source).value,
                           window->durable(source).value, paused.count(source) > 0,
                           consumer->known_end(topic).value, age == ages.end() ? -1 : age->second});
  }
  return out;
}

cdc_router_actor::behavior_type cdc_router(cdc_router_actor::stateful_pointer<cdc_router_state> self,
                                           cdc_router_settings how, std::shared_ptr<kafka::consumer> reads,
                                           std::shared_ptr<kafka::producer> writes) {
  return self->state.make_behavior(std::move(how), std::move(*reads), std::move(*writes));
}

} // namespace millrace
