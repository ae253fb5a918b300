#pragma once

/// Actors that do nothing but answer and remember: the other side of a test.

#include "actors/interfaces.hpp"

#include <memory>

namespace millrace::test {

/// The type ids of our messages, as a node's configuration has them.
struct message_config : caf::actor_system_config {
  message_config() {
    add_message_types<caf::id_block::millrace>();
    add_message_types<caf::id_block::millrace_nodes>();
  }
};

/// What a fake router heard, and what it was asked to.
struct router_log {
  std::vector<cell_positions> durable, gaps;
  std::vector<std::vector<cells_behind>> homes;
  std::vector<std::vector<source_id>> sources;
};

inline cdc_router_actor::behavior_type fake_router(cdc_router_actor::pointer,
                                                   std::shared_ptr<router_log> log) {
  return {
      [=](atom::durable, const cell_positions& x) { log->durable.push_back(x); },
      [=](atom::gap, const cell_positions& x) { log->gaps.push_back(x); },
      [=](atom::homes, const std::vector<cells_behind>& x) { log->homes.push_back(x); },
      [=](atom::sources, const std::vector<source_id>& mine, const std::vector<cell_positions>&) {
        log->sources.push_back(mine);
      },
      [](atom::poll) {},
      [](atom::progress) {},
      [](atom::status) { return router_report{7}; },
  };
}

/// What a fake writer was told: dirty cells, and whether it is urgent.
struct writer_log {
  std::vector<std::pair<cell_id, bool>> dirty;
  std::map<cell_id, owner_token> owned;
};

inline redis_writer_actor::behavior_type fake_writer(redis_writer_actor::pointer,
                                                     std::shared_ptr<writer_log> log) {
  return {
      [=](atom::dirty, cell_id cell, bool urgent) { log->dirty.emplace_back(cell, urgent); },
      [=](atom::own, const cell_home& x, const owner_token& owner, std::uint64_t) {
        log->owned[x.cell] = owner;
      },
      [=](atom::release, const std::vector<cell_id>& which) {
        for (auto cell : which)
          log->owned.erase(cell);
        return true;
      },
      [](atom::tick) {},
      [](atom::poll) {},
      [](atom::status) {
        writer_report x;
        x.failed["geo"] = "WRONGTYPE";
        return x;
      },
  };
}

/// A fake cell: hands out `next`, and answers publish and sweep when it is told to.
struct cell_script {
  cell_flush next;
  bool answers = true;          ///< else publish, read and sweep fail
  bool forgot = false;          ///< the next sweep is of a read that it doesn't know of
  std::vector<std::string> log; ///< what it was asked, in order
  std::vector<cell_ledger> loaded;
  std::int64_t written = 0;
  std::vector<row_copy_report> copies; ///< of whatever row it is asked for
  std::vector<change_batch> batches;
  caf::strong_actor_ptr router; ///< that sent the last of them
};

inline aggregator_actor::behavior_type fake_cell(aggregator_actor::pointer self,
                                                 std::shared_ptr<cell_script> x) {
  auto answer = [=]() -> caf::result<cell_id> {
    if (x->answers)
      return x->next.cell;
    return caf::make_error(caf::sec::request_receiver_down);
  };
  return {
      [=](const std::vector<change_batch>& batches) {
        x->batches.insert(x->batches.end(), batches.begin(), batches.end());
        x->router = self->current_sender();
      },
      [=](atom::collect, std::uint32_t checks) {
        x->log.push_back(checks > 0 ? "collect and check" : "collect");
        ++x->next.number;
        return x->next;
      },
      [=](atom::flushed) { x->log.push_back("flushed"); },
      [=](atom::copy) { x->log.push_back("copy"); },
      [=](atom::load, const cell_ledger& from) {
        x->log.push_back("load");
        x->loaded.push_back(from);
        x->next.owner = from.owner;
        x->next.number = from.number;
        return cell_positions{};
      },
      [=](atom::publish, const std::vector<std::string>& held) {
        x->log.push_back("publish");
        for (auto& figure : held)
          x->log.back() += " without " + figure;
        return answer();
      },
      [=](atom::read, lsn from, const std::vector<std::string>& tables) {
        x->log.push_back("read " + std::to_string(from.value));
        for (auto& table : tables)
          x->log.back() += " " + table;
        return answer();
      },
      [=](atom::sweep, lsn from, const std::vector<std::string>& tables) -> caf::result<cell_id> {
        x->log.push_back("sweep " + std::to_string(from.value));
        for (auto& table : tables)
          x->log.back() += " " + table;
        if (std::exchange(x->forgot, false))
          return caf::make_error(caf::sec::invalid_argument);
        return answer();
      },
      [=](atom::written, figure_id, const std::vector<std::string>& keys) {
        return std::vector<std::int64_t>(keys.size(), x->written);
      },
      [=](atom::row, table_id, const std::string&) { return x->copies; },
      [](atom::tick) {},
      [](atom::status) { return cell_report{3}; },
  };
}

} // namespace millrace::test
