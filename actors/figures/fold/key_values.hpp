#pragma once

/// Group keys: their values from a row, and the names and texts of those values.

#include "actors/figures/fold/places.hpp"
#include "actors/figures/values/buckets.hpp"

namespace millrace {

/// Computes one group key. The constructor throws std::invalid_argument for a unit that date_trunc
/// doesn't have.
class key_reader {
 public:
  explicit key_reader(const key_expression& of);

  value read(const row& from) const;
  side from() const { return key_.column.from; }

  /// Returns the second at which the bucket of value `x` begins, rounded up. Returns 0 for -infinity, and
  /// nullopt for infinity or if `x` doesn't determine it.
  std::optional<std::int64_t> start_of(const value& x) const;

 private:
  key_expression key_;
  std::optional<time_unit> unit_;
  std::optional<time_pattern> pattern_;
};

/// All keys of a figure.
class key_values {
 public:
  explicit key_values(const figure_plan& plan);

  std::size_t size() const { return readers_.size(); }

  /// Computes the keys of one side and leaves the others unchanged.
  void read(row& into, const row& from, side of) const;
  /// Copies the keys of one side.
  void copy(row& into, const row& from, side of) const;

  /// Returns whether the group has a place: no placeholder is NULL.
  bool has_place(const row& keys) const;

  std::string key_of(const row& keys) const;
  std::string member_of(const row& keys) const;

  /// Returns the tick at which the group's bucket closes, 0 if it never closes.
  std::int64_t closes_at(const row& keys) const;

 private:
  std::string name(const name_template& by, const row& keys) const;

  const figure_plan* plan_;
  std::vector<key_reader> readers_;
  std::vector<bool> placeholder_;
};

} // namespace millrace
