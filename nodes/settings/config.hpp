#pragma once

/// Settings: command line > environment > configuration file > defaults. Fills
/// a struct per room; nothing below nodes/ reads the environment.

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
  std::string key_prefix;                             ///< before every key of a figure and of a counter
  std::vector<std::string> figures = {"sql/figures"}; ///< folders or files
  std::uint16_t shards = 32;
  std::string log_level = "info";
  std::uint16_t http_port = 0;      ///< loopback; 0: no HTTP
  std::uint16_t generator_port = 0; ///< the generator's /control, loopback
  std::string generator_host = "127.0.0.1";
  std::string http_token;              ///< which a POST to either brings; empty: none is taken
  std::string connect_url;             ///< empty: nobody watches the connector
  connect::login connect_login;        ///< no user: Connect asks for none
  std::string connector_template;      ///< empty: debezium/postgres.json here, else the installed one
  bool exactly_once = true;            ///< asked of the connector
  std::string decimal_mode = "string"; ///< decimal.handling.mode of a connector without schemas
  /// The change topics show every row since Debezium's first snapshot: a ledger
  /// that begins asks for no other.
  bool topics_whole = false;
  int stale_after_seconds = 30;      ///< a source that stands still for so long makes figures stale
  std::size_t stream_buffer_mib = 4; ///< that may wait at one cell
  std::string state_dir;             ///< of the node's own notes; empty: it makes none
  std::size_t walk_places = 1000;    ///< of figures, compared with Redis every two seconds; 0: none
  std::string node_name = "node";    ///< among the project's nodes, the same after a restart
  std::string node_address;          ///< HOST:PORT for other nodes; empty: there are none
  std::string node_role = "all";     ///< or "routes", "serves": takes part in one of the groups only
  tls_files node_tls;                ///< between nodes
  bool insecure = false;             ///< nodes may listen beyond loopback without TLS
  int session_timeout_ms = 6000;     ///< after it a silent node's work is another's
  postgres::settings postgres;       ///< as the node's role
  postgres::settings owner;          ///< as the owner
  std::string debezium_user, debezium_password;
  redis::settings redis;
  kafka::settings kafka;
  std::string kafka_properties; ///< file of librdkafka's properties; empty: none

  std::string slot() const { return "millrace_" + project; }
  std::string connector() const { return "millrace-" + project; }
  std::string dead_letters() const { return project + ".dead-letters"; }
  bool is_one_of_many() const { return !node_address.empty(); }
  std::string shards_topic() const { return project + ".shards"; }
  std::string sources_group() const { return project + ".sources"; }
  std::string notifications() const { return project + ".notifications"; }
  std::string anchor_topic() const;
};

/// Adds the options that every verb has. The struct must outlive `app`.
void add_settings(CLI::App& app, settings& into);

/// Refuses a project's name that slot, topics and roles can't carry.
result<void> complete_name(const std::string& project);

/// Tells whether this program was installed, and isn't run out of a repository.
bool is_installed();

/// To be called after parsing: reads *_FILE secrets, and what follows from
/// others. An error names the setting and what is wrong with it, never a value
/// that may be secret.
result<void> complete(settings& x);

} // namespace millrace
