#include "actors/figures/fold/members.hpp"

#include "actors/figures/fold/predicates.hpp"
#include "messages/rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <unordered_map>

namespace millrace {

namespace {

bool over_parent(const aggregate& x) { return !x.factors.empty() && x.factors[0].from == side::parent; }

/// Returns the conditions over one side only.
std::vector<predicate> only(const std::vector<predicate>& all, side of) {
  std::vector<predicate> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](auto& x) { return side_of(x) == of; });
  return out;
}

/// Returns the indexes of the entity's key in the kept columns.
std::vector<std::uint16_t> key_columns(const route& of) {
  std::vector<std::uint16_t> out;
  for (auto column : of.by) {
    auto kept = of.columns.begin() + of.kept;
    auto at = std::find(of.columns.begin(), kept, column);
    if (at == kept)
      throw std::invalid_argument("a join's key isn't among the kept columns");
    out.push_back(static_cast<std::uint16_t>(at - of.columns.begin()));
  }
  return out;
}

/// How the figure reads one side's rows.
struct side_rules {
  std::vector<std::uint16_t> key; ///< columns
  std::vector<predicate> where;
  std::vector<std::vector<predicate>> filters; ///< by aggregate

  side_rules(const figure_plan& plan, const route& of, side which)
      : key(key_columns(of)), where(only(plan.where, which)) {
    for (auto& x : plan.aggregates)
      filters.push_back(only(x.filter, which));
  }
};

class joined_members : public members {
 public:
  joined_members(const plan_set& plans, const figure_plan& plan, groups& to)
      : plan_(plan), groups_(to), partials_(plan.aggregates, true),
        child_(plan, plans.routes.at(plan.child.value), side::child),
        parent_(plan, plans.routes.at(plan.parent->value), side::parent) {}

  void fold(route_id from, const row& x, int sign, bool quiet, tick_seconds now) override {
    now_ = now;
    if (from == plan_.child)
      fold_child(x, sign, quiet);
    else if (from == *plan_.parent)
      fold_parent(x, sign, quiet);
  }

  std::size_t memory() const override {
    constexpr std::size_t of_a_node = 48; // links, color or hash, allocator
    auto out = families_.bucket_count() * sizeof(void*);
    for (auto& [key, family] : families_) {
      out += of_a_node + sizeof(std::string) + sizeof(family) + (key.size() > 15 ? key.size() : 0);
      for (auto& [keys, partial] : family.partials)
        out += of_a_node + sizeof(std::string) + sizeof(partial) + partials_.memory(partial);
      if (family.parent)
        out += sizeof(*family.parent) + family.parent->keys.size() * sizeof(value)
               + family.parent->effects.size() * sizeof(effect);
    }
    return out;
  }

 private:
  /// A parent that passes WHERE: its group keys, and its effect on each aggregate.
  struct parent_row {
    row keys;
    std::vector<effect> effects;
  };
  /// The rows with one foreign key: the children by their own group keys (packed), and the parent, once it
  /// has arrived.
  struct family {
    std::unique_ptr<parent_row> parent;
    std::map<std::string, tally> partials;
  };

  static bool packed_key(std::string& out, const side_rules& of, const row& x) {
    out.clear();
    for (auto column : of.key) {
      if (is_null(x.at(column)))
        return false;
      pack_to(out, x[column]);
    }
    return true;
  }

  effect effect_of_child(std::size_t i, const row& x) const {
    auto& aggregate = plan_.aggregates[i];
    if (!all_hold(child_.filters[i], x, now_))
      return {};
    return over_parent(aggregate) ? effect{true, false, 0} : effect_of_value(aggregate, x);
  }

  effect effect_of_parent(std::size_t i, const row& x) const {
    auto& aggregate = plan_.aggregates[i];
    if (!all_hold(parent_.filters[i], x, now_))
      return {};
    return over_parent(aggregate) ? effect_of_value(aggregate, x) : effect{true, false, 0};
  }

