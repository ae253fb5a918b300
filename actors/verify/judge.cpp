#include "actors/verify/judge.hpp"

#include <algorithm>
#include <map>

namespace millrace::verify {

namespace {

constexpr std::size_t places_at_once = 1000;
constexpr std::size_t bytes_at_once = 8 << 20;

/// Returns whether a place expires by its last write. A bucket expires by its time key instead.
bool expires_by_write(const figure_plan& x) { return x.place.ttl_seconds > 0 && !x.time_key; }

} // namespace

judge::judge(redis::client& from, const plan_set& plans, figure_id figure, tick_seconds now,
             const last_written& written)
    : from_(from), id_(figure), figure_(plans.figures.at(figure.value)), now_(now), written_(written) {}

void judge::row(const text_row& x) {
  ++rows_;
  if (!state_)
    return;
  auto places = expected_of(figure_, x);
  // All places of a row or none: only all fields of a key together show whether it has expired.
  if (std::none_of(places.begin(), places.end(), [&](auto& place) { return wants(place.where); }))
    return;
  auto stands = bucket_of(figure_, x, now_);
  for (auto& place : places) {
    if (stands == bucket::closed)
      place.text.reset();
    if (stands == bucket::border)
      on_undecided(place.where);
    else
      take(std::move(place));
  }
  if (waiting_.size() >= places_at_once || waiting_bytes_ >= bytes_at_once)
    read();
}

void judge::absent(const place& x) {
  take({x, std::nullopt});
  if (waiting_.size() >= places_at_once)
    read();
}

void judge::take(expected_place x) {
  waiting_bytes_ += x.where.key.size() + (x.text ? x.text->size() : 0);
  waiting_.push_back(std::move(x));
}

void judge::read() {
  if (!state_ || waiting_.empty())
    return;
  auto found = read_places(from_, figure_.place.what, waiting_);
  if (!found) {
    state_ = found.why();
    return;
  }
  std::vector<std::optional<difference>> differences;
  for (std::size_t i = 0; i < waiting_.size(); ++i)
    differences.push_back(compare(figure_.place.what, waiting_[i], (*found)[i]));
  if (expires_by_write(figure_))
    forgive_expired(differences);
  for (std::size_t i = 0; i < waiting_.size(); ++i)
    on_judged(waiting_[i].where, std::move(differences[i]));
  waiting_.clear();
  waiting_bytes_ = 0;
}

/// Removes the differences of expired keys. A key expires completely: if some of its fields exist, it hasn't
/// expired.
void judge::forgive_expired(std::vector<std::optional<difference>>& differences) const {
  std::map<std::string, std::vector<std::size_t>> gone;
  for (std::size_t i = 0; i < waiting_.size(); ++i)
    if (differences[i] && !differences[i]->found && differences[i]->note.empty())
      gone[waiting_[i].where.key].push_back(i);
  if (figure_.place.what == target_kind::hash)
    for (std::size_t i = 0; i < waiting_.size(); ++i)
      if (waiting_[i].text && !differences[i])
        gone.erase(waiting_[i].where.key);
  std::vector<std::string> keys;
  for (auto& [key, _] : gone)
    keys.push_back(key);
  if (keys.empty() || !written_)
    return;
  auto written = written_(id_, keys);
  for (std::size_t k = 0; k < keys.size() && k < written.size(); ++k)
    if (may_have_expired(figure_.place.ttl_seconds, written[k], now_))
      for (auto i : gone[keys[k]])
        differences[i].reset();
}

result<void> judge::finish() {
  read();
  return state_;
}

} // namespace millrace::verify
