#pragma once

/// The subjects of a cell's alerts: who is pending, firing or recovering, and since when.
///
///     (none) -> pending -> firing -> recovering -> resolved
///        |   for          ^   |  ^------'|  keep
///        '----------------'   '----------+--> resolved, if there is no `keep`
///
/// Changes of a result and the clock move a subject, once in a flush, and what they do goes into the same
/// flush as the rows. So a node that dies between two flushes repeats the same steps. Plain C++, without
/// actors and Redis.

#include "actors/figures/plan/plan.hpp"
#include "messages/flush.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

class alert_book {
 public:
  /// `plans` must outlive this. The book is of the entity's alerts.
  alert_book(const plan_set& plans, entity_id entity);

  /// Replaces everything by what the ledger has. Alerts that no figure declares any more are resolved
  /// with the next flush.
  void load(const alert_subjects& subjects, const std::vector<std::string>& known);

  /// Returns whether the figure is one of the book's alerts.
  bool has(figure_id figure) const { return alerts_.count(figure) > 0; }
  bool empty() const { return alerts_.empty() && gone_.empty(); }

  /// The figure fills: nothing is known of its subjects, and none of them moves.
  void fills(figure_id figure) { filling_.insert(figure); }
  /// The figure has gone live: its next result is a whole one, and says who isn't in it any more.
  void opens(figure_id figure);

  /// Returns the alerts that the ledger doesn't know though their figures are live: Redis lost them.
  std::vector<figure_id> unknown() const;
  /// Has the next flush adopt these subjects of such an alert, by their keys: whether they fired can't be
  /// told.
  void recovers(figure_id figure, std::vector<std::string> keys) { lost_[figure] = std::move(keys); }
  /// Has the next flush write all subjects again.
  void write_again();

  /// Removes the alerts' writes from what the fold has to write, and takes each subject to where its last
  /// write and the clock put it.
  void take(std::vector<store_write>& writes, tick_seconds now);

  /// Returns when the clock moves a subject next; nullopt if it doesn't.
  std::optional<tick_seconds> next() const;
  /// Returns whether something waits for a flush beside the clock: an alert was opened, or is gone.
  bool waits() const { return !opened_.empty() || !gone_.empty() || !lost_.empty() || !changes_.empty(); }

  /// Return what changed since the last call.
  std::vector<alert_change> take_changes();
  std::vector<std::string> take_known();

  const alert_subjects& subjects() const { return subjects_; }

 private:
  struct alert {
    std::string name, prefix; ///< of its subjects' keys
    alert_rule rule;
  };
  using name = std::pair<std::string, std::string>; ///< alert, subject
  /// Each subject's columns as its last write has them; nullptr: it has left the result.
  using result_of_flush = std::map<std::string, const std::vector<std::string>*>;

  void enter(figure_id figure, const std::string& subject, const std::vector<std::string>& columns,
             tick_seconds now);
  void leave(figure_id figure, const std::string& subject, tick_seconds now);
  void take_whole(figure_id figure, const result_of_flush& result, tick_seconds now);
  void adopt(figure_id figure, const std::string& subject, const std::vector<std::string>& columns,
             tick_seconds now);
  void turn(figure_id figure, const name& who, tick_seconds now);
  void adopt_lost(tick_seconds now);
  void turn_due(tick_seconds now);
  bool is_filling(const name& who) const { return filling_.count(by_name_.at(who.first)) > 0; }
  void resolve_gone(tick_seconds now);
  std::optional<tick_seconds> deadline_of(const alert& of, const alert_subject& x) const;
  void put(figure_id figure, const name& who, alert_subject x, alert_change::step step, tick_seconds now);
  void drop(figure_id figure, const name& who, alert_change::step step, tick_seconds now);

  std::map<figure_id, alert> alerts_;
  std::map<std::string, figure_id> by_name_;
  alert_subjects subjects_;
  std::set<std::pair<tick_seconds, name>> deadlines_;
  std::set<std::string> known_;
  std::set<std::string> gone_; ///< in the ledger, and of no figure
  std::set<figure_id> filling_;
  std::map<figure_id, std::vector<std::string>> lost_;
  std::set<figure_id> opened_;
  std::vector<alert_change> changes_;
  std::vector<std::string> declared_;
  tick_seconds resolved_at_; ///< the tick of resolved_
  std::set<name> resolved_;  ///< subjects that were resolved at that tick
};

} // namespace millrace
