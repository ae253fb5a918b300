#include "actors/redis/coalesce.hpp"

#include <algorithm>
#include <unordered_map>

namespace millrace::redis {

namespace {

std::size_t mix(std::size_t seed, std::size_t more) {
  return seed ^ (more + 0x9e3779b97f4a7c15U + (seed << 6) + (seed >> 2));
}

/// A number and a text: a figure and its key, a key and its field, a figure and its group.
using numbered = std::pair<std::size_t, std::string_view>;

struct numbered_hash {
  std::size_t operator()(const numbered& x) const {
    return mix(x.first, std::hash<std::string_view>{}(x.second));
  }
};

/// A field or zset member with its last content; nullopt = removed.
struct slot {
  std::string_view name;
  std::optional<std::string_view> content;
};

/// The pending writes to one key of one figure.
struct pending {
  figure_id figure;
  std::string_view key;
  std::uint32_t ttl_seconds = 0;
  bool gone = false;                    ///< deleted before the other writes
  std::optional<std::string_view> text; ///< the text of a SET
  bool zset = false;
  std::vector<std::size_t> slots; ///< indexes into window::slots_
};

/// The writes between two unstages.
class window {
 public:
  window(place_commands& out, std::size_t slice) : out_(out), slice_(slice) {}
  void add(const store_write& x);
  void emit();

 private:
  pending& place(const store_write& x);
  void replace(pending& at, std::optional<std::string_view> text);
  void put(std::size_t place, std::string_view name, std::optional<std::string_view> content);
  void fields(pending& at, const store_write& x);
  place_command& begin(command_kind what, const pending& of, std::uint32_t ttl);
  void push(std::string_view arg);
  void emit_gone();
  void emit_texts();
  void emit_slots(const pending& of);

