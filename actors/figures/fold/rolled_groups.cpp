#include "actors/figures/fold/groups.hpp"

#include "actors/figures/fold/places.hpp"
#include "actors/figures/values/text.hpp"
#include "messages/rows.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace millrace {

using postgres::column_type;

namespace {

class rolled_groups : public groups {
 public:
  rolled_groups(figure_id id, const figure_plan& plan, cell_id cell) : groups(id, plan), cell_(cell) {}

  tally* open(const row& keys, bool quiet) override {
    if (!keys_.has_place(keys) || (quiet && !layout_.has_bags()))
      return nullptr;
    packed_.clear();
    for (auto& x : keys)
      pack_to(packed_, x);
    auto [at, fresh] = groups_.try_emplace(packed_);
    auto& group = at->second;
    if (fresh && layout_.has_bags() && !note_closing(keys)) {
      groups_.erase(at);
      return nullptr;
    }
    if (fresh)
      group.change = layout_.make();
    if (!group.dirty && !quiet) {
      group.dirty = true;
      dirty_.push_back({&*at, bests(group.change)});
    }
    quiet_ = quiet ? &group.change : nullptr;
    return &group.change;
  }

  void close() override {
    if (quiet_)
      clear(*quiet_);
    quiet_ = nullptr;
  }

  void begin() override {
    if (plan_.keys.empty())
      begun_ = true;
  }

  void drain(cell_output& out, tick_seconds now) override {
    if (begun_)
      open({}, false);
    for (auto& x : dirty_)
      settle(out.rollups, x, now);
    dirty_.clear();
    begun_ = false;
    forget_closed(now);
  }

  /// Retires the groups that this cell knows: after admit(), those of all its rows.
  void retire(std::vector<store_write>& out) const override {
    place_form form(id_, plan_);
    for (auto& [packed, _] : groups_) {
      auto keys = unpack(packed);
      form.replace(out, keys_.key_of(keys), keys_.member_of(keys), nullptr, true);
    }
  }
  /// Checks nothing here: these places are compared in Redis, which merges the partials.
  std::size_t check(std::size_t, std::size_t, tick_seconds, std::vector<place_check>&) const override {
    return 0;
  }

  std::int64_t last_written(std::string_view) const override { return 0; }

  std::size_t memory() const override {
    constexpr std::size_t of_a_node = 32; // links, hash, allocator
    auto out = groups_.bucket_count() * sizeof(void*);
    for (auto& [packed, group] : groups_)
      out += of_a_node + sizeof(std::string) + sizeof(group) + (packed.size() > 15 ? packed.size() : 0)
             + layout_.memory(group.change);
    return out;
  }

 private:
  struct group {
    tally change; ///< words: change since the last drain; bags: all values of this cell
    bool dirty = false;
  };
  using group_map = std::unordered_map<std::string, group>;
  using best_values = std::vector<std::optional<std::int64_t>>;
  /// An open group, and its best values as of the last drain.
  struct opened {
    group_map::value_type* at;
    best_values before;
  };

  std::optional<std::int64_t> best_of(const tally& of, std::size_t i) const {
    auto bag = layout_.bag(of, i);
    if (!bag || bag->empty())
      return std::nullopt;
    return plan_.aggregates[i].what == aggregate_kind::max ? bag->greatest() : bag->least();
  }

  best_values bests(const tally& of) const {
    best_values out;
    for (std::size_t i = 0; layout_.has_bags() && i < layout_.aggregates(); ++i)
      out.push_back(best_of(of, i));
    return out;
  }

  void clear(tally& x) const { std::fill_n(x.words.get(), layout_.words(), 0); }

  std::string best_text(std::size_t i, std::optional<std::int64_t> best) const {
    if (!best)
      return {};
    auto numeric = plan_.aggregates[i].factors[0].type == column_type::numeric;
    return numeric && *best == nan_in_bag ? "nan" : std::to_string(*best);
  }

  aggregate_part part(std::size_t i, const tally& of, const best_values& before) const {
    aggregate_part out;
    auto words = of.words.get();
    out.count = layout_.count(words, i);
    out.nans = layout_.nans(words, i);
    out.sum = layout_.sum(words, i).limbs();
    if (!layout_.bag(of, i))
      return out;
    auto now = best_of(of, i);
    out.best_changed = now != before[i];
    if (out.best_changed)
      out.best = best_text(i, now);
    return out;
  }

  void settle(std::vector<rollup_part>& out, const opened& x, tick_seconds now) {
    auto& [packed, group] = *x.at;
    group.dirty = false;
    auto changed = !layout_.is_zero(group.change.words.get()) || bests(group.change) != x.before;
    if (changed || begun_)
      emit(out, packed, group.change, x.before, now);
    clear(group.change);
    if (!layout_.has_values(group.change))
      groups_.erase(groups_.find(packed));
  }

  void emit(std::vector<rollup_part>& out, const std::string& packed, const tally& change,
            const best_values& before, tick_seconds now) const {
    auto keys = unpack(packed);
    auto closes_at = keys_.closes_at(keys);
    if (closes_at != 0 && closes_at <= now.value)
      return;
    rollup_part part;
    part.figure = id_;
    part.cell = cell_;
    part.group = packed;
    part.key = keys_.key_of(keys);
    part.member = keys_.member_of(keys);
    part.shown = shown(keys);
    part.always = plan_.keys.empty();
    part.rows = change.words[0];
    part.closes_at = closes_at;
    for (std::size_t i = 0; i < layout_.aggregates(); ++i)
      part.parts.push_back(this->part(i, change, before));
    out.push_back(std::move(part));
  }

  std::vector<std::string> shown(const row& keys) const {
    std::vector<std::string> out(keys.size());
    for (auto& x : plan_.outputs) {
      if (x.what != output_column::kind::key)
        continue;
      auto& key = keys.at(x.index);
      if (plan_.place.what == target_kind::json)
        out[x.index] = to_json_text(key, x.type, x.scale);
      else if (!is_null(key))
        out[x.index] = to_text(key, x.type, x.scale);
    }
    return out;
  }

  /// Notes when the bucket closes: otherwise the values of min and max would stay forever. Returns false
  /// if the bucket has already closed.
  bool note_closing(const row& keys) {
    auto tick = keys_.closes_at(keys);
    if (tick != 0 && tick <= drained_.value)
      return false;
    if (tick != 0)
      closings_.emplace(tick, packed_);
    return true;
  }

  void forget_closed(tick_seconds now) {
    drained_ = std::max(drained_, now);
    while (!closings_.empty() && closings_.begin()->first <= now.value) {
      groups_.erase(closings_.begin()->second);
      closings_.erase(closings_.begin());
    }
  }

  cell_id cell_;
  group_map groups_;
  std::vector<opened> dirty_;
  std::set<std::pair<std::int64_t, std::string>> closings_;
  tick_seconds drained_{0};
  tally* quiet_ = nullptr;
  bool begun_ = false;
  std::string packed_;
};

} // namespace

std::unique_ptr<groups> make_rolled_groups(figure_id id, const figure_plan& plan, cell_id cell) {
  return std::make_unique<rolled_groups>(id, plan, cell);
}

} // namespace millrace
