#include "actors/cdc_router/lag_meter.hpp"

namespace millrace {

void lag_meter::delivered(source_id source, kafka_offset last, std::int64_t commit_ms, std::int64_t read_ms) {
  if (commit_ms > 0)
    waiting_[source].push_back({last, commit_ms, read_ms});
}

void lag_meter::durable(source_id source, kafka_offset last, std::int64_t now_ms) {
  auto& waiting = waiting_[source];
  while (!waiting.empty() && waiting.front().last <= last) {
    end_to_end_ms_ = now_ms - waiting.front().commit_ms;
    own_ms_ = now_ms - waiting.front().read_ms;
    waiting.pop_front();
  }
}

} // namespace millrace
