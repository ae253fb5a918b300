#include "actors/sources/kafka/share_out.hpp"

#include "messages/fnv.hpp"

#include <algorithm>
#include <tuple>

namespace millrace::kafka {

namespace {

/// FNV-1a, then murmur3's final step, because inputs differ only at their end.
std::uint64_t draw(const std::string& topic, partition_id partition, const std::string& name) {
  auto text = topic + '/' + std::to_string(partition.value) + '/' + name;
  auto x = fnv1a(text);
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}

struct wish {
  std::size_t rank = 0; ///< in its reader's list of preferences
  std::uint64_t drawn = 0;
  partition_id partition;
  std::string reader;
  auto operator<=>(const wish&) const = default;
};

/// Returns the preferences of all readers in the order in which they are served.
std::vector<wish> wishes_for(const std::string& topic, const shared_topic& shared) {
  std::vector<wish> all;
  for (auto& reader : shared.readers) {
    std::vector<wish> own;
    for (auto partition : shared.partitions)
      own.push_back({0, draw(topic, partition, reader), partition, reader});
    std::sort(own.begin(), own.end());
    for (std::size_t i = 0; i < own.size(); ++i)
      own[i].rank = i;
    all.insert(all.end(), own.begin(), own.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// How many partitions of one topic each reader can have. If they don't divide evenly, the readers with the
/// fewest extra partitions from other topics get one more.
class quotas {
 public:
  quotas(const shared_topic& shared, std::map<std::string, int>& extras)
      : extras_(extras), each_(shared.partitions.size() / shared.readers.size()) {
    std::vector<int> had;
    for (auto& reader : shared.readers)
      had.push_back(extras_[reader]);
    std::sort(had.begin(), had.end());
    auto left_over = shared.partitions.size() % shared.readers.size();
    if (left_over == 0)
      return;
    fewest_ = had[left_over - 1];
    below_ = std::lower_bound(had.begin(), had.end(), *fewest_) - had.begin();
    at_ = static_cast<std::ptrdiff_t>(left_over) - below_;
  }

  /// Counts one more partition for the reader. Returns false if it has its share.
  bool take(const std::string& reader) {
    auto& have = taken_[reader];
    if (have < each_)
      return ++have > 0;
    if (have > each_ || !fewest_)
      return false;
    auto& had = extras_[reader];
    auto& left = had < *fewest_ ? below_ : at_;
    if (had > *fewest_ || left == 0)
      return false;
    --left;
    ++had;
    ++have;
    return true;
  }

 private:
  std::map<std::string, int>& extras_;
  std::size_t each_;
  std::optional<int> fewest_; ///< readers with this count may get one more while `at_` lasts
  std::ptrdiff_t below_ = 0;  ///< readers with a lower count always get one
  std::ptrdiff_t at_ = 0;
  std::map<std::string, std::size_t> taken_;
};

} // namespace

ownership share_out(const shared_topics& topics) {
  ownership owners;
  std::map<std::string, int> extras;
  for (auto& [topic, shared] : topics) {
    if (shared.readers.empty())
      continue;
    quotas room{shared, extras};
    for (auto& each : wishes_for(topic, shared)) {
      topic_partition where{topic, each.partition};
      if (owners.count(where) == 0 && room.take(each.reader))
        owners.emplace(std::move(where), each.reader);
    }
  }
  return owners;
}

} // namespace millrace::kafka
