#include "actors/cdc_router/cdc_router_actor.hpp"

#include <algorithm>
#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds progress_interval{500};
/// The router sends its outbox at this size without waiting for more, because a node can't start on
/// a message before it has all of it.
constexpr std::size_t enough_bytes = 1 << 20;

} // namespace

cdc_router_actor::behavior_type cdc_router_state::make_behavior(cdc_router_settings settings) {
  how = std::move(settings);
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
        if (!given_up)
          self->send(self, atom::poll_v);
      },
      [this](atom::progress) {
        tell_progress();
        settle();
        self->delayed_send(self, progress_interval, atom::progress_v);
      },
      [this](atom::status) { return status(); },
  };
}

void cdc_router_state::open_window() {
  delivery_backend backend;
  backend.transmit = [this](const change_batch& x) { put(x); };
  backend.seek = [this](source_id source, stream_position after) {
    spdlog::warn("cdc_router: reads again what comes after {}", how.source->name_of(source, after));
    if (auto done = how.source->seek(source, after); !done)
      give_up(done.why().message);
  };
  window = std::make_unique<delivery_window>(std::move(backend), how.credit_bytes);
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
  std::vector<source_id> gone;
  for (auto source : sources)
    if (std::find(mine.begin(), mine.end(), source) == mine.end()) {
      gone.push_back(source);
      window->close(source);
      lag.forget(source);
      paused.erase(source);
      settled.erase(source);
    }
  for (auto source : gone)
    sources.erase(source);
  position_map more;
  for (auto source : mine)
    if (sources.insert(source).second) {
      open_chains(source, have);
      more[source] = window->start(source);
    }
  if (auto done = how.source->assign(more, gone); !done)
    give_up(done.why().message);
}

void cdc_router_state::open_chains(source_id source, const std::vector<cell_positions>& have) {
  for (auto cell : how.source->cells(source))
    window->open(source, cell, nowhere);
  for (auto& cell : have)
    for (auto& p : cell.positions)
      if (p.source == source)
        window->open(source, cell.cell, p.last);
}

/// Reads no further: the node ends. What comes next must not pass what couldn't be done.
void cdc_router_state::give_up(const std::string& why) {
  given_up = true;
  how.lost(why);
}

void cdc_router_state::poll() {
  mind_credit();
  if (auto read = how.source->poll([this](taken&& x) { return take(std::move(x)); }); !read)
    give_up(read.why().message);
  if (!given_up)
    send_out();
}

/// Returns false if dead letters can't be written: the node ends.
bool cdc_router_state::take(taken&& x) {
  if (!sources.count(x.source)) // it was just taken away
    return true;
  if (!x.bad.empty() && !bury(x))
    return false;
  if (x.left_out > 0)
    spdlog::info("cdc_router: left out {} records of {} that can't be decoded: they are older than the "
                 "ledger's read of the table",
                 x.left_out, how.source->name_of(x.source));
  records += x.records;
  for (auto& [cell, changes] : x.changes)
    lag.delivered(cell, x.source, changes.last(), x.newest_commit_ms, x.read_ms);
  window->deliver(x.source, std::move(x.changes), x.last, x.seen);
  return true;
}

/// Puts dead letters into their box before the position passes their records.
bool cdc_router_state::bury(const taken& x) {
  std::vector<new_letter> letters;
  for (auto& bad : x.bad) {
    spdlog::error("cdc_router: {} goes to dead letters: {}", how.source->name_of(x.source, bad.at), bad.why);
    auto& of = how.plans->tables[bad.table.value].table;
    auto table = of.schema + "." + of.name;
    ++dead[table];
    letters.push_back({x.source, bad.at, std::move(table), bad.key, bad.payload, bad.why, how.now_ms()});
  }
  auto kept = how.letters->put(std::move(letters));
  if (!kept)
    give_up("dead letters can't be written: " + kept.why().message);
  return static_cast<bool>(kept);
}

void cdc_router_state::mind_credit() {
  for (auto source : sources) {
    auto blocked = window->blocked(source);
    if (blocked && paused.insert(source).second)
      how.source->pause(source);
    else if (!blocked && paused.erase(source))
      how.source->resume(source);
  }
}

void cdc_router_state::settle() {
  position_map moved;
  for (auto source : sources) {
    auto durable = window->durable(source);
    auto& last = settled.try_emplace(source, nowhere).first->second;
    if (durable > last)
      moved[source] = last = durable;
  }
  if (!moved.empty())
    how.source->settle(moved);
}

router_report cdc_router_state::status() const {
  router_report out{records,          lag.end_to_end_ms(), lag.own_ms(), window->waiting_bytes(),
                    window->resent(), window->seeks(),     dead};
  auto ages = lag.ages_ms(how.now_ms());
  for (auto source : sources) {
    auto x = how.source->report(source, window->read(source), window->durable(source));
    x.paused = paused.count(source) > 0;
    if (auto age = ages.find(source); age != ages.end())
      x.lag_ms = age->second;
    out.sources.push_back(std::move(x));
  }
  return out;
}

cdc_router_actor::behavior_type cdc_router(cdc_router_actor::stateful_pointer<cdc_router_state> self,
                                           cdc_router_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
