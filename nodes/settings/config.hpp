#pragma once

/// Settings, in this order of precedence: command line, environment, configuration file, defaults. There
/// is one struct per module. No code outside nodes/ reads the environment.

#include "actors/peers/tls_files.hpp"
#include "actors/postgres/session.hpp"
#include "actors/redis/client.hpp"
#include "actors/sources/debezium/client.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace millrace {

struct settings {
  std::string project = "shop";
  std::string topic_prefix = "dbserver1";
  std::string key_prefix; ///< precedes every key of a figure and of a counter
  std::vector<std::string> figures = {"sql/figures", "sql/alerts", "sql/batch"}; ///< folders or files
  std::uint16_t shards = 32;
  std::string log_level = "info";
  std::uint16_t http_port = 0;      ///< loopback; 0: no HTTP
  std::uint16_t generator_port = 0; ///< the generator's /control, loopback
  std::string generator_host = "127.0.0.1";
  std::string http_token;         ///< that a POST to either must contain; empty: every POST is refused
  std::string connect_url;        ///< empty: the connector isn't watched
  connect::login connect_login;   ///< no user: no credentials are sent
  std::string connector_template; ///< empty: debezium/postgres.json in this folder, else the installed one
  bool exactly_once = true;       ///< setting of the connector
  std::string decimal_mode = "string"; ///< decimal.handling.mode of a connector without schemas
  /// Whether the change topics contain every row since Debezium's first snapshot. Then a new ledger requests
  /// no other snapshot.
  bool topics_whole = false;
  int stale_after_seconds = 30;      ///< a partition without progress for this time makes its figures stale
  std::size_t stream_buffer_mib = 4; ///< the most that can wait for one cell
  std::string state_dir;             ///< for the node's own notes; empty: none are written
  std::size_t walk_places = 1000;    ///< places of figures to compare with Redis every 2 s; 0: none
  std::string node_name = "node";    ///< unique in the project, the same after a restart
  std::string node_address;          ///< HOST:PORT for other nodes; empty: a single node
  std::string node_role = "all";     ///< or "routes", "serves": joins only one of the groups
  tls_files node_tls;                ///< between nodes
  bool insecure = false;             ///< nodes may listen beyond loopback without TLS
  int batch_timeout_seconds = 300;   ///< limit of one batch figure's query
  int session_timeout_ms = 6000;     ///< after it, a silent node's work moves to others
  postgres::settings postgres;       ///< as the node's role
  postgres::settings owner;          ///< as the owner
  std::string debezium_user, debezium_password;
  redis::settings redis;
  kafka::settings kafka;
  std::string alertmanager_url;     ///< can contain a password; empty: no Alertmanager
  std::string alert_webhook_url;    ///< the same; empty: no webhook
  std::string alert_webhook_secret; ///< empty: messages aren't signed
  std::string alerts_topic;         ///< Kafka topic of alerts' events; empty: none
  std::string kafka_properties;     ///< file of librdkafka's properties; empty: none

  std::string slot() const { return "millrace_" + project; }
  std::string connector() const { return "millrace-" + project; }
  /// The topic's name says that it is this project's alone.
  bool owns_alerts_topic() const;
  std::string dead_letters() const { return project + ".dead-letters"; }
  bool is_one_of_many() const { return !node_address.empty(); }
  std::string shards_topic() const { return project + ".shards"; }
  std::string sources_group() const { return project + ".sources"; }
  std::string notifications() const { return project + ".notifications"; }
  std::string anchor_topic() const;
};

/// Adds the options that every verb has. `into` must outlive `app`.
void add_settings(CLI::App& app, settings& into);

/// Refuses a project name that isn't valid in names of the slot, topics and roles.
result<void> complete_name(const std::string& project);

/// Returns whether the host is loopback. A name that only begins like such an address can be anywhere.
bool is_loopback(const std::string& host);

/// Returns whether this program is installed, rather than run from a repository.
bool is_installed();

/// Call it after parsing. Reads *_FILE secrets, and derives settings from others. An error names the setting
/// and the problem, and never a value that can be secret.
result<void> complete(settings& x);

} // namespace millrace
