#pragma once

/// The changes of a batch in one block of memory. A router makes it once, and keeps it to send it
/// again. A cell applies the changes from it, and nodes send it as it is. The byte order is the
/// machine's own: nodes of another build reject each other, and Millrace runs only on little-endian
/// machines.
///
///     head | key | columns | head | key | columns | ...

#include "messages/change.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// Changes of one source, in the order of their positions.
class packed_changes {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = change_view;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = change_view;

    explicit iterator(const char* at) : at_(at) {}
    change_view operator*() const;
    iterator& operator++();
    bool operator==(const iterator&) const = default;

   private:
    const char* at_;
  };

  packed_changes() = default;
  packed_changes(std::initializer_list<change> x);
  packed_changes(const std::vector<change>& x);

  /// Returns the changes that the bytes contain; nullopt if they are malformed.
  static std::optional<packed_changes> from(std::string bytes);

  void add(const change_view& x);

  iterator begin() const { return iterator{bytes_.data()}; }
  iterator end() const { return iterator{bytes_.data() + bytes_.size()}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Return the positions of the first and of the last change; `nowhere` if there are no changes.
  stream_position first() const { return first_; }
  stream_position last() const { return last_; }
  const std::string& bytes() const { return bytes_; }

  /// Returns the changes after a position.
  packed_changes beyond(stream_position x) const;
  /// Returns a copy of each change.
  std::vector<change> all() const;

 private:
  void note(stream_position x);

  std::string bytes_;
  std::size_t size_ = 0;
  stream_position first_ = nowhere, last_ = nowhere;
};

/// Immutable, shared changes. The router's send buffer and the cell hold the same block of memory.
class change_list {
 public:
  change_list() = default;
  change_list(packed_changes x)
      : all_(x.empty() ? nullptr : std::make_shared<const packed_changes>(std::move(x))) {}
  change_list(const std::vector<change>& x) : change_list(packed_changes(x)) {}
  change_list(std::initializer_list<change> x) : change_list(packed_changes(x)) {}

  const packed_changes& packed() const { return all_ ? *all_ : none(); }
  auto begin() const { return packed().begin(); }
  auto end() const { return packed().end(); }
  std::size_t size() const { return packed().size(); }
  bool empty() const { return !all_; }

 private:
  static const packed_changes& none() {
    static const packed_changes nothing;
    return nothing;
  }
  std::shared_ptr<const packed_changes> all_; ///< null: none
};

} // namespace millrace
