#include "actors/inspector/status.hpp"

#include "actors/inspector/stillness.hpp"
#include "actors/inspector/troubles.hpp"

#include <algorithm>

namespace millrace {

namespace {

using lacks_by_table = std::map<std::string, std::string>;

/// Returns the tables with open dead letters or a doubt, and why figures over them are incomplete.
lacks_by_table lacking_tables(const surroundings_report& around) {
  lacks_by_table out;
  for (auto& [table, count] : around.open_dead_letters)
    if (count > 0)
      out[table] = std::to_string(count) + " dead letters of " + table + " are open";
  for (auto& [table, why] : out)
    if (!around.doubts.count(table))
      why += ". Mend it by: millrace dead-letters replay all";
  for (auto& [table, x] : around.doubts) {
    auto& why = out[table]; // a table that is read again doesn't need its letters
    why += (why.empty() ? "" : "; ") + x.reason + ". Mend it by: " + x.remedy;
  }
  return out;
}

/// Adds why a table can't be read to why figures over it are incomplete.
void add_unreadable(lacks_by_table& lacks, const lacks_by_table& unreadable) {
  for (auto& [table, why] : unreadable)
    if (auto x = lacks.find(table); x != lacks.end())
      x->second = why + "; " + x->second; // the commands stay last
}

/// Returns the tables that the fill can't read, with the reason as a sentence.
lacks_by_table unreadable_tables(const fill_report& x) {
  lacks_by_table out;
  for (auto& [table, why] : x.unreadable)
    out[table] = table + " can't be read: " + why;
  return out;
}

/// Returns whether the figure fills. After a change of figures, only the named ones do.
bool fills(const std::string& name, const fill_report& x) {
  return !x.live
         && (x.filling.empty() || std::find(x.filling.begin(), x.filling.end(), name) != x.filling.end());
}

/// Returns why figures over these tables are incomplete; empty if they are complete.
std::string lacking(const std::vector<std::string>& tables, const lacks_by_table& lacks) {
  std::string out;
  for (auto& table : tables)
    if (auto x = lacks.find(table); x != lacks.end())
      out += (out.empty() ? "" : "; ") + x->second;
  return out;
}

figure_report state_of(const std::string& name, const node_report& x, const status_frame& frame,
                       const lacks_by_table& lacks, const lacks_by_table& unreadable,
                       const stillness& source) {
  if (auto failed = x.writer.failed.find(name); failed != x.writer.failed.end())
    return {name, figure_state::failed, failed->second};
  if (fills(name, x.fill)) {
    auto why = lacking(frame.tables_of.at(name), unreadable);
    return {name, figure_state::filling, why.empty() ? x.fill.stage : why};
  }
  if (auto why = lacking(frame.tables_of.at(name), lacks); !why.empty())
    return {name, figure_state::incomplete, why};
  if (source.stale)
    return {name, figure_state::stale, source.cause, x.now - source.still.count()};
  return {name};
}

/// Returns the ID of a figure's state, the same in every report.
std::string id_of(const figure_report& x) { return "figure " + x.name + " is " + to_text(x.state); }

std::int64_t began(const beginnings& since, const std::string& id, std::int64_t now) {
  auto known = since.find(id);
  return known == since.end() ? now : known->second;
}

} // namespace

void judge(node_report& x, const status_frame& frame, const beginnings& since, std::chrono::seconds idle) {
  x.project = frame.project;
  x.shards = frame.shards;
  x.figures.clear();
  auto lacks = lacking_tables(x.fill.surroundings);
  auto unreadable = unreadable_tables(x.fill);
  add_unreadable(lacks, unreadable);
  auto source = stillness_of(x.fill.surroundings, idle, frame.stale_after);
  for (auto& name : frame.figures) {
    auto one = state_of(name, x, frame, lacks, unreadable, source);
    if (one.state != figure_state::live && one.since == 0)
      one.since = began(since, id_of(one), x.now);
    if (auto tables = frame.tables_of.find(name); tables != frame.tables_of.end())
      one.tables = tables->second;
    x.figures.push_back(std::move(one));
  }
  x.troubles = troubles_of(x);
  for (auto& one : x.troubles)
    if (one.since == 0)
      one.since = began(since, one.id, x.now);
}

beginnings beginnings_of(const node_report& x) {
  beginnings out;
  for (auto& figure : x.figures)
    if (figure.state != figure_state::live)
      out[id_of(figure)] = figure.since;
  for (auto& trouble : x.troubles)
    out[trouble.id] = trouble.since;
  return out;
}

} // namespace millrace
