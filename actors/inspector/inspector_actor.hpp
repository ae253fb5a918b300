#pragma once

/// The inspector: asks the other actors and combines their reports. It answers within 1 s with the
/// reports received by then. It also checks by itself, so that it can report since when a trouble
/// lasts.

#include "actors/figures/plan/plan.hpp"
#include "actors/inspector/row_question.hpp"
#include "actors/inspector/status.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>

namespace millrace {

struct inspector_settings {
  status_frame frame;
  cdc_router_actor router;
  redis_writer_actor writer;
  fill_actor fill;
  member_actor member;
  batch_scheduler_actor batches;     ///< null: there are no batch figures
  alert_sender_actor alerts;         ///< null: alerts have no receiver
  reconciler_actor reconciler;       ///< null: figures aren't compared from time to time
  std::function<std::int64_t()> now; ///< Unix time, s
  place_reader_actor reader;         ///< null: no values of places are read
  const plan_set* plans = nullptr;   ///< null: no rows can be asked for
};

/// A report in progress: the answers that are missing, and the receiver.
struct gathering {
  node_report report;
  std::size_t awaited = 0;
  caf::actor_clock::time_point began;
  caf::actor_clock::time_point ends; ///< deadline: an actor that hasn't answered by then is silent
  std::size_t silent_cells = 0;
  std::vector<std::uint64_t> rows_of; ///< by route, of all cells
  std::function<void(const node_report&)> deliver;
};

/// A search for a row in this node's cells.
struct row_search {
  row_report found;
  std::size_t awaited = 0, silent = 0;
  caf::typed_response_promise<row_report> promise;
};

struct inspector_state {
  static inline constexpr const char* name = "inspector";
  explicit inspector_state(inspector_actor::stateful_pointer<inspector_state> self) : self(self) {}

  inspector_actor::behavior_type make_behavior(inspector_settings settings);
  caf::result<node_report> gather();
  std::shared_ptr<gathering> ask_parts(std::function<void(const node_report&)> deliver, std::size_t more);
  template <class Actor, class Report>
  void ask(const std::shared_ptr<gathering>& all, const Actor& whom, Report node_report::*part,
           const std::string& who);
  void ask_cells(const std::shared_ptr<gathering>& all, const cell_homes& cells);
  void finish(const std::shared_ptr<gathering>& all);
  void complete(node_report& x);
  void count_rows(node_report& x, const std::vector<std::uint64_t>& by_route) const;
  caf::result<std::vector<std::int64_t>> last_written(const std::string& figure,
                                                      const std::vector<std::string>& keys);
  caf::result<row_report> find_row(const std::string& table, const std::vector<std::string>& key);
  void ask_cells_for(const std::shared_ptr<row_search>& search, const row_question& what,
                     const cell_homes& cells);
  void finish(const std::shared_ptr<row_search>& search);
  caf::result<std::vector<alert_report>> alerts();
  caf::result<std::string> change_log_level(const std::string& level, const std::string& who);
  void note_answer(const std::shared_ptr<gathering>& all, const std::string& kind,
                   bool answered_in_time) const;
  void take_count(std::int64_t events);
  void measure_rate(std::int64_t events);

  inspector_actor::stateful_pointer<inspector_state> self;
  inspector_settings how;
  node_report last;                             ///< the last report of each actor
  beginnings since;                             ///< start of each trouble in the last report
  std::map<std::string, std::int64_t> answered; ///< last answer of each actor, Unix time, s
  std::int64_t events_before = 0, events_seen = 0, rate = 0;
  caf::actor_clock::time_point measured{}, moved{}; ///< `moved`: when the last record came
};

inspector_actor::behavior_type inspector(inspector_actor::stateful_pointer<inspector_state> self,
                                         inspector_settings how);

} // namespace millrace
