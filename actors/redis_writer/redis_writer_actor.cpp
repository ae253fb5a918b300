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
  return {
      [this](atom::dirty, cell_id cell, bool urgent) { on_dirty(cell, urgent); },
      [this](atom::tick) {
        scheduled = pace::none;
        if (backoff.count() > 0)
          flush();
        else if (!busy)
          collect_dirty();
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
  self->delayed_send(self, urgent ? how.interval : how.idle_interval, atom::tick_v);
}

void redis_writer_state::collect_dirty() {
  if (dirty.empty())
    return;
  busy = true;
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
  if (!store) {
    auto opened = how.open();
    if (!opened)
      return try_again(opened.why());
    store.emplace(std::move(*opened));
  }
  auto outcome = store->flush(flight, how.now());
  if (!outcome)
    return try_again(outcome.why());
  if (!trouble.empty())
    spdlog::info("redis_writer: Redis takes writes again");
  trouble.clear();
  backoff = std::chrono::milliseconds{0};
  settle(*outcome);
}

void redis_writer_state::settle(const redis::flush_outcome& outcome) {
  switch (outcome.verdict) {
  case flush_verdict::fenced:
    return how.lost(
        "shard " + std::to_string(outcome.refused->shard.value)
        + " has another owner in the ledger: another node claimed it, or Redis lost its newest writes");
  case flush_verdict::stale:
    return reload(*outcome.refused);
  case flush_verdict::done:
    break;
  }
  for (auto& [figure, words] : outcome.failed)
    if (failed.emplace(how.plans->figures[figure.value].name, words).second)
      spdlog::error("redis_writer: figure {} fails, Redis says: {}", how.plans->figures[figure.value].name,
                    words);
  for (auto& x : flight)
    self->send(cells.at(x.cell), atom::flushed_v);
  flight.clear();
  ++flushes;
  commands += static_cast<std::int64_t>(outcome.commands);
  last_flush = how.now().value;
  busy = false;
  schedule();
}

void redis_writer_state::reload(cell_id cell) {
  spdlog::warn("redis_writer: the ledger of shard {} isn't where we left it; loading it again",
               cell.shard.value);
  auto stale = std::find_if(flight.begin(), flight.end(), [&](auto& x) { return x.cell == cell; });
  auto ledger = store->claim({cell}, {fresh_token()}, {stale->owner});
  if (!ledger) {
    if (ledger.why().code == errc::unavailable)
      return try_again(ledger.why());
    return how.lost(ledger.why().message);
  }
  flight.erase(stale);
  caf::anon_send(cells.at(cell), atom::load_v, std::move(ledger->front()));
  if (!flight.empty())
    return flush();
  busy = false;
  schedule();
}

void redis_writer_state::try_again(const error& why) {
  if (why.code != errc::unavailable)
    return how.lost(why.message);
  if (trouble != why.message)
    spdlog::warn("redis_writer: {}; trying again", why.message);
  trouble = why.message;
  store.reset();
  backoff = std::clamp(backoff * 2, std::chrono::milliseconds{100}, longest_backoff);
  self->delayed_send(self, backoff, atom::tick_v);
}

std::string redis_writer_state::status() const {
  return nlohmann::json{{"flushes", flushes}, {"commands", commands}, {"last_flush", last_flush},
                        {"failed", failed},   {"trouble", trouble},   {"busy", busy || !dirty.empty()}}
      .dump();
}

redis_writer_actor::behavior_type redis_writer(redis_writer_actor::stateful_pointer<redis_writer_state> self,
                                               redis_writer_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
