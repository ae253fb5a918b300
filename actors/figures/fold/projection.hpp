#pragma once

/// A figure of plain columns: each row has its own place.

#include "actors/figures/fold/fold.hpp"
#include "actors/figures/fold/places.hpp"
#include "messages/flush.hpp"

namespace millrace {

class projection {
 public:
  /// `plan` and `plans` must outlive this.
  projection(const plan_set& plans, figure_id id);

  /// Appends the writes that show the row. If `after` is null, they remove it. Later writes for the same
  /// place must follow them. `seen` is the previous fingerprint: unchanged text isn't written again.
  /// `now` is the tick of now(). Returns the new fingerprint, 0 if the place is absent.
  std::uint64_t show(std::vector<store_write>& to, const row& key, const row* after, std::uint64_t seen,
                     std::string_view prefix, tick_seconds now) const;

  /// Returns the row's place, to compare it with Redis. Returns nullopt if the row has no place, or if
  /// the place may have expired.
  std::optional<place_check> check(const row& key, place_mark mark, tick_seconds now) const;

  /// Returns the key of the row's place; nullopt if it has none.
  std::optional<std::string> key_of(const row& key) const;

  /// Appends the write that moves the staged place to its real key.
  void unstage(std::vector<store_write>& to, const row& key, std::string_view prefix) const;

 private:
  struct place {
    bool exists = false;
    std::string key, member;
  };
  place place_of(const row& key, std::string_view prefix) const;
  const value* key_value(const row& key, std::uint16_t output) const;
  place_content content(const row& x) const;

  const figure_plan* plan_;
  figure_id id_;
  place_form form_;
  std::vector<std::optional<std::size_t>> key_position_; ///< by output: its index in the primary key
};

} // namespace millrace
