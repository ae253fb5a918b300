/// Deletes places of figures, and the ledger.
#include "actors/figures/plan/name_match.hpp"
#include "actors/redis/glob.hpp"
#include "actors/redis/store_impl.hpp"

namespace millrace::redis {

result<std::int64_t> store::groups_of(const std::string& rolled_up) {
  auto length = impl_->call({"HLEN", impl_->prefix + "rollup:" + rolled_up});
  return length ? result<std::int64_t>(length->integer) : length.why();
}

result<std::map<std::string, std::string>> store::failed_figures() { return impl_->hash("failed"); }

result<void> store::retire(const figure_plan& rolled_up, const cell_ledger* by) {
  command argv{pack_spec(rolled_up)};
  if (by)
    argv.insert(argv.end(), {cell_name(by->cell), by->owner});
  for (;;) {
    auto left = impl_->function("retire", argv);
    if (!left)
      return left.why();
    if (left->integer < 0)
      return error{errc::fenced, "another node took the ledger while its figures were retired"};
    if (left->integer == 0)
      return {};
  }
}

/// Calls take(keys) for all keys of the pattern, in slices.
result<void> store::impl::each_page(const std::string& pattern,
                                    const std::function<result<void>(command keys)>& take) {
  std::string cursor = "0";
  do {
    auto page = call({"SCAN", cursor, "MATCH", pattern, "COUNT", "5000"});
    if (!page)
      return page.why();
    cursor = page->list.at(0).text;
    command keys;
    for (auto& key : page->list.at(1).list)
      keys.push_back(std::move(key.text));
    if (!keys.empty())
      if (auto done = take(std::move(keys)); !done)
        return done;
  } while (cursor != "0");
  return {};
}

/// Deletes keys of a ledger of this incarnation.
result<void> store::impl::forget(const std::string& life, command keys) {
  keys.insert(keys.begin(), life);
  return of_this_life("forget", std::move(keys));
}

result<void> store::remove_places(const figure_plan& of, const std::string& life) {
  auto& key = of.place.key;
  if (is_literal(key))
    return impl_->forget(life, {literal_prefix(key)});
  return impl_->each_page(escaped_glob(literal_prefix(key)) + "*", [&](command keys) -> result<void> {
    std::erase_if(keys, [&](auto& name) { return !could_be(key, of.outputs, name); });
    return keys.empty() ? result<void>() : impl_->forget(life, std::move(keys));
  });
}

result<void> store::remove_subjects(const figure_plan& alert, const std::string& life) {
  if (auto gone = remove_places(alert, life); !gone)
    return gone;
  return impl_->forget(life, {impl_->plans.key_prefix + "alerts:active:" + alert.name});
}

result<void> store::remove_events(const plan_set& plans) {
  command unlink{"UNLINK", plans.key_prefix + "alerts:stream"};
  for (auto& x : plans.figures)
    if (x.place.alert)
      unlink.push_back(plans.key_prefix + "alerts:count:" + x.name);
  auto done = impl_->call(unlink);
  return done ? result<void>() : done.why();
}

result<void> store::remove_counters(const plan_set& plans) {
  command unlink{"UNLINK"};
  for (auto& key : counter_keys(plans))
    unlink.push_back(key);
  auto done = impl_->call(unlink);
  return done ? result<void>() : done.why();
}

result<void> store::remove_all() {
  auto gone = impl_->each_page(escaped_glob(impl_->prefix) + "*", [&](command keys) -> result<void> {
    keys.insert(keys.begin(), "UNLINK");
    auto done = impl_->call(keys);
    return done ? result<void>() : done.why();
  });
  if (!gone)
    return gone;
  auto done = impl_->call({"FUNCTION", "DELETE", impl_->library});
  return done ? result<void>() : done.why();
}

result<void> store::wipe(const std::vector<cell_id>& cells, const std::string& life) {
  command ledgers; // first, so that other nodes' flushes are fenced from now on
  for (auto& cell : cells)
    ledgers.push_back(impl_->prefix + "cell:" + cell_name(cell));
  if (auto done = impl_->forget(life, std::move(ledgers)); !done)
    return done;
  return impl_->each_page(escaped_glob(impl_->prefix) + "*", [&](command keys) {
    for (auto* kept : {"format", "silences", "alerts_sent"})
      std::erase(keys, impl_->prefix + kept);
    return impl_->forget(life, std::move(keys));
  });
}

} // namespace millrace::redis
