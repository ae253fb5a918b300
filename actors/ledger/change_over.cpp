#include "actors/ledger/change_over.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/ledger/retire.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

using reading = std::set<std::pair<entity_id, table_id>>;

/// Returns which entities' cells read which tables.
reading reading_of(const plan_set& plans) {
  reading out;
  for (auto& x : plans.routes)
    out.emplace(x.entity, x.table);
  return out;
}

/// The position of the slowest cell in each partition; none if a cell hasn't begun to read it.
class laggards {
 public:
  laggards(const reading& who, const std::vector<cell_ledger>& claimed) {
    std::map<table_id, std::size_t> readers;
    std::map<source_id, std::size_t> seen;
    for (auto& cell : claimed)
      for (auto& [entity, table] : who)
        readers[table] += entity == cell.cell.entity ? 1 : 0;
    for (auto& cell : claimed)
      for (auto& p : cell.positions) {
        if (!who.count({cell.cell.entity, p.source.table}))
          continue;
        ++seen[p.source];
        auto [at, fresh] = lowest_.try_emplace(p.source, p);
        if (!fresh && p.last < at->second.last)
          at->second = p;
      }
    std::erase_if(lowest_, [&](auto& x) { return seen[x.first] != readers[x.first.table]; });
  }

  std::vector<position> of(table_id table) const {
    std::vector<position> out;
    for (auto& [source, p] : lowest_)
      if (source.table == table)
        out.push_back(p);
    return out;
  }

 private:
  std::map<source_id, position> lowest_;
};

std::vector<std::string> names_of(const std::set<table_id>& tables, const plan_set& plans) {
  std::vector<std::string> out;
  for (auto id : tables)
    out.push_back(plans.tables.at(id.value).table.schema + "." + plans.tables.at(id.value).table.name);
  return out;
}

std::string in_words(const plan_change& change) {
  std::string out;
  for (auto& x : change.figures)
    if (x.step != figure_step::unchanged)
      out += (out.empty() ? "" : ", ") + x.name + " " + to_text(x.step);
  for (auto& x : change.batches)
    if (x.step != figure_step::unchanged)
      out += (out.empty() ? "" : ", ") + x.name + " " + to_text(x.step);
  return out;
}

void add_new(std::vector<std::string>& to, const std::string& x) {
  if (std::find(to.begin(), to.end(), x) == to.end())
    to.push_back(x);
}

/// Adds the figures of the running fill that haven't changed: they still lack their rows.
void go_on_with(const fill_note& before, const plan_change& change, const plan_set& after, fill_note& note) {
  for (auto& x : change.figures)
    if (x.step == figure_step::unchanged
        && std::find(before.figures.begin(), before.figures.end(), x.name) != before.figures.end())
      add_new(note.figures, x.name);
  for (auto& table : before.tables)
    if (captured_table(after, table))
      add_new(note.tables, table);
}

/// Returns the ledger's format after the change.
redis::project_format format_after(redis::project_format found, stored_plans stored, plan_set after,
                                   const plan_change& change) {
  stored.former.push_back({stored.epoch, std::move(stored.plans)});
  auto note = note_of_change(change, after, {found.phase == "live", fill_note_from_json(found.note)});
  found.former = stored.former_json();
  found.plans = std::exchange(found.next, {});
  found.fingerprint = after.fingerprint();
  found.phase = note.live ? "live" : "filling";
  found.note = to_json(note.note);
  ++found.epoch;
  found.life = fresh_token();
  return found;
}

} // namespace

std::vector<redis::adopted_cell> moved_positions(const plan_set& before, const plan_set& after,
                                                 const std::vector<cell_ledger>& claimed) {
  auto was = reading_of(before), is = reading_of(after);
  laggards slowest(was, claimed);
  std::vector<redis::adopted_cell> out;
  for (auto& cell : claimed) {
    redis::adopted_cell x{cell.cell, cell.owner, {}, {}};
    for (auto& p : cell.positions)
      if (!is.count({cell.cell.entity, p.source.table}))
        x.loses.push_back(p.source);
    for (auto& [entity, table] : is)
      if (entity == cell.cell.entity && !was.count({entity, table}))
        for (auto& p : slowest.of(table))
          x.gains.push_back(p);
    out.push_back(std::move(x));
  }
  return out;
}

saved_note note_of_change(const plan_change& change, const plan_set& after, const saved_note& before) {
  saved_note out;
  auto& note = out.note;
  note.birth = before.note.birth;
  note.swept = before.note.swept;
  note.reason = "figures were applied: " + in_words(change);
  if (!before.live && before.note.figures.empty())
    return out; // all of them still fill
  note.figures = change.fills();
  note.tables = names_of(change.lacks(), after);
  if (!before.live)
    go_on_with(before.note, change, after, note);
  out.live = note.figures.empty();
  return out;
}

result<void> change_over(redis::store& store, const redis::project_format& found, const std::string& project,
                         tick_seconds now) {
  auto stored = stored_plans::read(found);
  auto after = plans_from_json(found.next);
  auto change = difference(stored.plans, after);
  spdlog::info("node: changing figures: {}", in_words(change));
  auto claimed = claim_cells(store, all_cells(after, found.shards));
  if (!claimed)
    return claimed.why();
  auto retired = change.retires(stored.plans);
  if (auto gone = retire_some(store, stored, retired, *claimed, project, now); !gone)
    return gone.why();
  // Also if none is retired: a scheduler of the former plans must not end its run any more.
  if (auto gone = store.retire_batches(change.retired_batches(stored.plans), found.life); !gone)
    return gone;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < retired.size(); ++i)
    if (retired[i])
      names.push_back(stored.plans.figures[i].name);
  auto moved = moved_positions(stored.plans, after, *claimed);
  return store.adopt(moved, names, format_after(found, std::move(stored), std::move(after), change));
}

} // namespace millrace
