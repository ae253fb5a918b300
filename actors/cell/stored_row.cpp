#include "actors/cell/stored_row.hpp"

#include <algorithm>
#include <new>

namespace millrace {

stored_row::pointer stored_row::make(std::string_view key, std::string_view kept, std::size_t marks) {
  static_assert(sizeof(stored_row) % alignof(place_mark) == 0);
  auto* memory = ::operator new(sizeof(stored_row) + marks * sizeof(place_mark) + key.size() + kept.size());
  pointer out(new (memory) stored_row(key.size(), kept.size(), marks));
  std::uninitialized_value_construct_n(out->marks().data(), marks);
  std::copy(key.begin(), key.end(), out->text());
  std::copy(kept.begin(), kept.end(), out->text() + key.size());
  return out;
}

stored_row::pointer stored_row::with(std::string_view kept, std::size_t count) const {
  auto out = make(key(), kept, count);
  std::copy_n(marks().data(), std::min<std::size_t>(count, marks_), out->marks().data());
  out->at = at;
  out->touched = touched;
  return out;
}

bool stored_row::overwrite(std::string_view kept) {
  if (kept.size() != kept_size_)
    return false;
  std::copy(kept.begin(), kept.end(), text() + key_size_);
  return true;
}

} // namespace millrace
