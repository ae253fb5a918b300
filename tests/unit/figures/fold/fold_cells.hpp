#pragma once

/// What surrounds the fold, in miniature: routing by hash, rows at rest, a store
/// that merges parts, and a Redis of maps.

#include "actors/figures/fold/fold.hpp"
#include "actors/figures/values/numeric.hpp"
#include "actors/figures/values/text.hpp"
#include "messages/rows.hpp"
#include "tests/unit/figures/fold/fold_world.hpp"

#include <map>
#include <memory>
#include <set>
#include <stdexcept>

namespace millrace::test {

/// Redis: key -> type and content. Fields of a hash, members of a zset by score,
/// a string under the empty field.
using model_redis = std::map<std::string, std::map<std::string, std::string>>;

inline void apply_write(model_redis& to, const store_write& x) {
  auto& args = x.args;
  switch (x.kind) {
  case write_kind::set:
    to[x.key][""] = args.at(0);
    break;
  case write_kind::del:
    to.erase(x.key);
    break;
  case write_kind::hset:
    for (std::size_t i = 0; i < args.size(); i += 2)
      to[x.key][args[i]] = args.at(i + 1);
    break;
  case write_kind::zadd:
    for (std::size_t i = 0; i < args.size(); i += 2)
      to[x.key][args.at(i + 1)] = args[i];
    break;
  case write_kind::hdel:
  case write_kind::zrem:
    for (auto& field : args)
      to[x.key].erase(field);
    break;
  case write_kind::unstage:
    if (auto staged = to.extract(args.at(0)))
      to[x.key] = std::move(staged.mapped());
    break;
  }
  if (auto at = to.find(x.key); at != to.end() && at->second.empty())
    to.erase(at);
}

/// The parts of rolled-up figures, merged: the reference for what the store does.
class model_rollups {
 public:
  explicit model_rollups(const plan_set& plans) : plans_(plans) {}

  void add(const rollup_part& x) {
    auto& group = groups_[{x.figure.value, x.group}];
    group.key = x.key;
    group.member = x.member;
    group.shown = x.shown;
    group.rows += x.rows;
    group.always |= x.always;
    group.parts.resize(x.parts.size());
    for (std::size_t i = 0; i < x.parts.size(); ++i) {
      auto& to = group.parts[i];
      to.count += x.parts[i].count;
      to.nans += x.parts[i].nans;
      to.sum += wide(x.parts[i].sum);
      if (x.parts[i].best_changed && x.parts[i].best.empty())
        to.bests.erase(x.cell);
      else if (x.parts[i].best_changed)
        to.bests[x.cell] = x.parts[i].best;
    }
  }

  /// Adds all places to `to`.
  void show(model_redis& to) const {
    for (auto& [name, group] : groups_)
      if (group.rows != 0 || group.always)
        show(to, plans_.figures[name.first], group);
  }

 private:
  struct part {
    std::int64_t count = 0, nans = 0;
    wide sum;
    std::map<cell_id, std::string> bests;
  };
  struct group_state {
    std::string key, member;
    std::vector<std::string> shown;
    std::int64_t rows = 0;
    bool always = false;
    std::vector<part> parts;
  };

  static value best(const aggregate& of, const part& x) {
    auto less = [](auto& a, auto& b) {
      return a.second != "nan" && (b.second == "nan" || std::stoll(a.second) < std::stoll(b.second));
    };
    auto [low, high] = std::minmax_element(x.bests.begin(), x.bests.end(), less);
    auto text = of.what == aggregate_kind::min ? low->second : high->second;
    return text == "nan" ? value{not_a_number{}} : value{std::int64_t{std::stoll(text)}};
  }

  static std::optional<std::string> text(const aggregate& of, const part& x, bool json) {
    using kind = aggregate_kind;
    if (of.what == kind::count_rows || of.what == kind::count)
      return std::to_string(x.count);
    if (x.count == 0)
      return std::nullopt;
    if (of.what == kind::min || of.what == kind::max) {
      auto& shown = of.factors[0];
      return json ? to_json_text(best(of, x), shown.type, shown.scale)
                  : to_text(best(of, x), shown.type, shown.scale);
    }
    if (x.nans > 0)
      return json ? "\"NaN\"" : "NaN";
    auto sum = wide_decimal{x.sum, of.scale};
    return to_text(of.what == kind::avg ? average(sum, x.count) : sum);
  }

