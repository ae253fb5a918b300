#pragma once

/// A figure of plain columns: a row is shown at its own place.

#include "actors/figures/fold/fold.hpp"
#include "actors/figures/fold/places.hpp"
#include "messages/flush.hpp"

namespace millrace {

class projection {
 public:
  /// `plan` and `plans` must outlive this.
  projection(const plan_set& plans, figure_id id);

  /// Appends the writes that show the row, or with `after` null take it away;
  /// they count on later ones for the same place to follow them.
  /// Returns the new fingerprint, 0 if the place is absent. `seen`: the one
  /// before; the same text isn't written again.
  std::uint64_t show(std::vector<store_write>& to, const row& key, const row* after, std::uint64_t seen,
                     std::string_view prefix) const;

  /// Returns the row's place for a comparison with Redis; nothing where it has none, or its ttl may have
  /// taken it away.
  std::optional<place_check> check(const row& key, place_mark mark, tick_seconds now) const;

  /// Appends that the staged place becomes the real one.
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
  std::vector<std::optional<std::size_t>> key_position_; ///< by output: where in the primary key
};

} // namespace millrace
