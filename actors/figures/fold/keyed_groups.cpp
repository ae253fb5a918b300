#include "actors/figures/fold/groups.hpp"

#include "actors/figures/fold/fingerprint.hpp"
#include "actors/figures/fold/results.hpp"
#include "actors/figures/values/text.hpp"
#include "messages/rows.hpp"

#include <algorithm>
#include <unordered_map>

namespace millrace {

namespace {

class keyed_groups : public groups {
 public:
  keyed_groups(figure_id id, const figure_plan& plan) : groups(id, plan), form_(id, plan) {}

  tally* open(const row& keys, bool quiet) override {
    if (!keys_.has_place(keys))
      return nullptr;
    packed_.clear();
    for (auto& x : keys)
      pack_to(packed_, x);
    auto [at, fresh] = groups_.try_emplace(packed_);
    auto& group = at->second;
    if (fresh)
      group.now = layout_.make();
    if (!group.dirty && !quiet) {
      group.dirty = true;
      dirty_.push_back({&*at, copy(group.now.words)});
    }
    return &group.now;
  }

  void close() override {}

  void drain(cell_output& out, tick_seconds now) override {
    for (auto& x : dirty_)
      settle(out.writes, x, now);
    dirty_.clear();
  }

  void retire(std::vector<store_write>& out) const override {
    for (auto& [packed, group] : groups_)
      if (is_shown(plan_, layout_, group.now.words.get())) {
        auto keys = unpack(packed);
        auto was = content(keys, group.now.words.get());
        form_.change(out, keys_.key_of(keys), keys_.member_of(keys), &was, nullptr);
      }
  }

  /// Iterates over the hash table's buckets. If the table grows, this round misses some groups.
  std::size_t check(std::size_t from, std::size_t count, tick_seconds now,
                    std::vector<place_check>& out) const override {
    auto enough = out.size() + count;
    for (; from < groups_.bucket_count() && out.size() < enough; ++from)
      for (auto at = groups_.begin(from); at != groups_.end(from); ++at)
        if (auto place = check(*at, now))
          out.push_back(std::move(*place));
    return from < groups_.bucket_count() ? from : 0;
  }

  std::int64_t last_written(std::string_view key) const override {
    auto at = written_.find(std::hash<std::string_view>{}(key));
    return at == written_.end() ? 0 : at->second;
  }

  std::size_t memory() const override {
    constexpr std::size_t of_a_node = 32; // links, hash, allocator
    auto out = groups_.bucket_count() * sizeof(void*) + written_.size() * (of_a_node + 16);
    for (auto& [packed, group] : groups_)
      out += of_a_node + sizeof(std::string) + sizeof(group) + (packed.size() > 15 ? packed.size() : 0)
             + layout_.memory(group.now);
    return out;
  }

 private:
  struct group {
    tally now;
    bool dirty = false;
  };
  using group_map = std::unordered_map<std::string, group>;
  /// An open group, and its words as of the last drain.
  struct opened {
    group_map::value_type* at;
    tally_words before;
  };

  std::optional<place_check> check(const group_map::value_type& x, tick_seconds now) const {
    auto keys = unpack(x.first);
    auto words = x.second.now.words.get();
    place_check out{id_, keys_.key_of(keys), keys_.member_of(keys), 0};
    if (!is_shown(plan_, layout_, words))
      return out;
    if (may_have_expired(plan_.place, last_written(out.key), now))
      return std::nullopt;
    out.fingerprint = fingerprint(content(keys, words));
    return out;
  }

  tally_words copy(const tally_words& from) const {
    tally_words out(new std::int64_t[layout_.words()]);
    std::copy_n(from.get(), layout_.words(), out.get());
    return out;
  }

  void settle(std::vector<store_write>& out, const opened& x, tick_seconds now) {
    auto& [packed, group] = *x.at;
    group.dirty = false;
    auto words = group.now.words.get();
    if (!std::equal(words, words + layout_.words(), x.before.get()))
      write(out, unpack(packed), x.before.get(), group, now);
    if (words[0] == 0) {
      auto gone = groups_.find(packed);
      groups_.erase(gone);
    }
  }

  void write(std::vector<store_write>& out, const row& keys, const std::int64_t* before, group& g,
             tick_seconds now) {
    place_content was, is;
    auto was_shown = is_shown(plan_, layout_, before),
         is_shown_now = is_shown(plan_, layout_, g.now.words.get());
    if (was_shown)
      was = content(keys, before);
    if (is_shown_now)
      is = content(keys, g.now.words.get());
    auto size = out.size();
    auto key = keys_.key_of(keys);
    form_.change(out, key, keys_.member_of(keys), was_shown ? &was : nullptr, is_shown_now ? &is : nullptr);
    if (out.size() != size && plan_.place.ttl_seconds > 0)
      written_[std::hash<std::string_view>{}(key)] = now.value;
  }

  std::optional<std::string> output_text(std::uint16_t i, const row& keys, const std::int64_t* words) const {
    auto& output = plan_.outputs[i];
    if (output.what == output_column::kind::aggregate)
      return aggregate_text(plan_, layout_, words, output.index);
    auto& x = keys.at(output.index);
    return is_null(x) ? std::nullopt : std::optional(to_text(x, output.type, output.scale));
  }

  std::string json(const row& keys, const std::int64_t* words) const {
    std::string out;
    for (std::size_t i = 0; i < plan_.outputs.size(); ++i) {
      auto& output = plan_.outputs[i];
      out += form_.labels()[i];
      if (output.what == output_column::kind::aggregate)
        append_aggregate_json(out, plan_, layout_, words, output.index);
      else
        append_json(out, keys.at(output.index), output.type, output.scale);
    }
    return out + "}";
  }

  place_content content(const row& keys, const std::int64_t* words) const {
    if (plan_.place.what == target_kind::json)
      return {json(keys, words)};
    place_content out;
    for (auto i : form_.shown())
      out.push_back(output_text(i, keys, words));
    if (plan_.place.what == target_kind::zset && out[0])
      out[0] = score_text(*out[0]);
    return out;
  }

  place_form form_;
  group_map groups_;
  std::vector<opened> dirty_;
  std::unordered_map<std::size_t, std::int64_t>
      written_; ///< with ttl: hash of a place's key -> tick of its last write
  std::string packed_;
};

} // namespace

std::unique_ptr<groups> make_keyed_groups(figure_id id, const figure_plan& plan) {
  return std::make_unique<keyed_groups>(id, plan);
}

} // namespace millrace