  static void show(model_redis& to, const figure_plan& plan, const group_state& x) {
    auto output = [&](std::size_t i, bool json) -> std::optional<std::string> {
      auto& column = plan.outputs[i];
      if (column.what == output_column::kind::key)
        return x.shown.at(column.index);
      return text(plan.aggregates[column.index], x.parts.at(column.index), json);
    };
    if (plan.place.what == target_kind::json) {
      std::string json;
      for (std::size_t i = 0; i < plan.outputs.size(); ++i)
        json += (i == 0 ? "{\"" : ",\"") + plan.outputs[i].name + "\":" + output(i, true).value_or("null");
      to[x.key][""] = json + "}";
    } else if (plan.place.what == target_kind::hash) {
      for (std::size_t i = 0; i < plan.outputs.size(); ++i)
        if (auto shown = output(i, false); shown && plan.outputs[i].what == output_column::kind::aggregate)
          to[x.key][plan.outputs[i].name] = *shown;
    } else if (auto shown = output(plan.place.shown, false)) {
      auto zset = plan.place.what == target_kind::zset;
      if (!zset || *shown != "NaN")
        to[x.key][x.member] = zset ? score(*shown) : *shown;
    }
  }

 public:
  static std::string score(const std::string& decimal) {
    char buffer[40];
    std::snprintf(buffer, sizeof(buffer), "%.17g", std::strtod(decimal.c_str(), nullptr));
    return buffer;
  }

 private:
  const plan_set& plans_;
  std::map<std::pair<std::uint16_t, std::string>, group_state> groups_;
};

/// All cells of all entities, each with its rows and its fold.
class model_cells {
 public:
  model_cells(const plan_set& plans, random_source& random, bool live)
      : plans_(plans), random_(random), rollups_(plans), live_(live) {}

  void apply_record(const postgres::table& table, const record& x) {
    for (std::uint16_t i = 0; i < plans_.routes.size(); ++i) {
      auto& route = plans_.routes[i];
      if (plans_.tables[route.table.value].table.name != table.name)
        continue;
      auto from = x.before ? cell_of(route, *x.before) : std::nullopt;
      auto to = x.after ? cell_of(route, *x.after) : std::nullopt;
      if (from && (from != to || pack(key_of(table, *x.before)) != pack(key_of(table, *x.after))))
        remove(*from, route_id{i}, key_of(table, *x.before));
      if (to)
        upsert(*to, route_id{i}, key_of(table, *x.after), columns(route, *x.after));
    }
  }

  /// The end of a fill: what is staged becomes real, and folds begin.
  void publish() {
    if (live_)
      return;
    live_ = true;
    for (auto& [id, cell] : cells_) {
      for (auto& [name, stored] : cell.rows) {
        auto kept = unpack(stored.kept);
        cell.fold->admit(route_id{name.first}, kept);
        cell.fold->unstage(route_id{name.first}, unpack(name.second), kept, stored.marks, now_, "staged:");
      }
      cell.fold->open();
    }
  }

  /// Every entity's cell of shard 0, where rows without a group begin.
  void open() {
    for (std::uint16_t i = 0; i < plans_.tables.size(); ++i)
      cell_at({shard_id{0}, entity_id{i}}).fold->open();
  }

  void drain() {
    for (auto& [id, cell] : cells_)
      drain(cell);
  }

  /// The clock goes on: each row takes its turns, whether it has some or not.
  void set_clock(tick_seconds now) {
    for (auto& [id, cell] : cells_) {
      for (auto& [name, stored] : cell.rows)
        cell.fold->turn(route_id{name.first}, unpack(name.second), unpack(stored.kept), stored.marks, now,
                        "staged:");
      cell.fold->set_tick(now);
    }
    now_ = now;
  }
  tick_seconds clock() const { return now_; }

  /// Some cells lose their fold and load it from the rows at rest.
  void restart_some() {
    for (auto& [id, cell] : cells_) {
      if (!random_.one_in(2))
        continue;
      cell.fold = make_fold(id);
      for (auto& [name, stored] : cell.rows)
        cell.fold->restore(route_id{name.first}, unpack(stored.kept));
    }
  }

  /// Returns Redis after retiring all keyed and shown places: to be empty.
  model_redis retired() {
    for (auto& [id, cell] : cells_) {
      drain(cell);
      for (auto& x : cell.fold->retire())
        apply_write(redis_, x);
      for (auto& [name, stored] : cell.rows)
        cell.fold->project(route_id{name.first}, unpack(name.second), nullptr, stored.marks, now_);
      for (auto& x : cell.fold->drain(now_).writes)
        apply_write(redis_, x);
    }
    return redis_;
  }

