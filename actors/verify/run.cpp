#include "actors/verify/run.hpp"

#include "actors/verify/sight.hpp"

#include <algorithm>
#include <map>

namespace millrace::verify {

namespace {

using clock = std::chrono::steady_clock;

/// The rounds needed to distinguish a permanent difference from a moving one, however short the wait.
constexpr std::size_t least_rounds = 3;

/// A place that hasn't been equal so far.
struct sighting {
  difference last;
  bool twice = false; ///< the same difference in two consecutive rounds
  bool seen = false;  ///< judged in this round
};

using sightings = std::map<place, sighting>;

class comparison {
 public:
  comparison(const plan_set& plans, postgres::session& sql, redis::client& redis, const questions& ask,
             const options& how)
      : plans_(plans), sql_(sql), redis_(redis), ask_(ask), how_(how) {}

  result<report> run() {
    auto began = clock::now();
    if (auto done = round([this] { return first_round(); }); !done)
      return done.why();
    auto deadline = clock::now() + how_.wait;
    while (!settled() && (report_.rounds < least_rounds || clock::now() < deadline))
      if (auto done = round([this] { return next_round(); }); !done)
        return done.why();
    conclude();
    report_.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    return std::move(report_);
  }

 private:
  figure_id id(std::size_t i) const { return figure_id{static_cast<std::uint16_t>(i)}; }

  void name_figures() {
    for (std::size_t i = 0; i < plans_.figures.size(); ++i) {
      auto& plan = plans_.figures[i];
      figure_report x;
      x.name = plan.name;
      x.target = plan.target_line;
      x.file = plan.file;
      x.line = plan.line;
      if (ask_.state)
        x.state = ask_.state(id(i));
      if (x.state == figure_state::filling)
        unknown_.insert(id(i));
      report_.figures.push_back(std::move(x));
    }
    differing_.resize(plans_.figures.size());
  }

  /// Drains, then opens one snapshot for all figures.
  template <class F>
  result<void> round(F each) {
    ++report_.rounds;
    if (ask_.drain)
      if (auto drained = ask_.drain(); !drained)
        return drained.why();
    auto now = ask_.now();
    if (!now)
      return now.why();
    now_ = *now;
    if (auto begun = sql_.begin_snapshot(); !begun)
      return begun.why();
    auto done = sees_every_row(sql_, plans_);
    if (done)
      done = each();
    auto ended = sql_.end_snapshot();
    return done ? ended : done;
  }

  result<void> first_round() {
    name_figures();
    judged_places judged;
    for (std::size_t i = 0; i < plans_.figures.size(); ++i)
      if (!unknown_.contains(id(i)))
        if (auto done = judge_all(i, judged); !done)
          return done.why();
    auto extras = find_extras(redis_, plans_, judged, unknown_);
    if (!extras)
      return extras.why();
    for (auto& x : *extras)
      differing_[x.figure.value].emplace(x.where, sighting{{x.where, {}, "?", ""}});
    return {};
  }

  result<void> judge_all(std::size_t i, judged_places& judged) {
    judge by(redis_, plans_, id(i), now_, ask_.written);
    by.on_undecided = [&](auto& x) { judged.add(x); };
    by.on_judged = [&](auto& x, auto found) {
      judged.add(x);
      if (found)
        differing_[i].emplace(x, sighting{std::move(*found)});
    };
    if (auto done = stream(i, by); !done)
      return done.why();
    report_.figures[i].rows = by.rows();
    return by.finish();
  }

  result<void> next_round() {
    for (std::size_t i = 0; i < plans_.figures.size(); ++i)
      if (!differing_[i].empty())
        if (auto done = judge_again(i, differing_[i]); !done)
          return done.why();
    return {};
  }

  result<void> judge_again(std::size_t i, sightings& before) {
    for (auto& [_, x] : before)
      x.seen = false;
    judge by(redis_, plans_, id(i), now_, ask_.written);
    by.wants = [&](auto& x) { return before.contains(x); };
    by.on_undecided = [&](auto& x) { before.erase(x); };
    by.on_judged = [&](auto& x, auto found) { sighted(before, x, std::move(found)); };
    if (auto done = stream(i, by); !done)
      return done.why();
    if (auto done = by.finish(); !done)
      return done.why();
    // Places that no row explains must not exist.
    std::vector<place> unseen;
    for (auto& [where, x] : before)
      if (!x.seen)
        unseen.push_back(where);
    for (auto& where : unseen)
      by.absent(where);
    return by.finish();
  }

  static void sighted(sightings& all, const place& where, std::optional<difference> found) {
    auto at = all.find(where);
    if (at == all.end())
      return;
    if (!found) {
      all.erase(at);
      return;
    }
    at->second.twice = at->second.last == *found;
    at->second.last = std::move(*found);
    at->second.seen = true;
  }

  result<void> stream(std::size_t i, judge& by) {
    auto done = sql_.for_each_row(query_of(plans_.figures[i]), [&](auto& row) { return by.row(row), true; });
    if (!done)
      return error{done.why().code, "figure " + plans_.figures[i].name + ": " + done.why().message};
    return {};
  }

  /// Returns whether more rounds would change nothing. Figures that aren't live can differ.
  bool settled() const {
    for (std::size_t i = 0; i < differing_.size(); ++i)
      for (auto& [_, x] : differing_[i])
        if (!x.twice)
          return false;
    return true;
  }

  void conclude() {
    for (std::size_t i = 0; i < differing_.size(); ++i) {
      auto& to = report_.figures[i];
      if (to.state == figure_state::live && ask_.state) // it may have changed meanwhile
        to.state = ask_.state(id(i));
      if (to.state == figure_state::filling)
        continue;
      auto& left = differing_[i];
      auto for_good = std::any_of(left.begin(), left.end(), [](auto& x) { return x.second.twice; });
      to.result = left.empty() ? outcome::equal : for_good ? outcome::differs : outcome::moving;
      to.differing = left.size();
      for (auto& [_, x] : left)
        if (to.first.size() < how_.first_differences && (x.twice || !for_good))
          to.first.push_back(x.last);
    }
  }

  const plan_set& plans_;
  postgres::session& sql_;
  redis::client& redis_;
  const questions& ask_;
  const options& how_;
  report report_;
  std::set<figure_id> unknown_;
  std::vector<sightings> differing_; ///< by figure
  tick_seconds now_;
};

} // namespace

result<report> run(const plan_set& plans, postgres::session& sql, redis::client& redis, const questions& ask,
                   const options& how) {
  return comparison(plans, sql, redis, ask, how).run();
}

} // namespace millrace::verify
