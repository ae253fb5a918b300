#include "actors/figures/fold/tally.hpp"

#include <algorithm>
#include <cstring>

namespace millrace {

namespace {

wide load(const std::int64_t* from) {
  wide_limbs limbs;
  std::memcpy(limbs.limb, from, sizeof(limbs.limb));
  return wide(limbs);
}

void store(std::int64_t* to, const wide& x) {
  auto limbs = x.limbs();
  std::memcpy(to, limbs.limb, sizeof(limbs.limb));
}

wide product(int128 amount, std::int64_t times) {
  auto out = wide(amount);
  if (times == 1)
    return out;
  if (times == -1)
    return -out;
  out *= times < 0 ? 0 - static_cast<std::uint64_t>(times) : static_cast<std::uint64_t>(times);
  return times < 0 ? -out : out;
}

bool over_parent(const aggregate& x) { return !x.factors.empty() && x.factors[0].from == side::parent; }

} // namespace

tally_layout::tally_layout(const std::vector<aggregate>& aggregates, bool partial) {
  for (auto& x : aggregates) {
    slot s;
    s.parents = over_parent(x);
    s.at = static_cast<std::uint16_t>(size_);
    s.greatest = x.what == aggregate_kind::max;
    auto counts =
        x.what == aggregate_kind::count_rows || x.what == aggregate_kind::count || (partial && s.parents);
    if (counts) {
      size_ += 1;
    } else if (x.what == aggregate_kind::sum || x.what == aggregate_kind::avg) {
      s.what = form::sum;
      size_ += 6;
    } else {
      s.what = form::best;
      s.bag = static_cast<std::uint16_t>(bags_++);
      size_ += 2;
    }
    slots_.push_back(s);
  }
}

tally tally_layout::make() const {
  return {std::make_unique<std::int64_t[]>(size_),
          bags_ > 0 ? std::make_unique<value_bag[]>(bags_) : nullptr};
}

bool tally_layout::has_values(const tally& of) const {
  return std::any_of(of.bags.get(), of.bags.get() + bags_, [](auto& bag) { return !bag.empty(); });
}

bool tally_layout::is_zero(const std::int64_t* words) const {
  auto no_change = [&](const slot& s) {
    auto from = words + s.at;
    return from[0] == 0
           && (s.what != form::sum || std::all_of(from + 1, from + 6, [](auto x) { return x == 0; }));
  };
  return words[0] == 0 && std::all_of(slots_.begin(), slots_.end(), no_change);
}

void tally_layout::add(tally& to, std::size_t aggregate, const effect& of, std::int64_t times) const {
  if (!of.counted)
    return;
  auto& s = slots_[aggregate];
  auto words = to.words.get() + s.at;
  words[0] += times;
  if (s.what == form::sum && of.nan) {
    words[1] += times;
  } else if (s.what == form::sum) {
    store(words + 2, load(words + 2) += product(of.amount, times));
  } else if (s.what == form::best) {
    to.bags[s.bag].add(of.nan ? nan_in_bag : static_cast<std::int64_t>(of.amount), times);
    update_best(to, s);
  }
}

void tally_layout::merge(tally& to, std::size_t aggregate, const tally_layout& layout, const tally& partial,
                         const effect& parent, int sign) const {
  if (!parent.counted)
    return;
  auto& s = slots_[aggregate];
  auto& t = layout.slots_[aggregate];
  if (s.parents) {
    if (auto times = layout.count(partial.words.get(), aggregate); times != 0)
      add(to, aggregate, parent, sign * times);
    return;
  }
  auto words = to.words.get() + s.at;
  auto from = partial.words.get() + t.at;
  words[0] += sign * from[0];
  if (s.what == form::sum) {
    words[1] += sign * from[1];
    auto moved = load(from + 2);
    store(words + 2, load(words + 2) += sign > 0 ? moved : -moved);
  } else if (s.what == form::best) {
    to.bags[s.bag].add(partial.bags[t.bag], sign);
    update_best(to, s);
  }
}

void tally_layout::update_best(tally& of, const slot& s) const {
  auto& bag = of.bags[s.bag];
  of.words[s.at + 1U] = bag.empty() ? 0 : s.greatest ? bag.greatest() : bag.least();
}

std::int64_t tally_layout::count(const std::int64_t* words, std::size_t aggregate) const {
  return words[slots_[aggregate].at];
}

std::int64_t tally_layout::nans(const std::int64_t* words, std::size_t aggregate) const {
  auto& s = slots_[aggregate];
  return s.what == form::sum ? words[s.at + 1U] : 0;
}

wide tally_layout::sum(const std::int64_t* words, std::size_t aggregate) const {
  auto& s = slots_[aggregate];
  return s.what == form::sum ? load(words + s.at + 2) : wide{};
}

std::int64_t tally_layout::best(const std::int64_t* words, std::size_t aggregate) const {
  return words[slots_[aggregate].at + 1U];
}

const value_bag* tally_layout::bag(const tally& of, std::size_t aggregate) const {
  auto& s = slots_[aggregate];
  return s.what == form::best ? &of.bags[s.bag] : nullptr;
}

std::size_t tally_layout::memory(const tally& of) const {
  auto out = size_ * sizeof(std::int64_t) + bags_ * sizeof(value_bag);
  for (std::size_t i = 0; i < bags_; ++i)
    out += of.bags[i].memory();
  return out;
}

effect effect_of_value(const aggregate& of, const row& values) {
  effect out{true, false, 1};
  for (auto& factor : of.factors) {
    auto& x = values.at(factor.column);
    if (is_null(x))
      return {};
    if (auto number = std::get_if<std::int64_t>(&x))
      out.amount *= *number;
    else if (std::holds_alternative<not_a_number>(x))
      out.nan = true;
  }
  if (out.nan || of.factors.empty())
    out.amount = 0;
  return out;
}

} // namespace millrace