  model_redis shown() const {
    auto out = redis_;
    rollups_.show(out);
    return out;
  }

  std::string complaint; ///< the first write that shouldn't have been

 private:
  struct stored_row {
    std::string kept;
    std::vector<place_mark> marks;
  };
  struct cell_state {
    std::unique_ptr<figure_fold> fold;
    std::map<std::pair<std::uint16_t, std::string>, stored_row> rows; ///< by route, packed key
  };

  static std::optional<cell_id> cell_of(const route& by, const row& x) {
    std::string key;
    for (auto column : by.by) {
      if (is_null(x[column]))
        return std::nullopt;
      pack_to(key, x[column]);
    }
    return cell_id{shard_id{static_cast<std::uint16_t>(std::hash<std::string>{}(key) % 3)}, by.entity};
  }

  static row columns(const route& of, const row& x) {
    row out;
    for (auto column : of.columns)
      out.push_back(x[column]);
    return out;
  }

  cell_state& cell_at(cell_id id) {
    auto& cell = cells_[id];
    if (!cell.fold)
      cell.fold = make_fold(id);
    return cell;
  }

  std::unique_ptr<figure_fold> make_fold(cell_id id) const {
    auto out = std::make_unique<figure_fold>(plans_, id);
    out->set_tick(now_);
    if (!live_)
      out->set_live(std::vector<bool>(plans_.figures.size(), false));
    return out;
  }

  void upsert(cell_id id, route_id route, const row& key, const row& fresh) {
    auto& cell = cell_at(id);
    auto [at, added] = cell.rows.try_emplace({route.value, pack(key)});
    auto& stored = at->second;
    auto after = row(fresh.begin(), fresh.begin() + plans_.routes[route.value].kept);
    auto before = added ? row{} : unpack(stored.kept);
    if (live_)
      cell.fold->fold(route, added ? nullptr : &before, &after);
    stored.marks.resize(cell.fold->projections(route));
    cell.fold->project(route, key, &fresh, stored.marks, now_, "staged:");
    stored.kept = pack(after);
    maybe_drain(cell);
  }

  void remove(cell_id id, route_id route, const row& key) {
    auto& cell = cell_at(id);
    auto at = cell.rows.find({route.value, pack(key)});
    if (at == cell.rows.end())
      return;
    auto before = unpack(at->second.kept);
    if (live_)
      cell.fold->fold(route, &before, nullptr);
    cell.fold->project(route, key, nullptr, at->second.marks, now_, "staged:");
    cell.rows.erase(at);
    maybe_drain(cell);
  }

  void maybe_drain(cell_state& cell) {
    if (random_.one_in(10))
      drain(cell);
  }

  void drain(cell_state& cell) {
    std::set<std::string> seen;
    auto out = cell.fold->drain(now_);
    for (auto& x : out.writes) {
      check(seen, x);
      apply_write(redis_, x);
    }
    for (auto& x : out.rollups)
      rollups_.add(x);
  }

  /// A group's place is named once in a drain, and only if it changed. Of a
  /// shown row's writes the last one counts.
  void check(std::set<std::string>& seen, const store_write& x) {
    if (x.kind == write_kind::unstage)
      return seen.clear();
    if (plans_.figures[x.figure.value].what == figure_kind::projection)
      return;
    auto step = x.kind == write_kind::hset ? 2u : 1u;
    auto first = x.kind == write_kind::zadd ? 1u : 0u;
    auto single = x.kind == write_kind::set || x.kind == write_kind::del;
    for (std::size_t i = first; i < (single ? 1 : x.args.size()); i += step)
      if (!seen.insert(x.key + '\0' + (single ? "" : x.args[i])).second && complaint.empty())
        complaint = x.key + " is written twice in a drain";
    auto before = redis_;
    apply_write(redis_, x);
    if (before == redis_ && complaint.empty())
      complaint = x.key + " is written though it hasn't changed";
    redis_ = std::move(before);
  }

  const plan_set& plans_;
  random_source& random_;
  model_redis redis_;
  model_rollups rollups_;
  std::map<cell_id, cell_state> cells_;
  bool live_;
  tick_seconds now_{1'702'000'000};
};

} // namespace millrace::test
