#include "actors/sources/routing.hpp"

#include "messages/rows.hpp"

#include <algorithm>

namespace millrace {

namespace {

/// Returns the shard of a row by a route's key; nullopt if there is no row, or the key has a NULL.
std::optional<shard_id> shard_by(const std::optional<row>& x, const route& by, std::uint16_t shards) {
  if (!x || std::any_of(by.by.begin(), by.by.end(), [&](auto i) { return is_null((*x)[i]); }))
    return std::nullopt;
  return shard_of_packed(pack_columns(*x, by.by), shards);
}

change_view as(change_kind kind, change_view note) {
  note.kind = kind;
  return note;
}

} // namespace

routing::routing(const plan_set& plans, table_id table, std::uint16_t shards) : shards_(shards) {
  for (std::uint16_t i = 0; i < plans.routes.size(); ++i)
    if (plans.routes[i].table == table)
      ways_.push_back({route_id{i}, &plans.routes[i]});
}

void routing::add(const table_change& x, stream_position at, bool first_fill, changes_by_cell& out) const {
  auto key = pack(x.key);
  change_view note;
  note.op = x.op;
  note.where = at;
  note.at = x.at;
  note.key = key;
  for (auto& w : ways_) {
    note.route = w.id;
    if (x.op == 't')
      add_everywhere(w, as(change_kind::truncate, note), out);
    else if (x.replayed)
      add_everywhere(w, as(change_kind::forget, note), out);
    else if (w.by->own)
      add_own(w, x, note, out);
    else
      add_foreign(w, x, note, first_fill, out);
  }
}

void routing::add_own(const way& w, const table_change& x, change_view note, changes_by_cell& out) const {
  note.counted = true;
  note.kind = !x.after                            ? change_kind::remove
              : x.snapshot == snapshot_kind::ours ? change_kind::read
                                                  : change_kind::upsert;
  auto columns = x.after ? pack_columns(*x.after, w.by->columns) : std::string();
  note.columns = columns;
  out[{shard_of_packed(note.key, shards_), w.by->entity}].add(note);
}

void routing::add_foreign(const way& w, const table_change& x, change_view note, bool first_fill,
                          changes_by_cell& out) const {
  auto before = shard_by(x.before, *w.by, shards_);
  auto after = shard_by(x.after, *w.by, shards_);
  auto ours = x.snapshot == snapshot_kind::ours; // the read's sweep removes the row from other cells
  if (x.op == 'r' && !first_fill && !ours) {
    for (std::uint16_t i = 0; i < shards_; ++i)
      if (shard_id{i} != after)
        out[{shard_id{i}, w.by->entity}].add(as(change_kind::not_yours, note));
  } else if (before && before != after) {
    out[{*before, w.by->entity}].add(as(change_kind::remove, note));
  }
  if (!after)
    return;
  auto columns = pack_columns(*x.after, w.by->columns);
  note.kind = ours ? change_kind::read : change_kind::upsert;
  note.columns = columns;
  out[{*after, w.by->entity}].add(note);
}

void routing::add_everywhere(const way& w, change_view note, changes_by_cell& out) const {
  for (std::uint16_t i = 0; i < shards_; ++i) {
    note.counted = w.by->own && i == 0 && note.kind == change_kind::truncate;
    out[{shard_id{i}, w.by->entity}].add(note);
  }
}

std::vector<cell_id> routing::cells() const {
  std::vector<cell_id> out;
  for (auto& w : ways_)
    for (std::uint16_t i = 0; i < shards_; ++i)
      out.push_back({shard_id{i}, w.by->entity});
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace millrace
