#include "actors/figures/fold/fold.hpp"

#include "actors/figures/fold/members.hpp"
#include "actors/figures/fold/projection.hpp"
#include "actors/figures/fold/windows.hpp"
#include "actors/figures/plan/plan_change.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

/// A keyed or rolled-up figure.
struct folded_figure {
  std::unique_ptr<groups> to;
  std::unique_ptr<members> from;
  figure_id id;
  bool live = true;
  bool held = false;   ///< keeps filling when a fill ends
  bool opened = false; ///< open() was called
  bool alert = false;
  std::vector<predicate> child_windows, parent_windows;
};

/// A figure that shows rows.
struct shown_figure {
  projection it;
  figure_id id;
  bool live = true;
  bool held = false;      ///< keeps filling when a fill ends
  bool from_kept = false; ///< needs only the kept columns and the key
  bool alert = false;     ///< has no place that could be staged or compared
  std::vector<predicate> windows;
};

/// Returns whether the figure is in `which`. An empty list contains all figures.
bool is_among(const std::vector<bool>& which, figure_id x) { return which.empty() || which.at(x.value); }

/// The figures that receive a route's rows, in order.
struct figures_of_route {
  std::vector<std::size_t> folded; ///< into impl::folded
  std::vector<shown_figure> projections;
  std::vector<predicate> windows; ///< of all of them
};

std::size_t bytes_of(const std::vector<store_write>& all) {
  std::size_t out = 0;
  for (auto& write : all) {
    out += sizeof(write) + write.key.capacity();
    for (auto& arg : write.args)
      out += sizeof(arg) + arg.capacity();
  }
  return out;
}

} // namespace

struct figure_fold::impl {
  impl(const plan_set& plans, cell_id cell) : plans(plans), by_route(plans.routes.size()) {
    index_of_figure.resize(plans.figures.size());
    for (std::uint16_t i = 0; i < plans.figures.size(); ++i)
      if (plans.figures[i].entity == cell.entity)
        add(figure_id{i}, cell);
  }

  void add(figure_id id, cell_id cell) {
    auto& plan = plans.figures[id.value];
    auto child = windows_of(plan, side::child), parent = windows_of(plan, side::parent);
    note_windows(plan.child, child);
    if (plan.parent)
      note_windows(*plan.parent, parent);
    if (plan.what == figure_kind::projection) {
      by_route.at(plan.child.value)
          .projections.push_back({projection(plans, id), id, true, false, shows_kept_columns(plans, plan),
                                  plan.place.alert.has_value(), child});
      return;
    }
    auto to =
        plan.what == figure_kind::keyed ? make_keyed_groups(id, plan) : make_rolled_groups(id, plan, cell);
    auto from = plan.parent ? make_joined_members(plans, plan, *to) : make_single_members(plan, *to);
    index_of_figure[id.value] = folded.size();
    by_route.at(plan.child.value).folded.push_back(folded.size());
    if (plan.parent)
      by_route.at(plan.parent->value).folded.push_back(folded.size());
    folded.push_back({std::move(to), std::move(from), id, true, false, false, plan.place.alert.has_value(),
                      std::move(child), std::move(parent)});
  }

  void note_windows(route_id from, const std::vector<predicate>& all) {
    auto& to = by_route.at(from.value).windows;
    to.insert(to.end(), all.begin(), all.end());
  }

  const std::vector<predicate>& windows(const folded_figure& x, route_id from) const {
    return from == plans.figures[x.id.value].child ? x.child_windows : x.parent_windows;
  }

  /// Shows a row, or takes its place away, if its turn has come. A row that can only leave has no columns
  /// kept but those of its windows.
  bool turn(shown_figure& x, route_id from, const row& key, const row& kept, place_mark& mark,
            tick_seconds now, std::string_view prefix) {
    if ((x.alert && !x.live) || !turns_between(x.windows, kept, tick, now))
      return false;
    auto leaves = std::all_of(x.windows.begin(), x.windows.end(), is_left_at_turn);
    auto known = leaves ? row{} : known_columns(from, key, kept);
    auto fresh = x.it.show(shown, key, leaves ? nullptr : &known, mark.fingerprint,
                           x.live ? std::string_view{} : prefix, now);
    if (fresh == mark.fingerprint)
      return false;
    mark = {fresh, now.value};
    return true;
  }

