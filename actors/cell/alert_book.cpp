#include "actors/cell/alert_book.hpp"

#include <utility>

namespace millrace {

namespace {

using phase = alert_subject::phase;
using step = alert_change::step;

} // namespace

alert_book::alert_book(const plan_set& plans, entity_id entity) {
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i) {
    auto& plan = plans.figures[i];
    if (plan.entity != entity || !plan.place.alert)
      continue;
    alerts_[{i}] = {plan.name, plan.place.key.pieces.front().literal, *plan.place.alert};
    by_name_[plan.name] = {i};
  }
}

void alert_book::load(const alert_subjects& subjects, const std::vector<std::string>& known) {
  subjects_ = subjects;
  known_ = {known.begin(), known.end()};
  deadlines_.clear();
  gone_.clear();
  filling_.clear();
  lost_.clear();
  resolved_.clear();
  opened_.clear();
  changes_.clear();
  declared_.clear();
  for (auto& name : known_)
    if (!by_name_.count(name))
      gone_.insert(name);
  for (auto& [who, x] : subjects_) {
    auto figure = by_name_.find(who.first);
    if (figure == by_name_.end())
      gone_.insert(who.first);
    else if (auto deadline = deadline_of(alerts_.at(figure->second), x))
      deadlines_.emplace(*deadline, who);
  }
}

std::vector<figure_id> alert_book::unknown() const {
  std::vector<figure_id> out;
  for (auto& [figure, x] : alerts_)
    if (!known_.count(x.name) && !filling_.count(figure) && !opened_.count(figure))
      out.push_back(figure);
  return out;
}

void alert_book::adopt_lost(tick_seconds now) {
  for (auto& [figure, keys] : lost_) {
    auto& of = alerts_.at(figure);
    known_.insert(of.name);
    declared_.push_back(of.name);
    for (auto& key : keys)
      adopt(figure, key.substr(of.prefix.size()), {}, now);
  }
  lost_.clear();
}

void alert_book::write_again() {
  alert_change anew; // without a name: forget what there is, all of it follows
  anew.kept = false;
  changes_.push_back(std::move(anew));
  declared_.assign(known_.begin(), known_.end());
  for (auto& [who, x] : subjects_)
    if (auto figure = by_name_.find(who.first); figure != by_name_.end())
      changes_.push_back({figure->second, who.first, who.second, step::notes, true, x, x, x.since});
}

void alert_book::opens(figure_id figure) {
  if (!has(figure))
    return;
  filling_.erase(figure);
  opened_.insert(figure);
}

void alert_book::take(std::vector<store_write>& writes, tick_seconds now) {
  if (empty())
    return;
  adopt_lost(now);
  std::map<figure_id, result_of_flush> results;
  for (auto figure : opened_)
    results[figure];
  for (auto& x : writes)
    if (auto of = alerts_.find(x.figure); of != alerts_.end())
      results[x.figure][x.key.substr(of->second.prefix.size())] =
          x.kind == write_kind::set ? &x.args : nullptr;
  for (auto& [figure, result] : results) {
    if (opened_.count(figure)) {
      take_whole(figure, result, now);
      continue;
    }
    for (auto& [subject, columns] : result)
      columns ? enter(figure, subject, *columns, now) : leave(figure, subject, now);
  }
  opened_.clear();
  std::erase_if(writes, [&](auto& x) { return has(x.figure); });
  turn_due(now);
  resolve_gone(now);
}

void alert_book::turn_due(tick_seconds now) {
  std::vector<name> due;
  for (auto& [deadline, who] : deadlines_) {
    if (deadline > now)
      break;
    if (!is_filling(who))
      due.push_back(who);
  }
  for (auto& who : due)
    turn(by_name_.at(who.first), who, now);
}

/// Takes a whole result: of an alert that is new, or that was filled again.
void alert_book::take_whole(figure_id figure, const result_of_flush& result, tick_seconds now) {
  auto& of = alerts_.at(figure);
  auto fresh = known_.insert(of.name).second;
  if (fresh)
    declared_.push_back(of.name);
  std::vector<std::string> left;
  for (auto& [who, x] : subjects_)
    if (who.first == of.name && (!result.count(who.second) || !result.at(who.second)))
      left.push_back(who.second);
  for (auto& subject : left)
    leave(figure, subject, now);
  for (auto& [subject, columns] : result)
    if (columns)
      fresh && !of.rule.at_first ? adopt(figure, subject, *columns, now)
                                 : enter(figure, subject, *columns, now);
}

