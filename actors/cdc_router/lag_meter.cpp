#include "actors/cdc_router/lag_meter.hpp"

namespace millrace {

void lag_meter::delivered(cell_id cell, source_id source, stream_position last, std::int64_t commit_ms,
                          std::int64_t read_ms) {
  if (commit_ms > 0)
    followed_.try_emplace({cell, source}, mark{last, commit_ms, read_ms});
}

void lag_meter::durable(cell_id cell, source_id source, stream_position last, std::int64_t now_ms) {
  auto x = followed_.find({cell, source});
  if (x == followed_.end() || x->second.last > last)
    return;
  end_to_end_ms_ = now_ms - x->second.commit_ms;
  own_ms_ = now_ms - x->second.read_ms;
  followed_.erase(x);
}

std::map<source_id, std::int64_t> lag_meter::ages_ms(std::int64_t now_ms) const {
  std::map<source_id, std::int64_t> out;
  for (auto& [of, x] : followed_) {
    auto& oldest = out[of.second];
    oldest = std::max(oldest, now_ms - x.commit_ms);
  }
  return out;
}

void lag_meter::forget(source_id source) {
  std::erase_if(followed_, [&](auto& x) { return x.first.second == source; });
}

} // namespace millrace
