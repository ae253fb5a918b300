#include "actors/shard/state_copy.hpp"

#include <algorithm>
#include <iterator>

namespace millrace {

std::vector<row_name> state_copy::next() {
  auto end = std::min(at_ + rows_per_chunk, waiting_.size());
  std::vector<row_name> out(std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(at_)),
                            std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(end)));
  at_ = end;
  return out;
}

} // namespace millrace
