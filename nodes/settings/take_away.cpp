#include "nodes/settings/take_away.hpp"

#include "actors/ledger/retire.hpp"

namespace millrace {

result<void> retire_stored(const settings& how, const redis::project_format& format) {
  auto stored = plans_of(format);
  auto store = open_store(how, stored.plans);
  if (!store)
    return store.why();
  auto now = tick_of(*store);
  if (!now)
    return now.why();
  return retire_figures(*store, stored, format.shards, format.life, how.project, *now);
}

result<void> take_away(const settings& how) {
  auto store = open_store(how, plan_set{});
  if (!store)
    return store.why();
  auto found = store->format();
  if (!found)
    return found.why();
  if (found->format.empty())
    return {};
  if (auto gone = retire_stored(how, *found); !gone)
    return gone;
  return store->set_format({});
}

} // namespace millrace
