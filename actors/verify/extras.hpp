#pragma once

/// Finds places in Redis whose name matches a figure, and that its SQL result doesn't contain. verify
/// uses SCAN; the engine never does.

#include "actors/redis/client.hpp"
#include "actors/verify/place.hpp"

#include <set>
#include <unordered_set>

namespace millrace::verify {

/// Remembers which places were judged: 8 bytes per place, without the names.
class judged_places {
 public:
  void add(const place& x);
  bool has(const place& x) const { return places_.contains(hash_of(x)); }
  /// Returns whether any field or member of the key was judged.
  bool has_key(const std::string& key) const { return keys_.contains(hash_of({key, std::nullopt})); }

 private:
  std::unordered_set<std::uint64_t> places_, keys_;
};

/// A place that no row explains, and the figure that it would belong to.
struct extra_place {
  figure_id figure;
  place where;
  auto operator<=>(const extra_place&) const = default;
};

/// Returns every place that a figure's target can produce and that isn't in `judged`. Leaves out places
/// that a figure in `unknown` can own: it fills, so it isn't judged. Scans all keys with the figures'
/// literal prefixes, and reads the fields and members of those that match.
result<std::set<extra_place>> find_extras(redis::client& from, const plan_set& plans,
                                          const judged_places& judged, const std::set<figure_id>& unknown);

/// Returns the prefixes to scan. None is the beginning of another.
std::vector<std::string> scan_prefixes(const plan_set& plans);

} // namespace millrace::verify
