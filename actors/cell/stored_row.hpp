#pragma once

/// A stored row. A node has millions of them, so each is one allocation:
///
///     at | touched | sizes | marks | packed key | packed kept columns

#include "actors/figures/fold/fold.hpp"
#include "messages/units.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace millrace {

class stored_row {
 public:
  struct deleter {
    void operator()(stored_row* x) const { ::operator delete(x); }
  };
  using pointer = std::unique_ptr<stored_row, deleter>;

  /// Returns a row with this many place marks, all of absent places.
  static pointer make(std::string_view key, std::string_view kept, std::size_t marks);
  /// Returns a copy of the row with other kept columns and this many marks.
  pointer with(std::string_view kept, std::size_t marks) const;
  /// Overwrites the kept columns in place. Returns false, and does nothing, if the length differs.
  bool overwrite(std::string_view kept);

  std::string_view key() const { return {text(), key_size_}; }
  /// Returns the packed columns that the route keeps.
  std::string_view kept() const { return {text() + key_size_, kept_size_}; }
  /// Returns one place mark per projection of the route.
  std::span<place_mark> marks() { return {reinterpret_cast<place_mark*>(this + 1), marks_}; }
  std::span<const place_mark> marks() const { return const_cast<stored_row*>(this)->marks(); }

  lsn at;                    ///< the newest LSN that showed the row
  std::uint32_t touched = 0; ///< 1 + index among the changed rows; 0: unchanged

 private:
  stored_row(std::size_t key, std::size_t kept, std::size_t marks)
      : marks_(static_cast<std::uint32_t>(marks)), key_size_(static_cast<std::uint32_t>(key)),
        kept_size_(static_cast<std::uint32_t>(kept)) {}
  const char* text() const { return reinterpret_cast<const char*>(this + 1) + marks_ * sizeof(place_mark); }
  char* text() { return const_cast<char*>(std::as_const(*this).text()); }

  std::uint32_t marks_, key_size_, kept_size_;
};

} // namespace millrace
