#pragma once

/// A figure of plain columns: a row is shown at its own place.

#include "actors/figures/places.hpp"

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

/// Returns 64 bits of a hash that every build computes alike; never 0.
std::uint64_t fingerprint(const place_content& x);

} // namespace millrace
