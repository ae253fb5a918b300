#include "actors/figures/fold.hpp"

#include "actors/figures/members.hpp"
#include "actors/figures/projection.hpp"

#include <utility>

namespace millrace {

namespace {

/// A keyed or rolled-up figure.
struct folded_figure {
  std::unique_ptr<groups> to;
  std::unique_ptr<members> from;
};

/// A row of one route goes to these figures, in order.
struct figures_of_route {
  std::vector<std::size_t> folded; ///< into impl::folded
  std::vector<projection> projections;
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
    if (plan.what == figure_kind::projection) {
      by_route.at(plan.child.value).projections.emplace_back(plans, id);
      return;
    }
    auto to =
        plan.what == figure_kind::keyed ? make_keyed_groups(id, plan) : make_rolled_groups(id, plan, cell);
    auto from = plan.parent ? make_joined_members(plans, plan, *to) : make_single_members(plan, *to);
    index_of_figure[id.value] = folded.size();
    by_route.at(plan.child.value).folded.push_back(folded.size());
    if (plan.parent)
      by_route.at(plan.parent->value).folded.push_back(folded.size());
    folded.push_back({std::move(to), std::move(from)});
  }

  void fold(route_id from, const row& x, int sign, bool quiet) {
    for (auto i : by_route.at(from.value).folded)
      folded[i].from->fold(from, x, sign, quiet);
  }

  const plan_set& plans;
  std::vector<folded_figure> folded;
  std::vector<std::optional<std::size_t>> index_of_figure;
  std::vector<figures_of_route> by_route;
  std::vector<store_write> shown; ///< since the last drain, in order
};

figure_fold::figure_fold(const plan_set& plans, cell_id cell) : impl_(std::make_unique<impl>(plans, cell)) {}

figure_fold::~figure_fold() = default;
figure_fold::figure_fold(figure_fold&&) noexcept = default;
figure_fold& figure_fold::operator=(figure_fold&&) noexcept = default;

std::size_t figure_fold::projections(route_id from) const {
  return impl_->by_route.at(from.value).projections.size();
}

void figure_fold::project(route_id from, const row& key, const row* after, std::span<place_mark> marks,
                          tick_seconds now, std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    auto mark = all[i].show(impl_->shown, key, after, marks[i].fingerprint, prefix);
    if (mark != marks[i].fingerprint)
      marks[i] = {mark, now.value};
  }
}

void figure_fold::unstage(route_id from, const row& key, std::span<const place_mark> marks,
                          std::string_view prefix) {
  auto& all = impl_->by_route.at(from.value).projections;
  for (std::size_t i = 0; i < all.size() && i < marks.size(); ++i)
    if (marks[i].fingerprint != 0)
      all[i].unstage(impl_->shown, key, prefix);
}

void figure_fold::fold(route_id from, const row* before, const row* after, tick_seconds) {
  if (before && after && *before == *after)
    return;
  if (before)
    impl_->fold(from, *before, -1, false);
  if (after)
    impl_->fold(from, *after, 1, false);
}

void figure_fold::restore(route_id from, const row& stored) { impl_->fold(from, stored, 1, true); }

void figure_fold::open() {
  for (auto& x : impl_->folded)
    x.to->begin();
}

cell_output figure_fold::drain(tick_seconds now) {
  cell_output out;
  out.writes = std::exchange(impl_->shown, {});
  for (auto& x : impl_->folded)
    x.to->drain(out, now);
  return out;
}

std::vector<store_write> figure_fold::retire() const {
  std::vector<store_write> out;
  for (auto& x : impl_->folded)
    x.to->retire(out);
  return out;
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
