#include "actors/cell/state_copy.hpp"

#include <algorithm>

namespace millrace {

block_rows state_copy::next(const row_table& rows) {
  block_rows out;
  // Keys that are removed later come in blocks, which go to both state logs.
  out.reads = blocks_ == 0 ? rows.reads().all() : block_reads{rows.reads().all().under_way, {}};
  for (auto end = std::min(at_ + rows_per_chunk, waiting_.size()); at_ < end; ++at_)
    if (auto* row = rows.find(waiting_[at_].route, waiting_[at_].key))
      out.there.push_back({waiting_[at_].route, row});
  return out;
}

} // namespace millrace
