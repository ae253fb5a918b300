#include "actors/cell/last_written.hpp"

#include "actors/figures/fold/places.hpp"
#include "messages/rows.hpp"

#include <algorithm>
#include <unordered_map>

namespace millrace {

namespace {

/// Returns the index of the figure's mark, that is, its index among the projections of its route.
std::size_t mark_of(const plan_set& plans, figure_id figure) {
  auto& all = plans.figures;
  return static_cast<std::size_t>(std::count_if(all.begin(), all.begin() + figure.value, [&](auto& x) {
    return x.what == figure_kind::projection && x.child == all[figure.value].child;
  }));
}

/// Returns the index of an output in the primary key; the key's size if it isn't part of it.
std::size_t key_part(const plan_set& plans, const figure_plan& figure, std::uint16_t output) {
  auto& route = plans.routes[figure.child.value];
  auto& key = plans.tables[route.table.value].table.primary_key;
  auto column = route.columns[figure.outputs[output].index];
  return static_cast<std::size_t>(std::find(key.begin(), key.end(), column) - key.begin());
}

} // namespace

std::vector<std::int64_t> last_written(const cell& of, figure_id id, const std::vector<std::string>& keys) {
  std::vector<std::int64_t> out(keys.size(), 0);
  auto& figure = of.plans().figures[id.value];
  if (figure.what != figure_kind::projection) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      out[i] = of.figures().last_written(id, keys[i]);
    return out;
  }
  std::unordered_map<std::string, std::size_t> wanted;
  for (std::size_t i = 0; i < keys.size(); ++i)
    wanted[keys[i]] = i;
  auto mark = mark_of(of.plans(), id);
  of.rows().each_of(figure.child, [&](const stored_row& stored) {
    auto key = unpack(stored.key());
    std::string name;
    auto part = [&](std::uint16_t output) -> const value* {
      auto i = key_part(of.plans(), figure, output);
      return i < key.size() ? &key[i] : nullptr;
    };
    if (stored.marks().size() <= mark || !append_name(name, figure.place.key, figure.outputs, part))
      return;
    if (auto found = wanted.find(name); found != wanted.end())
      out[found->second] = stored.marks()[mark].written;
  });
  return out;
}

} // namespace millrace