void alert_book::adopt(figure_id figure, const std::string& subject, const std::vector<std::string>& columns,
                       tick_seconds now) {
  put(figure, {alerts_.at(figure).name, subject}, {phase::firing, now, now, columns}, step::adopts, now);
}

void alert_book::enter(figure_id figure, const std::string& subject, const std::vector<std::string>& columns,
                       tick_seconds now) {
  auto& of = alerts_.at(figure);
  name who{of.name, subject};
  auto there = subjects_.find(who);
  if (there == subjects_.end()) {
    // An episode is known by the second of its start: the second one of a second waits for the next.
    auto again = resolved_at_ == now && resolved_.count(who) > 0;
    if (of.rule.for_seconds == 0 && !again)
      return put(figure, who, {phase::firing, now, now, columns}, step::fires, now);
    return put(figure, who, {phase::pending, {now.value + (again ? 1 : 0)}, {}, columns}, step::notes, now);
  }
  auto x = there->second;
  if (x.what == phase::firing)
    return;
  if (x.what == phase::pending) {
    if (x.columns == columns)
      return;
    x.columns = columns; // the event shows those of its start
  } else {
    x.what = phase::firing;
    x.since = now;
  }
  put(figure, who, std::move(x), step::notes, now);
}

void alert_book::leave(figure_id figure, const std::string& subject, tick_seconds now) {
  auto& of = alerts_.at(figure);
  name who{of.name, subject};
  auto there = subjects_.find(who);
  if (there == subjects_.end() || there->second.what == phase::recovering)
    return;
  if (there->second.what == phase::pending)
    return drop(figure, who, step::notes, now);
  if (of.rule.keep_seconds == 0)
    return drop(figure, who, step::resolves, now);
  auto x = there->second;
  x.what = phase::recovering;
  x.since = now;
  put(figure, who, std::move(x), step::notes, now);
}

/// A subject's `for` or `keep` has passed.
void alert_book::turn(figure_id figure, const name& who, tick_seconds now) {
  auto x = subjects_.at(who);
  if (x.what == phase::recovering)
    return drop(figure, who, step::resolves, now);
  x.what = phase::firing;
  x.since = x.start = now;
  put(figure, who, std::move(x), step::fires, now);
}

/// An alert that nobody declares any more can't say that a subject is well; but nothing watches it either.
void alert_book::resolve_gone(tick_seconds now) {
  for (auto& alert : gone_) {
    std::vector<name> all;
    for (auto& [who, _] : subjects_)
      if (who.first == alert)
        all.push_back(who);
    for (auto& who : all) {
      auto fired = subjects_.at(who).what != phase::pending;
      drop({}, who, fired ? step::resolves : step::notes, now);
    }
    known_.erase(alert);
    alert_change forgotten;
    forgotten.alert = alert;
    forgotten.kept = false;
    changes_.push_back(std::move(forgotten));
  }
  gone_.clear();
}

std::optional<tick_seconds> alert_book::deadline_of(const alert& of, const alert_subject& x) const {
  if (x.what == phase::firing)
    return std::nullopt;
  auto lasts = x.what == phase::pending ? of.rule.for_seconds : of.rule.keep_seconds;
  return tick_seconds{x.since.value + lasts};
}

void alert_book::put(figure_id figure, const name& who, alert_subject x, alert_change::step step,
                     tick_seconds now) {
  auto& of = alerts_.at(figure);
  auto& there = subjects_[who];
  if (auto before = deadline_of(of, there))
    deadlines_.erase({*before, who});
  there = std::move(x);
  if (auto deadline = deadline_of(of, there))
    deadlines_.emplace(*deadline, who);
  changes_.push_back({figure, who.first, who.second, step, true, there, there, now});
}

void alert_book::drop(figure_id figure, const name& who, alert_change::step step, tick_seconds now) {
  auto x = subjects_.extract(who).mapped();
  if (auto of = alerts_.find(figure); of != alerts_.end() && of->second.name == who.first)
    if (auto before = deadline_of(of->second, x))
      deadlines_.erase({*before, who});
  if (step == alert_change::step::resolves) {
    if (std::exchange(resolved_at_, now) != now)
      resolved_.clear();
    resolved_.insert(who);
  }
  changes_.push_back({figure, who.first, who.second, step, false, {}, std::move(x), now});
}

std::optional<tick_seconds> alert_book::next() const {
  for (auto& [deadline, who] : deadlines_)
    if (!is_filling(who))
      return deadline;
  return std::nullopt;
}

std::vector<alert_change> alert_book::take_changes() { return std::exchange(changes_, {}); }

std::vector<std::string> alert_book::take_known() { return std::exchange(declared_, {}); }

} // namespace millrace
