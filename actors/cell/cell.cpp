#include "actors/cell/cell.hpp"

#include "messages/rows.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace {

namespace {

std::vector<bool> routes_held(const plan_set& plans, entity_id entity) {
  std::vector<bool> out(plans.routes.size(), false);
  for (auto& figure : plans.figures) {
    if (figure.entity != entity)
      continue;
    out[figure.child.value] = true;
    if (figure.parent)
      out[figure.parent->value] = true;
  }
  return out;
}

} // namespace

cell::cell(const cell_settings& how, cell_id id)
    : how_(how), id_(id), holds_(routes_held(*how.plans, id.entity)), figures_(*how.plans, id),
      alerts_(*how.plans, id.entity) {
  figures_.set_live(std::vector<bool>(how.plans->figures.size(), false));
}

result<void> cell::load(const cell_ledger& from) {
  rows_.clear();
  turns_.clear();
  counts_.clear();
  copy_.reset();
  walk_.reset();
  under_way_.clear();
  unknown_reads_.clear();
  if (from.lost)
    return error{errc::corrupt, "Redis lost blocks of the cell's log"};
  figures_ = figure_fold(*how_.plans, id_);
  figures_.set_tick(from.tick);
  changed_rows_ = output_waits_ = switching_ = false;
  owner_ = from.owner;
  number_ = from.number;
  generation_ = from.generation;
  positions_.restore(from.positions);
  log_bytes_ = 0;
  static const former_plans none;
  auto& former = how_.former ? *how_.former : none;
  applied_block last;
  bool of_former = false;
  for (auto& block : from.blocks) {
    auto applied = apply_block(how_.fingerprint, block, rows_, former);
    if (!applied)
      return applied.why();
    last = *applied;
    of_former |= last.former != nullptr;
    log_bytes_ += block.size();
  }
  copied_bytes_ = log_bytes_ / 2;
  set_live(last);
  alerts_.load(from.alerts, from.alerts_known);
  opened_.clear();
  for (auto id : filling())
    if (alerts_.has(id))
      alerts_.fills(id);
  if (any_live() || has_windows())
    rows_.each([&](route_id route, const stored_row& x) {
      unpack(x.kept(), fresh_);
      figures_.restore(route, fresh_);
      if (figures_.has_windows(route))
        turns_.move(route, x.key(), std::nullopt, figures_.next_turn(route, fresh_));
    });
  adopt_unknown_alerts();
  rows_.take_changes(); // the ledger has all of it
  if (of_former)        // the compaction ends the need for the former plans
    copy_.emplace(rows_);
  return {};
}

/// Sets the live figures from the newest block. If that is a former one, a figure is live if it was
/// so then and has not changed since.
void cell::set_live(const applied_block& last) {
  std::vector<bool> live(how_.plans->figures.size(), last.live.all && !last.former);
  for (auto id : last.live.some)
    if (!last.former)
      live.at(id.value) = true;
  auto was_live = [&](figure_id former) {
    return last.live.all
           || std::find(last.live.some.begin(), last.live.some.end(), former) != last.live.some.end();
  };
  if (last.former)
    for (std::size_t i = 0; i < live.size(); ++i)
      live[i] = last.former->figures.at(i) && was_live(*last.former->figures.at(i));
  live_ = {true, {}};
  for (std::uint16_t i = 0; i < live.size(); ++i)
    if (how_.plans->figures[i].entity == id_.entity)
      live[i] ? live_.some.push_back({i}) : void(live_.all = false);
  live_.all = live_.all && last.live.all;
  figures_.set_live(live);
}

std::optional<position> cell::offer(const change_batch& batch, tick_seconds now) {
  switch (positions_.offer(batch)) {
  case sequencer::verdict::gap:
    return positions_.at(batch.source);
  case sequencer::verdict::old:
    return std::nullopt;
  case sequencer::verdict::apply:
    break;
  }
  auto here = positions_.at(batch.source).last;
  for (auto x : batch.changes)
    if (x.where > here)
      apply(x, now);
  positions_.advance(batch);
  return std::nullopt;
}

void cell::apply(const change_view& x, tick_seconds now) {
  if (x.counted) {
    ++counts_[{how_.plans->routes[x.route.value].table, x.op}];
    output_waits_ = true;
  }
  if (!holds(x.route))
    return;
  switch (x.kind) {
  case change_kind::upsert:
    upsert(x, now);
    break;
  case change_kind::remove:
  case change_kind::not_yours:
    if (rows_.barred(x.route, x.at))
      break;
    rows_.reads().removed(x.route, x.key, x.at);
    changed_rows_ |= rows_.reads().under_way(x.route);
    remove({x.route, std::string(x.key)}, now);
    break;
  case change_kind::read:
    take_read(x, now);
    break;
  case change_kind::truncate:
    truncate(x, now);
    break;
  case change_kind::forget:
    if (auto* there = rows_.find(x.route, x.key); there && there->at < x.at)
      remove({x.route, std::string(x.key)}, now);
    break;
  }
}

