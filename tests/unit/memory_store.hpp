#pragma once

/// What Redis does with flushes, in memory: ledger, log and results move in one
/// step or not at all. A copy of it is a Redis that kept that much of its tail.

#include "actors/figures/fold/fingerprint.hpp"
#include "messages/flush.hpp"
#include "messages/token.hpp"

#include <map>
#include <set>
#include <stdexcept>
#include <string>

namespace millrace::test {

/// A rolled-up group: what all cells' parts add up to.
struct rolled_group {
  std::int64_t rows = 0;
  std::vector<std::int64_t> sums;
  bool operator==(const rolled_group&) const = default;
};

class memory_store {
 public:
  cell_ledger claim(cell_id cell) {
    auto& x = cells_[cell];
    x.owner = fresh_token();
    x.copies.clear();
    cell_ledger out;
    out.cell = cell;
    out.owner = x.owner;
    out.number = x.number;
    out.generation = x.generation;
    out.tick = x.span.tick;
    out.blocks = x.logs[x.generation];
    out.alerts = x.alerts;
    out.alerts_known = {x.alerts_known.begin(), x.alerts_known.end()};
    for (auto& [_, p] : x.positions)
      out.positions.push_back(p);
    return out;
  }

  flush_verdict flush(const cell_flush& x) {
    auto& cell = cells_[x.cell];
    if (cell.owner != x.owner)
      return flush_verdict::fenced;
    if (cell.number + 1 != x.number || x.generation != cell.generation)
      return flush_verdict::stale;
    append(cell, x);
    cell.number = x.number;
    if (x.span.tick.value != 0)
      cell.span = x.span;
    for (auto& p : x.positions)
      cell.positions[p.source] = p;
    for (auto& change : x.alerts)
      alert(cell, change);
    cell.alerts_known.insert(x.alerts_known.begin(), x.alerts_known.end());
    for (auto& w : x.output.writes)
      write(w);
    for (auto& part : x.output.rollups)
      roll(part);
    for (auto& count : x.output.counts)
      counts[{count.table, count.op}] += count.count;
    return flush_verdict::done;
  }

  /// Returns what stands at a place of this figure.
  std::vector<std::optional<std::string>> standing(const figure_plan& plan, const place_check& x) const {
    std::vector<std::optional<std::string>> out;
    auto found = places.find(x.key);
    auto text = [&](const std::string& field) {
      auto has = found != places.end() && found->second.count(field);
      out.push_back(has ? std::optional(found->second.at(field)) : std::nullopt);
    };
    auto form = place_form(x.figure, plan);
    if (plan.place.what != target_kind::hash)
      text(plan.place.what == target_kind::hash_field ? x.member : "");
    else
      for (auto& label : form.labels())
        text(label);
    return out;
  }

  std::size_t log_length(cell_id cell) { return cells_[cell].logs[cells_[cell].generation].size(); }
  std::uint64_t generation(cell_id cell) { return cells_[cell].generation; }
  std::uint64_t number(cell_id cell) { return cells_[cell].number; }
  /// Another client deletes the cell's subjects.
  void lose_alerts(cell_id cell) {
    cells_[cell].alerts.clear();
    cells_[cell].alerts_known.clear();
  }
  tick_span span(cell_id cell) { return cells_[cell].span; }
  stream_position at(cell_id cell, source_id of) {
    auto found = cells_[cell].positions.find(of);
    return found == cells_[cell].positions.end() ? nowhere : found->second.last;
  }

  /// Key -> field -> text; a string's field is empty.
  std::map<std::string, std::map<std::string, std::string>> places;
  std::map<std::pair<std::string, std::string>, rolled_group> rolled; ///< by key and member
  std::map<std::pair<table_id, char>, std::int64_t> counts;
  std::vector<alert_change> events; ///< of alerts, in their order

 private:
  struct cell_state {
    owner_token owner;
    std::uint64_t number = 0, generation = 0;
    tick_span span;
    alert_subjects alerts;
    std::set<std::string> alerts_known;
    std::map<source_id, position> positions;
    std::map<std::uint64_t, std::vector<std::string>> logs;
    std::vector<std::string> copies;
  };

  static void append(cell_state& cell, const cell_flush& x) {
    if (!x.block.empty())
      cell.logs[x.generation].push_back(x.block);
    if (!x.copy_block.empty())
      cell.copies.push_back(x.copy_block);
    if (x.copy_block_too && !x.block.empty())
      cell.copies.push_back(x.block);
    if (x.copy_length == 0)
      return;
    if (cell.copies.size() != x.copy_length)
      throw std::runtime_error("a copy has " + std::to_string(cell.copies.size())
                               + " blocks, its writer counts " + std::to_string(x.copy_length));
    cell.logs.clear();
    cell.logs[++cell.generation] = std::move(cell.copies);
    cell.copies.clear();
  }

  void alert(cell_state& cell, const alert_change& x) {
    if (x.kept)
      cell.alerts[{x.alert, x.subject}] = x.now;
    else if (x.alert.empty())
      cell.alerts.clear(), cell.alerts_known.clear();
    else if (x.subject.empty())
      cell.alerts_known.erase(x.alert);
    else
      cell.alerts.erase({x.alert, x.subject});
    if (x.what == alert_change::step::fires || x.what == alert_change::step::resolves)
      events.push_back(x);
  }

  void write(const store_write& x) {
    switch (x.kind) {
    case write_kind::set:
      places[x.key] = {{"", x.args.at(0)}};
      break;
    case write_kind::del:
      places.erase(x.key);
      break;
    case write_kind::hset:
      for (std::size_t i = 0; i + 1 < x.args.size(); i += 2)
        places[x.key][x.args[i]] = x.args[i + 1];
      break;
    case write_kind::hdel:
      for (auto& field : x.args)
        places[x.key].erase(field);
      if (places[x.key].empty())
        places.erase(x.key);
      break;
    case write_kind::unstage:
      places[x.key] = places.at(x.args.at(0));
      places.erase(x.args.at(0));
      break;
    default:
      throw std::runtime_error("no figure of these tests writes a sorted set");
    }
  }

  void roll(const rollup_part& x) {
    auto& group = rolled[{x.key, x.member}];
    group.rows += x.rows;
    group.sums.resize(x.parts.size());
    for (std::size_t i = 0; i < x.parts.size(); ++i)
      group.sums[i] += static_cast<std::int64_t>(x.parts[i].sum.limb[0]);
    if (group.rows == 0)
      rolled.erase({x.key, x.member});
  }

  std::map<cell_id, cell_state> cells_;
};

} // namespace millrace::test
