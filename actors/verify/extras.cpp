#include "actors/verify/extras.hpp"

#include "actors/redis/glob.hpp"

#include <algorithm>

namespace millrace::verify {

namespace {

const std::string page = "1000";
constexpr std::size_t keys_a_pipeline = 500;

bool owns_key(const figure_plan& x) {
  return x.place.what == target_kind::string || x.place.what == target_kind::json;
}

bool is_hash(const figure_plan& x) {
  return x.place.what == target_kind::hash || x.place.what == target_kind::hash_field;
}

/// A key that matches the templates of some figures, and how far its members are read.
struct candidate {
  std::string key;
  std::vector<figure_id> figures;
  std::string read; ///< HSCAN, ZSCAN, or empty: the key is the place
  std::string cursor = "0";
};

class search {
 public:
  search(redis::client& from, const plan_set& plans, const judged_places& judged,
         const std::set<figure_id>& unknown)
      : from_(from), plans_(plans), judged_(judged), unknown_(unknown) {}

  result<std::set<extra_place>> run() {
    for (auto& prefix : scan_prefixes(plans_))
      if (auto done = scan(prefix); !done)
        return done.why();
    if (auto done = look_at_literal_keys(); !done)
      return done.why();
    return std::move(found_);
  }

 private:
  const figure_plan& plan(figure_id x) const { return plans_.figures[x.value]; }

  std::vector<figure_id> figures_of(const std::string& key) const {
    std::vector<figure_id> out;
    if (is_copy(key)) // judged by itself
      return out;
    for (std::size_t i = 0; i < plans_.figures.size(); ++i)
      if (has_places(plans_.figures[i])
          && could_be(plans_.figures[i].place.key, plans_.figures[i].outputs, key))
        out.push_back(figure_id{static_cast<std::uint16_t>(i)});
    return out;
  }

  /// Returns whether a figure's places are compared one by one; an alert has none.
  static bool has_places(const figure_plan& x) { return !x.place.alert; }

  bool is_copy(const std::string& key) const {
    return std::any_of(plans_.figures.begin(), plans_.figures.end(),
                       [&](auto& x) { return x.place.newest == key; });
  }

  result<void> scan(const std::string& prefix) {
    std::string cursor = "0";
    do {
      auto reply = from_.call({"SCAN", cursor, "MATCH", redis::escaped_glob(prefix) + "*", "COUNT", page});
      if (!reply)
        return reply.why();
      if (reply->failed())
        return error{errc::denied, "Redis refuses SCAN: " + reply->text};
      cursor = reply->list.at(0).text;
      std::vector<std::string> keys;
      for (auto& x : reply->list.at(1).list)
        keys.push_back(std::move(x.text));
      if (auto done = look_at(keys); !done)
        return done.why();
    } while (cursor != "0");
    return {};
  }

  /// A key without placeholders is read directly.
  result<void> look_at_literal_keys() {
    std::set<std::string> names;
    for (auto& x : plans_.figures)
      if (is_literal(x.place.key))
        names.insert(literal_prefix(x.place.key));
    std::vector<std::string> there;
    for (auto& name : names) {
      auto reply = from_.call({"EXISTS", name});
      if (!reply)
        return reply.why();
      if (reply->integer > 0)
        there.push_back(name);
    }
    return look_at(there);
  }

  result<void> look_at(const std::vector<std::string>& keys) {
    std::vector<candidate> open;
    for (auto& key : keys) {
      auto figures = figures_of(key);
      if (figures.empty())
        continue;
      candidate x{key, std::move(figures), {}};
      auto any = [&](auto rule) {
        return std::any_of(x.figures.begin(), x.figures.end(), [&](auto id) { return rule(plan(id)); });
      };
      if (any(owns_key))
        judge_key(x);
      else
        x.read = any(is_hash) ? "HSCAN" : "ZSCAN";
      if (!x.read.empty())
        open.push_back(std::move(x));
    }
    while (!open.empty())
      if (auto done = read_page(open); !done)
        return done.why();
    return {};
  }

  void judge_key(const candidate& x) {
    if (!judged_.has({x.key, std::nullopt}))
      report(x, {x.key, std::nullopt}, [](auto& plan) { return owns_key(plan); });
  }

  /// Reads the next page of each key. Removes the keys that are complete.
  result<void> read_page(std::vector<candidate>& open) {
    auto some = std::min(open.size(), keys_a_pipeline);
    std::vector<redis::command> commands;
    for (std::size_t i = 0; i < some; ++i)
      commands.push_back({open[i].read, open[i].key, open[i].cursor, "COUNT", page});
    auto replies = from_.pipeline(commands);
    if (!replies)
      return replies.why();
    for (std::size_t i = 0; i < some; ++i)
      judge_page(open[i], replies->at(i));
    std::erase_if(open, [](auto& x) { return x.cursor.empty(); });
    return {};
  }

  void judge_page(candidate& x, const redis::reply& reply) {
    if (reply.failed()) { // another type: already reported if the key was expected
      if (!judged_.has_key(x.key))
        report(x, {x.key, std::nullopt}, [](auto&) { return true; });
      x.cursor.clear();
      return;
    }
    auto& members = reply.list.at(1).list; // each followed by its value
    for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
      place where{x.key, members[i].text};
      if (!judged_.has(where))
        report(x, where, [&](auto& plan) { return could_own(plan, *where.member); });
    }
    x.cursor = reply.list.at(0).text == "0" ? "" : reply.list.at(0).text;
  }

  /// Assigns the place to the figure that owns it, else to the first one. Reports nothing if the owner can be
  /// a figure that wasn't judged.
  template <class Owns>
  void report(const candidate& x, const place& where, Owns owns) {
    auto unknown = [&](auto id) { return unknown_.contains(id) && owns(plan(id)); };
    if (std::any_of(x.figures.begin(), x.figures.end(), unknown))
      return;
    auto owner = std::find_if(x.figures.begin(), x.figures.end(), [&](auto id) { return owns(plan(id)); });
    found_.insert({owner == x.figures.end() ? x.figures.front() : *owner, where});
  }

  redis::client& from_;
  const plan_set& plans_;
  const judged_places& judged_;
  const std::set<figure_id>& unknown_;
  std::set<extra_place> found_;
};

} // namespace

void judged_places::add(const place& x) {
  places_.insert(hash_of(x));
  if (x.member)
    keys_.insert(hash_of({x.key, std::nullopt}));
}

std::vector<std::string> scan_prefixes(const plan_set& plans) {
  std::set<std::string> all;
  for (auto& x : plans.figures)
    if (!is_literal(x.place.key))
      all.insert(literal_prefix(x.place.key));
  // Sorted, a prefix precedes every text that it begins.
  std::vector<std::string> out;
  for (auto& x : all)
    if (out.empty() || !x.starts_with(out.back()))
      out.push_back(x);
  return out;
}

result<std::set<extra_place>> find_extras(redis::client& from, const plan_set& plans,
                                          const judged_places& judged, const std::set<figure_id>& unknown) {
  return search(from, plans, judged, unknown).run();
}

} // namespace millrace::verify