void cell::upsert(const change_view& x, tick_seconds now) {
  if (rows_.barred(x.route, x.at))
    return;
  auto shown = figures_.projections(x.route);
  auto kept = packed_prefix(x.columns, how_.plans->routes[x.route.value].kept);
  auto* stored = rows_.find(x.route, x.key);
  auto changes = !stored || stored->kept() != kept;
  auto windowed = figures_.has_windows(x.route);
  auto folds = changes && (any_live() || windowed);
  if (folds || shown > 0)
    unpack(x.columns, fresh_); // the kept columns come first
  if (folds) {
    if (stored)
      unpack(stored->kept(), before_);
    figures_.fold(x.route, stored ? &before_ : nullptr, &fresh_);
    if (windowed)
      reschedule({x.route, std::string(x.key)}, stored ? &before_ : nullptr, &fresh_);
  }
  if (!stored || stored->kept() != kept || stored->marks().size() != shown)
    stored = &rows_.put(x.route, x.key, kept, shown);
  if (shown > 0) {
    unpack(x.key, key_);
    figures_.project(x.route, key_, &fresh_, stored->marks(), now, how_.staging);
  }
  stored->at = std::max(stored->at, x.at);
  rows_.touch(x.route, *stored);
  changed_rows_ = true;
}

/// Applies a row of a read, unless the stream has shown or removed the row since the read began.
void cell::take_read(const change_view& x, tick_seconds now) {
  auto* stored = rows_.find(x.route, x.key);
  auto newer = stored ? stored->at >= x.at : rows_.reads().removed_since(x.route, x.key, x.at);
  if (any_live() && !rows_.knows_of(x.route, x.at)) {
    auto& newest = unknown_reads_[how_.plans->routes[x.route.value].table];
    newest = std::max(newest, x.at);
  }
  if (!newer)
    upsert(x, now);
}

void cell::remove(const row_name& name, tick_seconds now) {
  auto* stored = rows_.find(name.route, name.key);
  if (!stored)
    return;
  if (any_live() || figures_.has_windows(name.route)) {
    unpack(stored->kept(), before_);
    figures_.fold(name.route, &before_, nullptr);
    reschedule(name, &before_, nullptr);
  }
  if (!stored->marks().empty()) {
    unpack(name.key, key_);
    figures_.project(name.route, key_, nullptr, stored->marks(), now, how_.staging);
  }
  rows_.erase(name);
  changed_rows_ = true;
}

void cell::truncate(const change_view& x, tick_seconds now) {
  rows_.bar(x.route, x.at);
  changed_rows_ = true;
  for (auto& name : rows_.older_than(x.route, x.at))
    remove(name, now);
}

/// Returns the routes of these tables (empty: all) whose rows the cell has.
std::vector<route_id> cell::held_routes(const std::vector<std::string>& tables) const {
  std::vector<route_id> out;
  for (std::uint16_t i = 0; i < holds_.size(); ++i) {
    auto& table = how_.plans->tables[how_.plans->routes[i].table.value].table;
    auto named = tables.empty()
                 || std::find(tables.begin(), tables.end(), table.schema + "." + table.name) != tables.end();
    if (holds_[i] && named)
      out.push_back({i});
  }
  return out;
}

void cell::begin_read(lsn from, const std::vector<std::string>& tables) {
  for (auto route : held_routes(tables)) {
    rows_.bar(route, from);
    rows_.reads().begin(route, from);
  }
  changed_rows_ = true;
}

bool cell::sweep(lsn from, tick_seconds now, const std::vector<std::string>& tables) {
  auto routes = held_routes(tables);
  if (std::any_of(routes.begin(), routes.end(), [&](auto x) { return !rows_.knows_of(x, from); }))
    return false;
  for (auto route : routes) {
    for (auto& name : rows_.older_than(route, from))
      remove(name, now);
    rows_.reads().end(route, from);
  }
  changed_rows_ = true;
  return true;
}

bool cell::reached(const std::vector<position>& x) const {
  return std::all_of(x.begin(), x.end(), [&](auto& p) { return positions_.at(p.source).last >= p.last; });
}

void cell::publish(tick_seconds now, const std::vector<std::string>& held) {
  if (live())
    return;
  advance(now);
  std::vector<bool> stay(how_.plans->figures.size());
  for (std::size_t i = 0; i < stay.size(); ++i)
    stay[i] = std::find(held.begin(), held.end(), how_.plans->figures[i].name) != held.end();
  figures_.set_held(stay);
  for (auto id : filling())
    if (!stay[id.value]) {
      opened_.push_back(id);
      alerts_.opens(id);
    }
  rows_.each([&](route_id route, stored_row& x) {
    unpack(x.kept(), fresh_);
    figures_.admit(route, fresh_);
    if (x.marks().empty())
      return;
    unpack(x.key(), key_);
    if (figures_.unstage(route, key_, fresh_, x.marks(), now, how_.staging))
      rows_.touch(route, x);
  });
  figures_.open();
  make_live(stay);
  changed_rows_ = true;
}

/// Makes the cell's figures live, except held ones that aren't live.
void cell::make_live(const std::vector<bool>& held) {
  live_figures now{true, {}};
  for (std::uint16_t i = 0; i < held.size(); ++i) {
    if (how_.plans->figures[i].entity != id_.entity)
      continue;
    auto was = std::find(live_.some.begin(), live_.some.end(), figure_id{i}) != live_.some.end();
    if (!held[i] || was)
      now.some.push_back({i});
    else
      now.all = false;
  }
  if (now.all)
    now.some.clear();
  live_ = std::move(now);
}

std::vector<store_write> cell::retire(tick_seconds now, const std::vector<bool>& which) {
  auto out = figures_.retire(which);
  rows_.each([&](route_id route, stored_row& x) {
    if (!x.marks().empty())
      figures_.hide(route, unpack(x.key()), x.marks(), which, now, how_.staging);
  });
  auto shown = figures_.drain(now).writes;
  out.insert(out.end(), std::make_move_iterator(shown.begin()), std::make_move_iterator(shown.end()));
  std::erase_if(out, [&](auto& x) { return alerts_.has(x.figure); }); // their subjects stay as they are
  return out;
}

} // namespace millrace
