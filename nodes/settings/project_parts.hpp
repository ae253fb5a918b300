#pragma once

/// The parts of a project, as its servers have them: what every verb begins with.

#include "actors/ledger/stored_plans.hpp"
#include "actors/postgres/session.hpp"
#include "actors/redis/store.hpp"
#include "actors/sources/debezium/client.hpp"
#include "actors/sources/debezium/side_topics.hpp"
#include "actors/sources/kafka/consumer.hpp"
#include "nodes/settings/config.hpp"

#include <map>

namespace millrace {

/// Connects to Redis with the plans' function library.
result<redis::store> open_store(const settings& how, const plan_set& plans);

/// Returns the figures' plans, or an error (refused_figure) whose text lists
/// every refusal.
result<plan_set> plan_project(const settings& how, postgres::session& db);

/// Names of the change topics' partitions, as Kafka has them; missing topics are created.
result<std::map<source_id, kafka::topic_partition>> find_sources(const settings& how, const plan_set& plans);

/// Names of the small topics beside the change topics.
side_topics::names side_topics_of(const settings& how);

/// Returns a client of Kafka Connect; an error (bad_setting) where no URL is set.
result<connect::client> connect_of(const settings& how, std::chrono::milliseconds timeout);

/// Returns the ledger's format; an empty one where there is none.
result<redis::project_format> ledger_format_of(const settings& how);

/// Returns the plans of a ledger; none where it has none that this build can read, which is logged.
stored_plans plans_of(const redis::project_format& format);

/// Returns the time by Redis's clock, which buckets close by.
result<tick_seconds> tick_of(redis::store& store);

} // namespace millrace
