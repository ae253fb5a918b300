#include "actors/verify/run.hpp"

#include "actors/verify/alert.hpp"
#include "actors/verify/newest.hpp"
#include "actors/verify/sight.hpp"

#include <algorithm>
#include <map>
#include <thread>

namespace millrace::verify {

namespace {

using clock = std::chrono::steady_clock;

/// The rounds needed to distinguish a permanent difference from a moving one, however short the wait.
constexpr std::size_t least_rounds = 3;

/// How long the cells of an entity may take to show one tick. They flush once a second if rows leave.
constexpr std::chrono::seconds patience_with_clock{5};
constexpr std::chrono::milliseconds look_at_clock{50};
/// How often a figure with now() is judged in the first round.
constexpr int most_attempts = 10;

bool has_window(const figure_plan& figure) {
  auto out = false;
  for_each_window(figure, [&](auto&) { out = true; });
  return out;
}

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
    name_copies();
    return judge_copies();
  }

  /// Notes the copies of newest places, each by the first figure that has it.
  void name_copies() {
    std::set<std::string> known;
    for (std::size_t i = 0; i < plans_.figures.size(); ++i)
      if (auto& copy = plans_.figures[i].place.newest; !copy.empty() && known.insert(copy).second)
        copies_.emplace(i, sighting{});
    std::erase_if(copies_, [&](auto& x) { // a figure that shares it fills
      return std::any_of(unknown_.begin(), unknown_.end(), [&](auto id) {
        return plans_.figures[id.value].place.newest == plans_.figures[x.first].place.newest;
      });
    });
  }

  result<void> judge_copies() {
    for (auto at = copies_.begin(); at != copies_.end();) {
      auto found = compare_newest(redis_, plans_.figures[at->first]);
      if (!found)
        return found.why();
      if (!*found) {
        at = copies_.erase(at);
        continue;
      }
      at->second.twice = at->second.last == **found;
      at->second.last = std::move(**found);
      ++at;
    }
    return {};
  }

  /// Judges all of a figure's places. A figure with now() is judged again until Redis stood still meanwhile:
  /// a place can also be equal by chance.
  result<void> judge_all(std::size_t i, judged_places& judged) {
    if (plans_.figures[i].place.alert)
      return judge_alert(i);
    for (auto attempt = 0;; ++attempt) {
      differing_[i].clear();
      auto conclusive = judge_once(i, judged);
      if (!conclusive)
        return conclusive.why();
      if (*conclusive)
        return {};
      if (attempt == most_attempts) {
        moves_.insert(i);
        return {};
      }
    }
  }

  result<bool> judge_once(std::size_t i, judged_places& judged) {
    judge by(redis_, plans_, id(i), now_, ask_.written);
    by.on_undecided = [&](auto& x) { judged.add(x); };
    by.on_judged = [&](auto& x, auto found) {
      judged.add(x);
      if (found)
        differing_[i].emplace(x, sighting{std::move(*found)});
    };
    auto conclusive = compare_all(i, by);
    report_.figures[i].rows = by.rows();
    return conclusive;
  }

  result<void> next_round() {
    for (std::size_t i = 0; i < plans_.figures.size(); ++i)
      if (!differing_[i].empty())
        if (auto done = judge_again(i, differing_[i]); !done)
          return done.why();
    return judge_copies();
  }

  /// Compares all of an alert's subjects in each round: there are few.
  result<void> judge_alert(std::size_t i) {
    auto& plan = plans_.figures[i];
    std::set<std::string> rows;
    auto shown = begin_compare(i);
    if (!shown)
      return shown.why();
    auto done = stream(i, shown->from, [&](auto& row) {
      if (auto subject = subject_of(plan, row))
        rows.insert(std::move(*subject));
    });
    if (!done)
      return done;
    report_.figures[i].rows = rows.size();
    auto all = ask_.subjects(plan.entity);
    auto active = redis_.call({"SMEMBERS", active_key(plan)});
    if (!all || !active)
      return all ? active.why() : all.why();
    std::map<std::string, alert_subject> ledger;
    for (auto& [who, x] : *all)
      if (who.first == plan.name)
        ledger[who.second] = x;
    std::set<std::string> fires;
    for (auto& x : active->list)
      fires.insert(x.text);
    auto before = std::exchange(differing_[i], {});
    auto conclusive = end_compare(i, *shown);
    if (!conclusive)
      return conclusive.why();
    for (auto& x : compare_alert(plan, rows, ledger, fires)) {
      auto last = before.find(x.where);
      auto twice = *conclusive && last != before.end() && last->second.last == x;
      differing_[i].emplace(x.where, sighting{x, twice, true});
    }
    return {};
  }