  void fold_child(const row& x, int sign, bool quiet) {
    if (!all_hold(child_.where, x, now_) || !packed_key(key_, child_, x))
      return;
    effects_.clear();
    for (std::size_t i = 0; i < plan_.aggregates.size(); ++i)
      effects_.push_back(effect_of_child(i, x));
    groups_.keys().read(keys_, x, side::child);
    auto& family = families_[key_];
    add_to_partial(family, sign);
    if (family.parent)
      add_to_group(*family.parent, sign, quiet);
    forget_if_empty(family);
  }

  /// `keys_` and `effects_` are the child row's.
  void add_to_partial(family& of, int sign) {
    pack_child_keys();
    auto [at, fresh] = of.partials.try_emplace(packed_);
    if (fresh)
      at->second = partials_.make();
    at->second.words[0] += sign;
    for (std::size_t i = 0; i < effects_.size(); ++i)
      partials_.add(at->second, i, effects_[i], sign);
    if (at->second.words[0] == 0)
      of.partials.erase(at);
  }

  void add_to_group(const parent_row& parent, int sign, bool quiet) {
    groups_.keys().copy(keys_, parent.keys, side::parent);
    auto to = groups_.open(keys_, quiet);
    if (!to)
      return;
    to->words[0] += sign;
    for (std::size_t i = 0; i < effects_.size(); ++i)
      if (effects_[i].counted && parent.effects[i].counted)
        groups_.layout().add(*to, i, over_parent(plan_.aggregates[i]) ? parent.effects[i] : effects_[i],
                             sign);
    groups_.close();
  }

  void fold_parent(const row& x, int sign, bool quiet) {
    if (!all_hold(parent_.where, x, now_) || !packed_key(key_, parent_, x))
      return;
    auto& family = families_[key_];
    if (sign > 0) {
      family.parent = std::make_unique<parent_row>();
      groups_.keys().read(family.parent->keys, x, side::parent);
      for (std::size_t i = 0; i < plan_.aggregates.size(); ++i)
        family.parent->effects.push_back(effect_of_parent(i, x));
    }
    if (family.parent)
      for (auto& [keys, partial] : family.partials)
        move_partial(keys, partial, *family.parent, sign, quiet);
    if (sign < 0)
      family.parent.reset();
    forget_if_empty(family);
  }

  void move_partial(const std::string& child_keys, const tally& partial, const parent_row& parent, int sign,
                    bool quiet) {
    unpack_child_keys(child_keys);
    groups_.keys().copy(keys_, parent.keys, side::parent);
    auto to = groups_.open(keys_, quiet);
    if (!to)
      return;
    to->words[0] += sign * partial.words[0];
    for (std::size_t i = 0; i < plan_.aggregates.size(); ++i)
      groups_.layout().merge(*to, i, partials_, partial, parent.effects[i], sign);
    groups_.close();
  }

  bool is_child_key(std::size_t i) const { return plan_.keys[i].column.from == side::child; }

  void pack_child_keys() {
    packed_.clear();
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (is_child_key(i))
        pack_to(packed_, keys_[i]);
  }

  void unpack_child_keys(const std::string& packed) {
    auto values = unpack(packed);
    keys_.resize(plan_.keys.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (is_child_key(i))
        keys_[i] = std::move(values.at(next++));
  }

  /// `key_` is the family's key.
  void forget_if_empty(const family& x) {
    if (!x.parent && x.partials.empty())
      families_.erase(key_);
  }

  const figure_plan& plan_;
  groups& groups_;
  tally_layout partials_;
  side_rules child_, parent_;
  std::unordered_map<std::string, family> families_;
  std::string key_, packed_;
  row keys_;
  std::vector<effect> effects_;
  tick_seconds now_; ///< of the running fold
};

} // namespace

std::unique_ptr<members> make_joined_members(const plan_set& plans, const figure_plan& plan, groups& to) {
  return std::make_unique<joined_members>(plans, plan, to);
}

} // namespace millrace
