#include "actors/redis_writer/redis_writer_actor.hpp"

#include "actors/redis/server_clock.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

#include <spdlog/fmt/ranges.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds collect_timeout{30};
constexpr std::chrono::milliseconds longest_backoff{5000};

bool same(const std::vector<redis::finding>& a, const std::vector<redis::finding>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](auto& x, auto& y) { return x.what == y.what; });
}

/// Returns why the server can't be used; nullopt if it can.
std::optional<std::string> refused_by(const std::vector<redis::finding>& all) {
  if (all.empty() || all.front().weight != redis::finding::severity::refuse)
    return std::nullopt;
  return all.front().what;
}

std::vector<finding_report> reported(const std::vector<redis::finding>& all) {
  std::vector<finding_report> out;
  for (auto& x : all)
    out.push_back({x.weight == redis::finding::severity::refuse, x.what});
  return out;
}

} // namespace

redis_writer_actor::behavior_type redis_writer_state::make_behavior(redis_writer_settings settings) {
  how = std::move(settings);
  pace_of_flushes = flush_pace(how.longest_interval);
  walks = place_walks(*how.plans, how.walked_places);
  self->delayed_send(self, how.look_interval, atom::poll_v);
  return {
      [this](atom::dirty, cell_id cell, bool urgent) { on_dirty(cell, urgent); },
      [this](atom::own, const cell_home& home, const owner_token& owner, std::uint64_t number) {
        forget(home.cell);
        cells[home.cell] = home.at;
        left[home.cell] = {owner, number};
      },
      [this](atom::release, const std::vector<cell_id>& which) { return release(which); },
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

/// Releases cells. A running flush continues; Redis rejects it if the new owner has claimed
/// already.
caf::result<bool> redis_writer_state::release(const std::vector<cell_id>& which) {
  for (auto cell : which)
    forget(cell);
  if (!busy)
    return true;
  releases.push_back(self->make_response_promise<bool>());
  return releases.back();
}

void redis_writer_state::forget(cell_id cell) {
  cells.erase(cell);
  dirty.erase(cell);
  left.erase(cell);
}

void redis_writer_state::on_dirty(cell_id cell, bool urgent) {
  if (!left.count(cell))
    return;
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
  self->request(cells.at(cell), collect_timeout, atom::collect_v, walks.places_of(cell))
      .then(
          [this](cell_flush& x) {
            walks.told(x);
            flight.push_back(std::move(x));
            collected();
          },
          [this, cell](caf::error&) {
            if (left.count(cell))
              return how.lost("a cell doesn't answer its writer");
            collected(); // it was released
          });
}

void redis_writer_state::collected() {
  if (--awaited == 0)
    flight.empty() ? rest() : flush();
}

void redis_writer_state::flush() {
  if (auto there = connect(); !there)
    return try_again(there.why());
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
    give_up(*outcome.refused);
    return leave_out(*outcome.refused);
  case flush_verdict::stale:
    if (auto loaded = reload(*outcome.refused); !loaded)
      return try_again(loaded.why());
    return leave_out(*outcome.refused);
  case flush_verdict::done:
    break;
  }
  for (auto& [figure, words] : outcome.failed)
    if (failed.emplace(how.plans->figures[figure.value].name, words).second)
      spdlog::error("redis_writer: figure {} fails, Redis says: {}", how.plans->figures[figure.value].name,
                    words);
  for (auto& x : flight)
    if (is_ours(x)) {
      left[x.cell].number = x.number;
      self->send(cells.at(x.cell), atom::flushed_v);
      compare_places(x);
    }
  write_again(outcome.broken);
  flight.clear();
  pace_of_flushes.took(std::chrono::steady_clock::now() - began);
  ++flushes;
  commands += static_cast<std::int64_t>(outcome.commands);
  last_flush = how.now().value;
  rest();
}

/// Reads again what the flush wrote to some of the cell's places, because another client may have
/// changed them.
void redis_writer_state::compare_places(const cell_flush& x) {
  auto nobody_wrote = [&]() -> result<bool> {
    auto outcome = store->look({{x.cell, left.at(x.cell)}});
    return outcome ? result<bool>(outcome->verdict == flush_verdict::done) : outcome.why();
  };
  if (auto compared = walks.compare(*store, x, nobody_wrote); !compared)
    spdlog::warn("redis_writer: places of shard {} can't be compared: {}", x.cell.shard.value,
                 compared.why().message);
}

/// Returns whether this node still owns the cell, under the token of this flush.
bool redis_writer_state::is_ours(const cell_flush& x) const {
  auto mark = left.find(x.cell);
  return mark != left.end() && mark->second.owner == x.owner;
}

/// Returns whether the cell was released after its running flush was collected.
bool redis_writer_state::was_let_go(cell_id cell) const {
  auto in_flight = std::find_if(flight.begin(), flight.end(), [&](auto& x) { return x.cell == cell; });
  return !left.count(cell) || (in_flight != flight.end() && !is_ours(*in_flight));
}

/// No flush is running: does what was postponed.
void redis_writer_state::rest() {
  busy = false;
  for (auto& x : std::exchange(releases, {}))
    x.deliver(true);
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
  if (seen)
    walks.choose(left);
  for (auto cell : walks.chosen())
    dirty.try_emplace(cell, false);
  schedule();
}

/// Reads the server's facts, its clock, and the figures whose writes it rejected: from other nodes,
/// or before this node started.
result<void> redis_writer_state::listen() {
  auto server = store->server();
  if (!server)
    return server.why();
  take_server(*server);
  if (auto why = refused_by(findings)) // a failover can end it
    return error{errc::unavailable, *why};
  auto time = store->time();
  if (!time)
    return time.why();
  if (how.time_is)
    how.time_is(time->value_or(redis::machine_time()));
  auto refused = store->failed_figures();
  if (!refused)
    return refused.why();
  failed = std::move(*refused);
  return {};
}

void redis_writer_state::take_server(const redis::server_facts& x) {
  auto now = redis::judge(x);
  if (same(now, findings))
    return;
  for (auto& each : now)
    spdlog::warn("redis_writer: {}", each.what);
  if (now.empty())
    spdlog::info("redis_writer: Redis has no more faults");
  findings = std::move(now);
}

/// Compares the cells with the ledger. Reloads STALE cells, and gives up FENCED ones.
result<void> redis_writer_state::compare() {
  if (auto there = connect(); !there)
    return there;
  if (auto heard = listen(); !heard)
    return heard;
  for (;;) {
    auto outcome = store->look(left);
    if (!outcome)
      return outcome.why();
    if (outcome->verdict == flush_verdict::done)
      return inspect();
    if (outcome->verdict == flush_verdict::fenced)
      give_up(*outcome->refused);
    else if (auto loaded = reload(*outcome->refused); !loaded)
      return loaded;
  }
}

/// Repairs from memory what Redis lost without a change of the ledger.
result<void> redis_writer_state::inspect() {
  std::vector<cell_id> all;
  for (auto& [cell, _] : left)
    all.push_back(cell);
  auto found = store->inspect(all);
  if (!found)
    return found.why();
  std::erase_if(rewritten, [&](auto cell) {
    return std::find(found->broken.begin(), found->broken.end(), cell) == found->broken.end();
  });
  write_again(found->broken);
  if (found->refill.empty())
    return left.empty() || left.begin()->first.shard != shard_id{0} ? result<void>()
                                                                    : walks.look_at_rolled(*store);
  auto asked = store->mend(found->refill);
  if (!asked)
    return asked.why();
  if (*asked == redis::proposal::taken)
    spdlog::warn("redis_writer: refilling figures that lost partials in Redis ({})",
                 fmt::join(found->refill, ", "));
  return {};
}

/// Has the cells rewrite their state logs: memory has all of their rows.
void redis_writer_state::write_again(const std::vector<cell_id>& broken) {
  for (auto cell : broken) {
    if (!left.count(cell))
      continue;
    if (rewritten.insert(cell).second)
      spdlog::warn("redis_writer: rewriting the rows of shard {}: Redis lost blocks of its state log",
                   cell.shard.value);
    self->send(cells.at(cell), atom::copy_v);
  }
}

/// Another node claimed the cell, and so its shard, or Redis lost its last writes.
void redis_writer_state::give_up(cell_id cell) {
  if (was_let_go(cell))
    return;
  std::vector<cell_id> gone;
  for (auto& [other, _] : left)
    if (other.shard == cell.shard)
      gone.push_back(other);
  for (auto other : gone)
    forget(other);
  std::erase_if(flight, [&](auto& x) { return x.cell.shard == cell.shard; });
  if (how.fenced)
    return how.fenced(cell);
  how.lost("shard " + std::to_string(cell.shard.value)
           + " has another owner in the ledger: another node claimed it, or Redis lost its newest writes");
}

/// Flushes the other cells again, without this one.
void redis_writer_state::leave_out(cell_id cell) {
  std::erase_if(flight, [&](auto& x) { return x.cell == cell; });
  flight.empty() ? rest() : flush();
}

result<void> redis_writer_state::reload(cell_id cell) {
  if (was_let_go(cell))
    return {};
  spdlog::warn("redis_writer: reloading shard {}: the ledger isn't at this node's last flush",
               cell.shard.value);
  auto ledger = store->claim({cell}, {fresh_token()}, {left.at(cell).owner});
  if (!ledger && ledger.why().code == errc::fenced)
    return give_up(cell), result<void>();
  if (!ledger)
    return ledger.why();
  left[cell] = {ledger->front().owner, ledger->front().number};
  caf::anon_send(cells.at(cell), atom::load_v, std::move(ledger->front()));
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
  if (trouble.empty())
    trouble_since = how.now().value;
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

writer_report redis_writer_state::status() const {
  writer_report out{flushes, commands, last_flush, failed, trouble, trouble_since, reported(findings)};
  out.busy = busy || !dirty.empty();
  out.interval_ms = pace_of_flushes.interval().count();
  return out;
}

redis_writer_actor::behavior_type redis_writer(redis_writer_actor::stateful_pointer<redis_writer_state> self,
                                               redis_writer_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
