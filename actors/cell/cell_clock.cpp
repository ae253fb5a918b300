/// What the clock does to a cell: rows take their turns, and subjects of alerts theirs.

#include "actors/cell/cell.hpp"

#include "messages/rows.hpp"

#include <algorithm>

namespace millrace {

/// Notes when the clock changes next what the row counts for.
void cell::reschedule(const row_name& name, const row* before, const row* after) {
  if (!figures_.has_windows(name.route))
    return;
  auto turn = [&](const row* x) { return x ? figures_.next_turn(name.route, *x) : std::nullopt; };
  turns_.move(name.route, name.key, turn(before), turn(after));
}

std::optional<tick_seconds> cell::next_turn() const {
  auto row = turns_.next(), subject = alerts_.next();
  return !subject || (row && *row < *subject) ? row : subject;
}

bool cell::is_live(figure_id figure) const {
  return live_.all || std::find(live_.some.begin(), live_.some.end(), figure) != live_.some.end();
}

/// Returns the cell's figures that fill.
std::vector<figure_id> cell::filling() const {
  std::vector<figure_id> out;
  for (std::uint16_t i = 0; i < how_.plans->figures.size(); ++i)
    if (how_.plans->figures[i].entity == id_.entity && !is_live({i}))
      out.push_back({i});
  return out;
}

/// Redis lost the subjects of a live alert: those that are in its result now count as firing.
void cell::adopt_unknown_alerts() {
  for (auto id : alerts_.unknown()) {
    std::vector<bool> which(how_.plans->figures.size(), false);
    which[id.value] = true;
    std::vector<std::string> keys;
    for (auto& x : figures_.retire(which))
      keys.push_back(x.key);
    rows_.each([&](route_id route, const stored_row& x) {
      if (auto key = figures_.shown_key(route, id, unpack(x.key()), x.marks()))
        keys.push_back(std::move(*key));
    });
    alerts_.recovers(id, std::move(keys));
  }
}

bool cell::has_windows() const {
  for (std::uint16_t i = 0; i < holds_.size(); ++i)
    if (holds_[i] && figures_.has_windows({i}))
      return true;
  return false;
}

/// Takes the figures to another tick: rows enter and leave without a record. Never goes back.
void cell::advance(tick_seconds now) {
  if (now <= figures_.tick())
    return;
  auto due = turns_.take(now);
  for (auto& name : due) {
    auto& x = *rows_.find(name.route, name.key);
    unpack(x.kept(), fresh_);
    unpack(x.key(), key_);
    if (figures_.turn(name.route, key_, fresh_, x.marks(), now, how_.staging)) {
      rows_.touch(name.route, x);
      changed_rows_ = true;
    }
  }
  figures_.set_tick(now);
  for (auto& name : due) {
    unpack(rows_.find(name.route, name.key)->kept(), fresh_);
    reschedule(name, nullptr, &fresh_);
  }
}

} // namespace millrace
