#include "actors/redis_writer/redis_writer_actor.hpp"

#include "messages/token.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds collect_timeout{30};
constexpr std::chrono::milliseconds longest_backoff{5000};

} // namespace

redis_writer_actor::behavior_type redis_writer_state::make_behavior(redis_writer_settings settings) {
  how = std::move(settings);
  left = std::move(how.left);
  pace_of_flushes = flush_pace(how.longest_interval);
  self->delayed_send(self, how.look_interval, atom::poll_v);
  return {
      [this](atom::dirty, cell_id cell, bool urgent) { on_dirty(cell, urgent); },
      [this](atom::tick) {
        scheduled = pace::none;
        if (backoff.count() > 0)
          flush();
        else if (!busy)
          collect_dirty();
      },
      [this](atom::poll) {
        look_due = true;
        if (!busy)
          look();
        self->delayed_send(self, how.look_interval, atom::poll_v);
      },
      [this](atom::status) { return status(); },
  };
}

void redis_writer_state::on_dirty(cell_id cell, bool urgent) {
  cells[cell] = caf::actor_cast<aggregator_actor>(self->current_sender());
  dirty[cell] |= urgent;
  if (!busy)
    schedule();
}

void redis_writer_state::schedule() {
  if (dirty.empty() || scheduled == pace::soon)
    return;
  auto urgent = std::any_of(dirty.begin(), dirty.end(), [](auto& x) { return x.second; });
  if (!urgent && scheduled == pace::later)
    return;
  scheduled = urgent ? pace::soon : pace::later;
  self->delayed_send(self, urgent ? pace_of_flushes.interval() : how.idle_interval, atom::tick_v);
}

void redis_writer_state::collect_dirty() {
  if (dirty.empty())
    return;
  busy = true;
  began = std::chrono::steady_clock::now();
  awaited = dirty.size();
  for (auto& [cell, _] : std::exchange(dirty, {}))
    collect_from(cell);
}

void redis_writer_state::collect_from(cell_id cell) {
  self->request(cells.at(cell), collect_timeout, atom::collect_v)
      .then(
          [this](cell_flush& x) {
            flight.push_back(std::move(x));
            collected();
          },
          [this](caf::error&) { how.lost("a cell doesn't answer its writer"); });
}

void redis_writer_state::collected() {
  if (--awaited == 0)
    flush();
}

void redis_writer_state::flush() {
  if (auto there = connect(); !there)
    return try_again(there.why());
  for (auto& x : flight)
    left.try_emplace(x.cell, ledger_mark{x.owner, x.number - 1});
  auto outcome = store->flush(flight, how.now());
  if (!outcome)
    return try_again(outcome.why());
  recovered();
  backoff = std::chrono::milliseconds{0};
  settle(*outcome);
}

void redis_writer_state::settle(const redis::flush_outcome& outcome) {
  switch (outcome.verdict) {
  case flush_verdict::fenced:
    return how.lost(fenced(*outcome.refused).message);
  case flush_verdict::stale:
    return leave_out(*outcome.refused);
  case flush_verdict::done:
    break;
  }
  for (auto& [figure, words] : outcome.failed)
    if (failed.emplace(how.plans->figures[figure.value].name, words).second)
      spdlog::error("redis_writer: figure {} fails, Redis says: {}", how.plans->figures[figure.value].name,
                    words);
  for (auto& x : flight) {
    left[x.cell] = {x.owner, x.number};
    self->send(cells.at(x.cell), atom::flushed_v);
  }
  flight.clear();
  pace_of_flushes.took(std::chrono::steady_clock::now() - began);
  ++flushes;
  commands += static_cast<std::int64_t>(outcome.commands);
  last_flush = how.now().value;
  rest();
}

/// Nothing is under way: what was put off comes now.
void redis_writer_state::rest() {
  busy = false;
  if (look_due)
    look();
  else
    schedule();
}

void redis_writer_state::look() {
  look_due = false;
  auto seen = compare();
  if (!seen && seen.why().code != errc::unavailable)
    return how.lost(seen.why().message);
  seen ? recovered() : complain(seen.why());
  schedule();
}

/// Has every cell loaded again whose ledger isn't where we left it.
result<void> redis_writer_state::compare() {
  if (auto there = connect(); !there)
    return there;
  for (;;) {
    auto outcome = store->look(left);
    if (!outcome)
      return outcome.why();
    if (outcome->verdict == flush_verdict::done)
      return {};
    if (outcome->verdict == flush_verdict::fenced)
      return fenced(*outcome->refused);
    if (auto loaded = reload(*outcome->refused); !loaded)
      return loaded;
  }
}

error redis_writer_state::fenced(cell_id cell) {
  return {errc::fenced, "shard " + std::to_string(cell.shard.value)
                            + " has another owner in the ledger: another node claimed it, or Redis lost its "
                              "newest writes"};
}

/// The others of the flight go again, without the cell.
void redis_writer_state::leave_out(cell_id cell) {
  auto loaded = reload(cell);
  if (!loaded)
    return try_again(loaded.why());
  flight.erase(std::find_if(flight.begin(), flight.end(), [&](auto& x) { return x.cell == cell; }));
  flight.empty() ? rest() : flush();
}

result<void> redis_writer_state::reload(cell_id cell) {
  spdlog::warn("redis_writer: the ledger of shard {} isn't where we left it; loading it again",
               cell.shard.value);
  auto ledger = store->claim({cell}, {fresh_token()}, {left.at(cell).owner});
  if (!ledger)
    return ledger.why();
  auto to = cells.find(cell);
  if (to == cells.end())
    return fenced(cell);
  left[cell] = {ledger->front().owner, ledger->front().number};
  caf::anon_send(to->second, atom::load_v, std::move(ledger->front()));
  return {};
}

result<void> redis_writer_state::connect() {
  if (store)
    return {};
  auto opened = how.open();
  if (!opened)
    return opened.why();
  store.emplace(std::move(*opened));
  return {};
}

void redis_writer_state::complain(const error& why) {
  if (trouble != why.message)
    spdlog::warn("redis_writer: {}; trying again", why.message);
  trouble = why.message;
  store.reset();
}

void redis_writer_state::recovered() {
  if (!trouble.empty())
    spdlog::info("redis_writer: Redis answers again");
  trouble.clear();
}

void redis_writer_state::try_again(const error& why) {
  if (why.code != errc::unavailable)
    return how.lost(why.message);
  complain(why);
  backoff = std::clamp(backoff * 2, std::chrono::milliseconds{100}, longest_backoff);
  self->delayed_send(self, backoff, atom::tick_v);
}

std::string redis_writer_state::status() const {
  return nlohmann::json{{"flushes", flushes},
                        {"commands", commands},
                        {"last_flush", last_flush},
                        {"failed", failed},
                        {"trouble", trouble},
                        {"busy", busy || !dirty.empty()},
                        {"interval_ms", pace_of_flushes.interval().count()}}
      .dump();
}

redis_writer_actor::behavior_type redis_writer(redis_writer_actor::stateful_pointer<redis_writer_state> self,
                                               redis_writer_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
