#pragma once

/// A figure of plain columns: a row is shown at its own place.

#include "actors/figures/places.hpp"

#include <unordered_map>

namespace millrace {

/// The writes of shown rows since the last drain, in order, each place once.
class pending_writes {
 public:
  /// Replaces what waits for the place; returns whether something did.
  bool replace(const std::string& place, std::vector<store_write> writes);
  /// Appends a write that what comes later must not replace.
  void append(const std::string& place, store_write x);
  bool waits(const std::string& place) const { return at_.contains(place); }
  void drain(std::vector<store_write>& out);
  std::size_t memory() const;

 private:
  std::vector<std::vector<store_write>> steps_;
  std::unordered_map<std::string, std::size_t> at_;
};

class projection {
 public:
  /// `plan` and `plans` must outlive this.
  projection(const plan_set& plans, figure_id id);

  /// Notes the writes that show the row, or with `after` null take it away.
  /// Returns the new fingerprint, 0 if the place is absent. `seen`: the one
  /// before; the same text isn't written again.
  std::uint64_t show(pending_writes& to, const row& key, const row* after, std::uint64_t seen,
                     std::string_view prefix) const;

  /// Notes that the staged place becomes the real one.
  void unstage(pending_writes& to, const row& key, std::string_view prefix) const;

 private:
  struct place {
    bool exists = false;
    std::string key, member;
  };
  place place_of(const row& key, std::string_view prefix) const;
  const value* key_value(const row& key, std::uint16_t output) const;
  place_content content(const row& x) const;
  std::string name(const place& x) const;

  const figure_plan* plan_;
  figure_id id_;
  place_form form_;
  std::vector<std::optional<std::size_t>> key_position_; ///< by output: where in the primary key
};

/// Returns 64 bits of a hash that every build computes alike; never 0.
std::uint64_t fingerprint(const place_content& x);

} // namespace millrace
