#include "actors/figures/fold/members.hpp"

#include "actors/figures/fold/predicates.hpp"

namespace millrace {

namespace {

class single_members : public members {
 public:
  single_members(const figure_plan& plan, groups& to) : plan_(plan), groups_(to) {}

  void fold(route_id from, const row& x, int sign, bool quiet, tick_seconds now) override {
    if (from != plan_.child || !all_hold(plan_.where, x, now))
      return;
    groups_.keys().read(keys_, x, side::child);
    auto to = groups_.open(keys_, quiet);
    if (!to)
      return;
    to->words[0] += sign;
    for (std::size_t i = 0; i < plan_.aggregates.size(); ++i)
      if (auto& aggregate = plan_.aggregates[i]; all_hold(aggregate.filter, x, now))
        groups_.layout().add(*to, i, effect_of_value(aggregate, x), sign);
    groups_.close();
  }

 private:
  const figure_plan& plan_;
  groups& groups_;
  row keys_;
};

} // namespace

std::unique_ptr<members> make_single_members(const figure_plan& plan, groups& to) {
  return std::make_unique<single_members>(plan, to);
}

} // namespace millrace