  /// Folds the row into the live figures.
  void fold(route_id from, const row& x, int sign, bool quiet) {
    for (auto i : by_route.at(from.value).folded)
      if (folded[i].live)
        folded[i].from->fold(from, x, sign, quiet, tick);
  }

  /// Returns a full row of the values that the kept columns and the key give.
  row known_columns(route_id from, const row& key, const row& kept) const {
    auto& route = plans.routes.at(from.value);
    row out = kept;
    out.resize(route.columns.size());
    auto& of_key = plans.tables.at(route.table.value).table.primary_key;
    for (std::size_t i = route.kept; i < out.size(); ++i)
      for (std::size_t j = 0; j < of_key.size(); ++j)
        if (of_key[j] == route.columns[i])
          out[i] = key.at(j);
    return out;
  }

  const plan_set& plans;
  std::vector<folded_figure> folded;
  std::vector<std::optional<std::size_t>> index_of_figure;
  std::vector<figures_of_route> by_route;
  std::vector<store_write> shown; ///< writes since the last drain, in order
  tick_seconds tick;
};

figure_fold::figure_fold(const plan_set& plans, cell_id cell) : impl_(std::make_unique<impl>(plans, cell)) {}

figure_fold::~figure_fold() = default;
figure_fold::figure_fold(figure_fold&&) noexcept = default;
figure_fold& figure_fold::operator=(figure_fold&&) noexcept = default;

void figure_fold::set_live(const std::vector<bool>& live) {
  for (auto& x : impl_->folded)
    x.live = x.opened = live.at(x.id.value);
  for (auto& route : impl_->by_route)
    for (auto& x : route.projections)
      x.live = live.at(x.id.value);
}

tick_seconds figure_fold::tick() const { return impl_->tick; }

void figure_fold::set_tick(tick_seconds now) { impl_->tick = now; }

bool figure_fold::has_windows(route_id from) const { return !impl_->by_route.at(from.value).windows.empty(); }

std::optional<tick_seconds> figure_fold::next_turn(route_id from, const row& kept) const {
  return first_turn(impl_->by_route.at(from.value).windows, kept, impl_->tick);
}

bool figure_fold::turn(route_id from, const row& key, const row& kept, std::span<place_mark> marks,
                       tick_seconds now, std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value);
  for (auto i : all.folded) {
    auto& x = impl_->folded[i];
    if (!x.live || !turns_between(impl_->windows(x, from), kept, impl_->tick, now))
      continue;
    x.from->fold(from, kept, -1, false, impl_->tick);
    x.from->fold(from, kept, 1, false, now);
  }
  auto changed = false;
  for (std::size_t i = 0; i < marks.size(); ++i)
    changed |= impl_->turn(all.projections[i], from, key, kept, marks[i], now, prefix);
  return changed;
}

std::size_t figure_fold::projections(route_id from) const {
  return impl_->by_route.at(from.value).projections.size();
}

void figure_fold::project(route_id from, const row& key, const row* after, std::span<place_mark> marks,
                          tick_seconds now, std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (all[i].alert && !all[i].live)
      continue;
    auto before = all[i].live ? std::string_view{} : prefix;
    auto mark = all[i].it.show(impl_->shown, key, after, marks[i].fingerprint, before, impl_->tick);
    if (mark != marks[i].fingerprint)
      marks[i] = {mark, now.value};
  }
}

