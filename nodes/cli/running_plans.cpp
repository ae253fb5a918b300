#include "nodes/cli/running_plans.hpp"

#include "nodes/settings/project_parts.hpp"

namespace millrace {

result<plan_set> running_plans(const settings& how) {
  auto store = open_store(how, plan_set{});
  if (!store)
    return store.why();
  auto format = store->format();
  if (!format)
    return format.why();
  if (format->format.empty())
    return error{errc::unavailable,
                 "Redis has no ledger of project " + how.project + ": no node has run yet"};
  return plans_from_json(format->plans);
}

} // namespace millrace
