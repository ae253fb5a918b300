#pragma once

/// Opens the parts of a project on its servers. Every verb begins with them.

#include "actors/ledger/stored_plans.hpp"
#include "actors/postgres/session.hpp"
#include "actors/redis/store.hpp"
#include "actors/sources/debezium/client.hpp"
#include "actors/sources/debezium/side_topics.hpp"
#include "nodes/settings/config.hpp"

#include <map>

namespace millrace {

/// Connects to Redis, with the function library of the plans.
result<redis::store> open_store(const settings& how, const plan_set& plans);

/// Returns the figures' plans. An error (refused_figure) lists every refusal.
result<plan_set> plan_project(const settings& how, postgres::session& db);

/// Returns the names of the small topics besides the change topics.
side_topics::names side_topics_of(const settings& how);

/// Returns a client of Kafka Connect. An error (bad_setting) if no URL is set.
result<connect::client> connect_of(const settings& how, std::chrono::milliseconds timeout);

/// Returns the ledger's format. It is empty if there is no ledger.
result<redis::project_format> ledger_format_of(const settings& how);

/// Returns a ledger's plans. Returns none, and logs it, if this build can't read them.
stored_plans plans_of(const redis::project_format& format);

/// Returns the time by Redis's clock, by which buckets close.
result<tick_seconds> tick_of(redis::store& store);

} // namespace millrace