bool figure_fold::unstage(route_id from, const row& key, const row& kept, std::span<place_mark> marks,
                          tick_seconds now, std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value).projections;
  auto changed = false;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (all[i].live || all[i].held)
      continue;
    if (marks[i].fingerprint != 0) {
      all[i].it.unstage(impl_->shown, key, prefix);
    } else if (all[i].from_kept) {
      auto known = impl_->known_columns(from, key, kept);
      if (auto mark = all[i].it.show(impl_->shown, key, &known, 0, {}, impl_->tick)) {
        marks[i] = {mark, now.value};
        changed = true;
      }
    }
  }
  return changed;
}

void figure_fold::hide(route_id from, const row& key, std::span<place_mark> marks,
                       const std::vector<bool>& which, tick_seconds now, std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (is_among(which, all[i].id)) {
      auto before = all[i].live ? std::string_view{} : prefix;
      marks[i] = {all[i].it.show(impl_->shown, key, nullptr, marks[i].fingerprint, before, impl_->tick),
                  now.value};
    }
}

void figure_fold::fold(route_id from, const row* before, const row* after) {
  if (before && after && *before == *after)
    return;
  if (before)
    impl_->fold(from, *before, -1, false);
  if (after)
    impl_->fold(from, *after, 1, false);
}

void figure_fold::restore(route_id from, const row& stored) { impl_->fold(from, stored, 1, true); }

void figure_fold::set_held(const std::vector<bool>& held) {
  for (auto& x : impl_->folded)
    x.held = held.at(x.id.value);
  for (auto& route : impl_->by_route)
    for (auto& x : route.projections)
      x.held = held.at(x.id.value);
}

void figure_fold::admit(route_id from, const row& stored) {
  for (auto i : impl_->by_route.at(from.value).folded)
    if (auto& x = impl_->folded[i]; !x.live && !x.held)
      x.from->fold(from, stored, 1, false, impl_->tick);
}

void figure_fold::open() {
  for (auto& x : impl_->folded) {
    if (x.held)
      continue;
    x.live = true;
    if (!std::exchange(x.opened, true))
      x.to->begin();
  }
  for (auto& route : impl_->by_route)
    for (auto& x : route.projections)
      x.live |= !x.held;
}

cell_output figure_fold::drain(tick_seconds now) {
  cell_output out;
  out.writes = std::exchange(impl_->shown, {});
  for (auto& x : impl_->folded)
    x.to->drain(out, now);
  return out;
}

std::vector<store_write> figure_fold::retire(const std::vector<bool>& which) const {
  std::vector<store_write> out;
  for (auto& x : impl_->folded)
    if (is_among(which, x.id))
      x.to->retire(out);
  return out;
}

std::optional<std::string> figure_fold::shown_key(route_id from, figure_id figure, const row& key,
                                                  std::span<const place_mark> marks) const {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (all[i].id == figure && marks[i].fingerprint != 0)
      return all[i].it.key_of(key);
  return std::nullopt;
}

void figure_fold::check(route_id from, const row& key, std::span<const place_mark> marks, tick_seconds now,
                        std::vector<place_check>& out) const {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (all[i].live && !all[i].alert)
      if (auto place = all[i].it.check(key, marks[i], now))
        out.push_back(std::move(*place));
}

bool figure_fold::check_groups(group_cursor& from, std::size_t count, tick_seconds now,
                               std::vector<place_check>& out) const {
  auto enough = out.size() + count;
  for (; from.figure < impl_->folded.size() && out.size() < enough;) {
    auto& x = impl_->folded[from.figure];
    from.at = x.live && !x.alert ? x.to->check(from.at, enough - out.size(), now, out) : 0;
    if (from.at == 0)
      ++from.figure;
  }
  return from.figure < impl_->folded.size();
}

std::int64_t figure_fold::last_written(figure_id figure, std::string_view key) const {
  auto index = impl_->index_of_figure.at(figure.value);
  return index ? impl_->folded[*index].to->last_written(key) : 0;
}

std::size_t figure_fold::memory() const {
  auto out = bytes_of(impl_->shown);
  for (auto& x : impl_->folded)
    out += x.to->memory() + x.from->memory();
  return out;
}

} // namespace millrace