  /// Judges the places that differed. A round in which Redis went on decides nothing.
  result<void> judge_again(std::size_t i, sightings& before) {
    if (plans_.figures[i].place.alert)
      return judge_alert(i);
    auto after = before;
    for (auto& [_, x] : after)
      x.seen = false;
    judge by(redis_, plans_, id(i), now_, ask_.written);
    by.wants = [&](auto& x) { return after.contains(x); };
    by.on_undecided = [&](auto& x) { after.erase(x); };
    by.on_judged = [&](auto& x, auto found) { sighted(after, x, std::move(found)); };
    auto conclusive = compare_all(i, by);
    if (!conclusive)
      return conclusive.why();
    // Places that no row explains must not exist.
    std::vector<place> unseen;
    for (auto& [where, x] : after)
      if (!x.seen)
        unseen.push_back(where);
    for (auto& where : unseen)
      by.absent(where);
    if (auto done = by.finish(); !done)
      return done;
    if (*conclusive)
      before = std::move(after);
    return {};
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

  /// Reads all of a figure's rows and their places. Returns whether Redis showed one tick meanwhile.
  result<bool> compare_all(std::size_t i, judge& by) {
    auto shown = begin_compare(i);
    if (!shown)
      return shown.why();
    if (auto done = stream(i, shown->from, [&](auto& row) { by.row(row); }); !done)
      return done.why();
    if (auto done = by.finish(); !done)
      return done.why();
    return end_compare(i, *shown);
  }

  bool waits_for_clock(std::size_t i) const { return has_window(plans_.figures[i]) && ask_.ticks; }

  /// Returns the tick that now() stands for.
  result<shown_ticks> begin_compare(std::size_t i) {
    if (!waits_for_clock(i))
      return shown_ticks{now_, {}};
    return wait_for_tick(plans_.figures[i].entity);
  }

  /// Returns whether Redis showed that tick until now.
  result<bool> end_compare(std::size_t i, const shown_ticks& shown) {
    if (!waits_for_clock(i))
      return true;
    auto after = ask_.ticks(plans_.figures[i].entity);
    return after ? result<bool>(still_shows(shown, *after)) : after.why();
  }

  /// Waits until no cell of the entity lags behind the others.
  result<shown_ticks> wait_for_tick(entity_id of) {
    for (auto until = clock::now() + patience_with_clock;;) {
      auto cells = ask_.ticks(of);
      if (!cells)
        return cells.why();
      auto shown = common_ticks(*cells);
      if (shown && shown->from.value != 0)
        return *shown;
      if (clock::now() > until) // a node is away: the round decides nothing
        return shown_ticks{now_, tick_seconds{1}};
      std::this_thread::sleep_for(look_at_clock);
    }
  }

  template <class Take>
  result<void> stream(std::size_t i, tick_seconds tick, Take take) {
    auto done =
        sql_.for_each_row(query_of(plans_.figures[i], tick), [&](auto& row) { return take(row), true; });
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
    return std::all_of(copies_.begin(), copies_.end(), [](auto& x) { return x.second.twice; });
  }

  void conclude() {
    for (auto& [i, x] : copies_)
      differing_[i].emplace(x.last.where, x);
    for (std::size_t i = 0; i < differing_.size(); ++i) {
      auto& to = report_.figures[i];
      if (to.state == figure_state::live && ask_.state) // it may have changed meanwhile
        to.state = ask_.state(id(i));
      if (to.state == figure_state::filling)
        continue;
      auto& left = differing_[i];
      auto for_good = std::any_of(left.begin(), left.end(), [](auto& x) { return x.second.twice; });
      to.result = left.empty() && !moves_.count(i) ? outcome::equal
                  : for_good                       ? outcome::differs
                                                   : outcome::moving;
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
  std::vector<sightings> differing_;       ///< by figure
  std::set<std::size_t> moves_;            ///< figures with now() that never stood still long enough
  std::map<std::size_t, sighting> copies_; ///< of newest places, by figure
  tick_seconds now_;
};

} // namespace

result<report> run(const plan_set& plans, postgres::session& sql, redis::client& redis, const questions& ask,
                   const options& how) {
  return comparison(plans, sql, redis, ask, how).run();
}

} // namespace millrace::verify
