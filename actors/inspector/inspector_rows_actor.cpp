/// What the inspector answers to a person: a row, the alerts, the log's level.

#include "actors/inspector/inspector_actor.hpp"
#include "actors/inspector/log_level.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

/// Together less than the deadline of whoever asks.
constexpr std::chrono::milliseconds cells_limit{400}, values_limit{600};

} // namespace

caf::result<row_report> inspector_state::find_row(const std::string& table,
                                                  const std::vector<std::string>& key) {
  row_report out;
  if (!how.plans) {
    out.trouble = "this node has no plans";
    return out;
  }
  auto what = question_of(*how.plans, how.frame.shards, table, key);
  if (!what) {
    out.trouble = what.why().message;
    return out;
  }
  auto search = std::make_shared<row_search>();
  search->found.table = what->name;
  search->found.shard = what->shard;
  search->promise = self->make_response_promise<row_report>();
  self->request<caf::message_priority::high>(how.member, cells_limit, atom::homes_v)
      .then([this, search, what = *what](cell_homes& cells) { ask_cells_for(search, what, cells); },
            [this, search](caf::error&) {
              search->awaited = 1;
              ++search->silent;
              finish(search);
            });
  return search->promise;
}

/// Asks each cell of this node. A question costs a cell as much as a look into a hash table.
void inspector_state::ask_cells_for(const std::shared_ptr<row_search>& search, const row_question& what,
                                    const cell_homes& cells) {
  search->awaited = 1;
  for (auto& home : cells) {
    if (home.at.node() != self->node())
      continue;
    ++search->awaited;
    self->request<caf::message_priority::high>(home.at, cells_limit, atom::row_v, what.table, what.key)
        .then(
            [this, search](std::vector<row_copy_report>& some) {
              for (auto& x : some)
                search->found.copies.push_back(std::move(x));
              finish(search);
            },
            [this, search](caf::error&) {
              ++search->silent;
              finish(search);
            });
  }
  finish(search);
}

void inspector_state::finish(const std::shared_ptr<row_search>& search) {
  if (--search->awaited > 0)
    return;
  auto& found = search->found;
  std::sort(found.copies.begin(), found.copies.end(),
            [](auto& a, auto& b) { return std::tie(a.entity, a.shard) < std::tie(b.entity, b.shard); });
  if (search->silent > 0)
    found.note = std::to_string(search->silent) + " cells of this node didn't answer";
  if (found.copies.empty() || !how.reader) {
    search->promise.deliver(found);
    return;
  }
  self->request(how.reader, values_limit, atom::row_v, found)
      .then([search](const row_report& x) { search->promise.deliver(x); },
            [search](caf::error&) {
              search->found.note = "Redis didn't answer in time: the values are missing";
              search->promise.deliver(search->found);
            });
}

caf::result<std::vector<alert_report>> inspector_state::alerts() {
  if (!how.reader)
    return std::vector<alert_report>{};
  return self->delegate(how.reader, atom::alerts_v);
}

caf::result<std::string> inspector_state::change_log_level(const std::string& level, const std::string& who) {
  if (level.empty())
    return log_level();
  constexpr std::size_t longest_name = 300;
  auto tell = [&](const char* what) {
    spdlog::critical("inspector: {} {} the log level to {}", who.substr(0, longest_name), what, level);
  };
  if (level == "off")
    tell("sets"); // afterwards nothing is logged
  if (auto set = set_log_level(level); !set)
    return caf::make_error(caf::sec::invalid_argument, set.why().message);
  tell("set");
  return log_level();
}

} // namespace millrace
