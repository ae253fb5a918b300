#include "actors/figures/fold/value_bag.hpp"

#include <algorithm>
#include <iterator>

namespace millrace {

namespace {

/// A larger chunk is split in two. So an insertion moves a few kilobytes at most, whatever the bag's size.
constexpr std::size_t largest_chunk = 256;

} // namespace

void value_bag::add(std::int64_t x, std::int64_t times) {
  if (times == 0)
    return;
  auto in = std::lower_bound(chunks_.begin(), chunks_.end(), x,
                             [](const chunk& c, std::int64_t y) { return c.back().x < y; });
  if (in == chunks_.end()) {
    if (chunks_.empty())
      chunks_.emplace_back();
    in = std::prev(chunks_.end());
  }
  auto at =
      std::lower_bound(in->begin(), in->end(), x, [](const entry& e, std::int64_t y) { return e.x < y; });
  if (at == in->end() || at->x != x) {
    in->insert(at, {x, times});
    if (in->size() > largest_chunk) {
      auto half = in->begin() + largest_chunk / 2;
      chunk upper(half, in->end());
      in->erase(half, in->end());
      in->shrink_to_fit();
      chunks_.insert(std::next(in), std::move(upper));
    }
  } else if ((at->times += times) == 0) {
    in->erase(at);
    if (in->empty())
      chunks_.erase(in);
  }
}

void value_bag::add(const value_bag& other, std::int64_t sign) {
  for (auto& c : other.chunks_)
    for (auto& e : c)
      add(e.x, sign * e.times);
}

std::size_t value_bag::memory() const {
  auto out = chunks_.capacity() * sizeof(chunk);
  for (auto& c : chunks_)
    out += c.capacity() * sizeof(entry);
  return out;
}

} // namespace millrace