  place_commands& out_;
  std::size_t slice_;
  std::vector<pending> places_;
  std::vector<slot> slots_;
  std::unordered_map<numbered, std::size_t, numbered_hash> by_key_, by_field_;
};

pending& window::place(const store_write& x) {
  auto [at, fresh] = by_key_.try_emplace({x.figure.value, x.key}, places_.size());
  if (fresh) {
    places_.emplace_back();
    places_.back().figure = x.figure;
    places_.back().key = x.key;
  }
  auto& out = places_[at->second];
  out.ttl_seconds = x.ttl_seconds;
  return out;
}

void window::replace(pending& at, std::optional<std::string_view> text) {
  auto index = static_cast<std::size_t>(&at - places_.data());
  for (auto i : at.slots)
    by_field_.erase({index, slots_[i].name});
  at.slots.clear();
  at.gone = !text;
  at.text = text;
}

void window::put(std::size_t place, std::string_view name, std::optional<std::string_view> content) {
  auto [at, fresh] = by_field_.try_emplace({place, name}, slots_.size());
  if (!fresh) {
    slots_[at->second].content = content;
    return;
  }
  slots_.push_back({name, content});
  places_[place].slots.push_back(at->second);
}

void window::fields(pending& at, const store_write& x) {
  auto index = static_cast<std::size_t>(&at - places_.data());
  at.zset = x.kind == write_kind::zadd || x.kind == write_kind::zrem;
  auto removes = x.kind == write_kind::hdel || x.kind == write_kind::zrem;
  if (removes)
    for (auto& name : x.args)
      put(index, name, std::nullopt);
  else
    for (std::size_t i = 0; i + 1 < x.args.size(); i += 2)
      if (at.zset) // score, member
        put(index, x.args[i + 1], x.args[i]);
      else
        put(index, x.args[i], x.args[i + 1]);
}

void window::add(const store_write& x) {
  auto& at = place(x);
  if (x.kind == write_kind::set)
    replace(at, std::string_view(x.args.at(0)));
  else if (x.kind == write_kind::del)
    replace(at, std::nullopt);
  else
    fields(at, x);
}

place_command& window::begin(command_kind what, const pending& of, std::uint32_t ttl) {
  return out_.commands.emplace_back(place_command{what, of.figure, ttl, out_.args.size(), 0});
}

void window::push(std::string_view arg) {
  out_.args.push_back(arg);
  ++out_.commands.back().count;
}

/// Returns whether the last command has room for `more` arguments of this kind and figure.
bool goes_on(const place_commands& out, command_kind what, figure_id figure, std::size_t more,
             std::size_t slice) {
  if (out.commands.empty())
    return false;
  auto& last = out.commands.back();
  return last.what == what && last.figure == figure && last.count + more <= slice;
}

void window::emit_gone() {
  for (auto& x : places_) {
    if (!x.gone)
      continue;
    if (!goes_on(out_, command_kind::del, x.figure, 1, slice_))
      begin(command_kind::del, x, 0);
    push(x.key);
  }
}

void window::emit_texts() {
  for (auto& x : places_) {
    if (!x.text)
      continue;
    if (x.ttl_seconds > 0)
      begin(command_kind::set, x, x.ttl_seconds);
    else if (!goes_on(out_, command_kind::mset, x.figure, 2, slice_))
      begin(command_kind::mset, x, 0);
    push(x.key);
    push(*x.text);
  }
}

/// Removals come first. If they empty a hash, Redis deletes it, and the fields that follow create
/// it.
void window::emit_slots(const pending& of) {
  for (auto adding : {false, true}) {
    auto what = adding ? (of.zset ? command_kind::zadd : command_kind::hset)
                       : (of.zset ? command_kind::zrem : command_kind::hdel);
    std::size_t room = 0;
    for (auto i : of.slots) {
      auto& [name, content] = slots_[i];
      if (content.has_value() != adding)
        continue;
      if (room < 2) {
        begin(what, of, of.ttl_seconds);
        push(of.key);
        room = slice_;
      }
      room -= adding ? 2 : 1;
      if (adding && of.zset)
        push(*content);
      push(name);
      if (adding && !of.zset)
        push(*content);
    }
  }
}

void window::emit() {
  std::stable_sort(places_.begin(), places_.end(), [](auto& a, auto& b) { return a.figure < b.figure; });
  emit_gone();
  emit_texts();
  for (auto& x : places_)
    if (!x.slots.empty())
      emit_slots(x);
  places_.clear();
  slots_.clear();
  by_key_.clear();
  by_field_.clear();
}

/// Adds a partial to its group's merged one.
void merge(merged_rollup& to, const rollup_part& part) {
  to.always = to.always || part.always;
  to.rows += part.rows;
  to.closes_at = std::max(to.closes_at, part.closes_at);
  to.aggregates.resize(std::max(to.aggregates.size(), part.parts.size()));
  for (std::size_t i = 0; i < part.parts.size(); ++i) {
    auto& from = part.parts[i];
    auto& into = to.aggregates[i];
    into.count += from.count;
    into.nans += from.nans;
    into.sum += wide(from.sum);
    if (!from.best_changed)
      continue;
    auto same =
        std::find_if(into.bests.begin(), into.bests.end(), [&](auto& x) { return x.first == part.cell; });
    if (same != into.bests.end())
      same->second = from.best;
    else
      into.bests.emplace_back(part.cell, from.best);
  }
}

} // namespace

place_commands coalesce(const std::vector<cell_flush>& cells, std::size_t slice) {
  place_commands out;
  window open(out, slice);
  for (auto& cell : cells)
    for (auto& x : cell.output.writes) {
      if (x.kind != write_kind::unstage) {
        open.add(x);
        continue;
      }
      open.emit();
      out.commands.push_back({command_kind::unstage, x.figure, x.ttl_seconds, out.args.size(), 2});
      out.args.insert(out.args.end(), {x.key, x.args.at(0)});
    }
  open.emit();
  return out;
}

std::map<figure_id, std::vector<merged_rollup>> merge_rollups(const std::vector<cell_flush>& cells) {
  std::map<figure_id, std::vector<merged_rollup>> out;
  std::unordered_map<numbered, std::size_t, numbered_hash> index;
  for (auto& cell : cells)
    for (auto& part : cell.output.rollups) {
      auto& groups = out[part.figure];
      auto [at, fresh] = index.try_emplace({part.figure.value, part.group}, groups.size());
      if (fresh)
        groups.emplace_back().first = &part;
      merge(groups[at->second], part);
    }
  return out;
}

std::map<std::pair<table_id, char>, std::int64_t> merge_counts(const std::vector<cell_flush>& cells) {
  std::map<std::pair<table_id, char>, std::int64_t> out;
  for (auto& cell : cells)
    for (auto& x : cell.output.counts)
      out[{x.table, x.op}] += x.count;
  return out;
}

} // namespace millrace::redis
