#include "nodes/settings/project_parts.hpp"

#include "actors/figures/plan/planner.hpp"
#include "actors/redis/server_clock.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

result<tick_seconds> tick_of(redis::store& store) {
  auto time = store.time();
  if (!time)
    return time.why();
  auto now = time->value_or(redis::machine_time());
  return tick_seconds{std::chrono::floor<std::chrono::seconds>(now).count()};
}

result<redis::store> open_store(const settings& how, const plan_set& plans) {
  auto connection = redis::client::connect(how.redis);
  if (!connection)
    return connection.why();
  return redis::store::open(std::move(*connection), how.project, plans);
}

result<plan_set> plan_project(const settings& how, postgres::session& db) {
  auto planned = plan_figures(how.figures, db, how.key_prefix);
  if (planned.refusals.empty())
    return std::move(planned.plans);
  std::string text;
  for (auto& x : planned.refusals)
    text += to_text(x) + "\n";
  return error{errc::refused_figure, text + std::to_string(planned.refusals.size()) + " figures are refused"};
}

result<connect::client> connect_of(const settings& how, std::chrono::milliseconds timeout) {
  if (how.connect_url.empty())
    return error{errc::bad_setting, "CONNECT_URL isn't set: where is Kafka Connect?"};
  return connect::client::make(how.connect_url, how.connect_login, timeout);
}

stored_plans plans_of(const redis::project_format& format) {
  try {
    return stored_plans::read(format);
  } catch (const std::exception& x) {
    spdlog::error("node: the ledger's plans can't be read: {}", x.what());
    return {};
  }
}

side_topics::names side_topics_of(const settings& how) {
  return {how.anchor_topic(), how.notifications(), how.topic_prefix + ".message"};
}

result<redis::project_format> ledger_format_of(const settings& how) {
  auto store = open_store(how, plan_set{});
  return store ? store->format() : result<redis::project_format>(store.why());
}

} // namespace millrace
