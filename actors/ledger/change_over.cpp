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

/// For each table the position of its slowest cell in each source that feeds it; none if a cell hasn't begun
/// to read it.
class laggards {
 public:
  laggards(const reading& who, const std::vector<cell_ledger>& claimed, feeds_table feeds) {
    std::map<table_id, std::size_t> readers;
    std::map<place, std::size_t> seen;
    for (auto& cell : claimed)
      for (auto& [entity, table] : who)
        if (entity == cell.cell.entity) {
          ++readers[table];
          for (auto& p : cell.positions)
            if (feeds(p.source, table))
              see({table, p.source}, p, seen);
        }
    std::erase_if(lowest_, [&](auto& x) { return seen[x.first] != readers[x.first.first]; });
  }

  std::vector<position> of(table_id table) const {
    std::vector<position> out;
    for (auto& [where, p] : lowest_)
      if (where.first == table)
        out.push_back(p);
    return out;
  }

 private:
  using place = std::pair<table_id, source_id>;

  void see(place where, const position& p, std::map<place, std::size_t>& seen) {
    ++seen[where];
    auto [at, fresh] = lowest_.try_emplace(where, p);
    if (!fresh && p.last < at->second.last)
      at->second = p;
  }

  std::map<place, position> lowest_;
};

/// Adds the position from which a source is read. A source that feeds several tables has one: the lowest.
void add_gain(std::vector<position>& to, const position& x) {
  auto same = std::find_if(to.begin(), to.end(), [&](auto& p) { return p.source == x.source; });
  if (same == to.end())
    to.push_back(x);
  else if (x.last < same->last)
    *same = x;
}

/// Returns whether cells of an entity read a source.
bool reads(const reading& who, entity_id entity, source_id source, feeds_table feeds) {
  return std::any_of(who.begin(), who.end(),
                     [&](auto& x) { return x.first == entity && feeds(source, x.second); });
}

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
                                                 const std::vector<cell_ledger>& claimed, feeds_table feeds) {
  auto was = reading_of(before), is = reading_of(after);
  laggards slowest(was, claimed, feeds);
  std::vector<redis::adopted_cell> out;
  for (auto& cell : claimed) {
    redis::adopted_cell x{cell.cell, cell.owner, {}, {}};
    for (auto& p : cell.positions)
      if (!reads(is, cell.cell.entity, p.source, feeds))
        x.loses.push_back(p.source);
    for (auto& [entity, table] : is)
      if (entity == cell.cell.entity && !was.count({entity, table}))
        for (auto& p : slowest.of(table))
          if (!reads(was, entity, p.source, feeds))
            add_gain(x.gains, p);
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
                         tick_seconds now, feeds_table feeds) {
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
  auto moved = moved_positions(stored.plans, after, *claimed, feeds);
  return store.adopt(moved, names, format_after(found, std::move(stored), std::move(after), change));
}

} // namespace millrace
