#include "nodes/settings/config.hpp"

#include "actors/member/assignment.hpp"
#include "actors/sources/debezium/topics.hpp"
#include "actors/sources/kafka/properties.hpp"
#include "messages/visible.hpp"
#include "nodes/settings/receivers.hpp"

#include <arpa/inet.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace millrace {

namespace {

namespace fs = std::filesystem;

constexpr auto template_here = "debezium/postgres.json";

/// Returns the connector's template of an installed package: in share, next to bin.
fs::path installed_template() {
  std::error_code failed;
  auto program = fs::read_symlink("/proc/self/exe", failed);
  return program.parent_path().parent_path() / "share/millrace/postgres.json";
}

std::string usual_template() {
  std::error_code failed;
  return is_installed() && !fs::exists(template_here, failed) ? installed_template().string() : template_here;
}

/// Returns the credential that systemd passes under this name. The service's user needn't be able to read its
/// file. Empty if there is none.
std::string credential(const char* name) {
  std::string text;
  if (auto* folder = std::getenv("CREDENTIALS_DIRECTORY"))
    if (std::ifstream file(fs::path(folder) / name); file)
      std::getline(file, text);
  return text;
}

/// Returns the secret NAME: from the environment, from a credential, or from the file that NAME_FILE names.
result<std::string> secret(const char* name) {
  if (auto* text = std::getenv(name); text && *text)
    return std::string(text);
  if (auto text = credential(name); !text.empty())
    return text;
  auto file_variable = std::string(name) + "_FILE";
  auto* path = std::getenv(file_variable.c_str());
  if (!path || !*path)
    return std::string{};
  std::ifstream file(path);
  if (!file)
    return error{errc::bad_setting, file_variable + ": the file " + path + " can't be read"};
  std::string text;
  std::getline(file, text);
  return text;
}

result<void> read_secret(const char* name, std::string& into) {
  auto text = secret(name);
  if (!text)
    return text.why();
  if (!text->empty())
    into = *text;
  return {};
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);)
    if (!part.empty())
      out.push_back(part);
  return out;
}

bool good_name(const std::string& x) {
  return !x.empty() && x.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

/// Refuses a prefix with which a figure could write Millrace's own keys.
result<void> check_key_prefix(const std::string& x) {
  auto plain = x.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.:") == std::string::npos;
  if (!plain)
    return error{errc::bad_setting,
                 "MILLRACE_KEY_PREFIX: \"" + x + "\" may have lower-case letters, digits and _ - . : only"};
  for (std::string taken : {"millrace:", "cdc:", "metrics:", "alerts:", "batch_jobs:", "batch_summary:"})
    if (x.starts_with(taken))
      return error{errc::bad_setting, "MILLRACE_KEY_PREFIX: \"" + x + "\" begins like Millrace's own keys "
                                          + taken + "...; the project's name and a colon would do"};
  return {};
}

/// Refuses names in PostgreSQL that contain line breaks or other control characters: they reach scripts,
/// topics and logs.
result<void> check_names(const settings& x) {
  const std::initializer_list<std::pair<const char*, const std::string&>> names{
      {"POSTGRES_DB", x.owner.database},       {"POSTGRES_USER", x.owner.user},
      {"MILLRACE_NODE_USER", x.postgres.user}, {"MILLRACE_DEBEZIUM_USER", x.debezium_user},
      {"MILLRACE_SCHEMA", x.owner.own_schema}, {"MILLRACE_TOPIC_PREFIX", x.topic_prefix},
      {"MILLRACE_NODE", x.node_name}};
  for (auto& [setting, name] : names)
    if (has_controls(name))
      return error{errc::bad_setting,
                   std::string(setting) + ": \"" + visible(name)
                       + "\" has control characters, or isn't UTF-8: such a name isn't served, rename it"};
  return {};
}

/// Reads NAME=VALUE lines. An error never contains a value.
result<void> read_properties(const std::string& path, std::map<std::string, std::string>& into) {
  std::ifstream file(path);
  if (!file)
    return error{errc::bad_setting, "KAFKA_PROPERTIES_FILE: the file " + path + " can't be read"};
  auto trimmed = [](const std::string& text) {
    auto from = text.find_first_not_of(" \t\r");
    return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
  };
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#')
      continue;
    auto at = line.find('=');
    if (at == std::string::npos || at == 0)
      return error{errc::bad_setting, "KAFKA_PROPERTIES_FILE: " + path + ":" + std::to_string(number)
                                          + ": expected NAME=VALUE, as librdkafka has its properties"};
    auto name = trimmed(line.substr(0, at)), value = trimmed(line.substr(at + 1));
    if (auto why = kafka::why_refused(name, value); !why.empty())
      return error{errc::bad_setting,
                   "KAFKA_PROPERTIES_FILE: " + path + ":" + std::to_string(number) + ": " + why};
    into[name] = value;
  }
  return {};
}

/// Checks the node's address. Without TLS, messages between nodes are neither encrypted nor signed.
result<void> check_node_address(const settings& x) {
  if (x.node_address.empty())
    return {};
  auto [host, port] = split_address(x.node_address);
  if (host.empty() || port == 0)
    return error{errc::bad_setting, "MILLRACE_NODE_ADDRESS is HOST:PORT, not \"" + x.node_address + "\""};
  if (is_loopback(host) || x.node_tls.given() || x.insecure)
    return {};
  return error{
      errc::bad_setting,
      "MILLRACE_NODE_ADDRESS: " + x.node_address
          + " is beyond loopback, and without TLS any client that reaches a node can control it. "
            "`deploy/millrace certs` makes files for MILLRACE_NODE_CERTIFICATE, MILLRACE_NODE_KEY and "
            "MILLRACE_NODE_AUTHORITY; or --insecure states that the network has no other clients"};
}

} // namespace

bool is_loopback(const std::string& host) {
  in_addr four;
  in6_addr six;
  if (inet_pton(AF_INET, host.c_str(), &four) == 1)
    return ntohl(four.s_addr) >> 24 == 127;
  return host == "localhost" || (inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six));
}

void add_settings(CLI::App& app, settings& x) {
  app.set_config("--config", "", "Configuration file (TOML or INI: NAME = value, the options' names)");
  app.add_option("--project-name", x.project,
                 "The project's name, part of the slot's, the topics' and Millrace's own keys' names")
      ->envname("MILLRACE_PROJECT")
      ->capture_default_str();
  app.add_option("--topic-prefix", x.topic_prefix, "Debezium's topic.prefix")
      ->envname("MILLRACE_TOPIC_PREFIX")
      ->capture_default_str();
  app.add_option("--key-prefix", x.key_prefix, "Prefix of every key in Redis that a figure or a counter has")
      ->envname("MILLRACE_KEY_PREFIX");
  app.add_option("--own-schema", x.owner.own_schema,
                 "The schema in PostgreSQL that has Millrace's own tables")
      ->envname("MILLRACE_SCHEMA")
      ->capture_default_str();
  app.add_option("--figures", x.figures, "Folders or files of figures; several with ':' between them")
      ->envname("MILLRACE_FIGURES")
      ->capture_default_str();
  app.add_option("--shards", x.shards, "Shards of the project; fixed once it has a ledger")
      ->envname("MILLRACE_SHARDS")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--log-level", x.log_level, "trace, debug, info, warn, error")
      ->envname("LOG_LEVEL")
      ->transform([](std::string s) { return CLI::detail::to_lower(s); })
      ->capture_default_str();
  app.add_option("--http-port", x.http_port, "Port of /status and /control on loopback; 0: none")
      ->envname("MILLRACE_HTTP_PORT")
      ->capture_default_str();
  app.add_option("--generator-port", x.generator_port, "Port of the generator's /control on loopback")
      ->envname("MILLRACE_GENERATOR_PORT")
      ->capture_default_str();
  app.add_option("--generator-host", x.generator_host,
                 "Host of the generator's /control; beyond loopback the generator listens at every address")
      ->envname("MILLRACE_GENERATOR_HOST")
      ->capture_default_str();
  app.add_option("--connect-url", x.connect_url, "Kafka Connect's REST interface")->envname("CONNECT_URL");
  app.add_option("--connect-user", x.connect_login.user,
                 "Its user, where it asks for one; CONNECT_PASSWORD has the password")
      ->envname("CONNECT_USER");
  app.add_option("--connector-template", x.connector_template,
                 "The connector's configuration, with ${...} to fill in (default: debezium/postgres.json "
                 "here, else the installed one)")
      ->envname("MILLRACE_CONNECTOR_TEMPLATE");
  app.add_option("--decimal-handling-mode", x.decimal_mode,
                 "decimal.handling.mode of a connector that isn't of our template, where its records have no "
                 "schema: string, precise, double")
      ->envname("MILLRACE_DECIMAL_HANDLING_MODE")
      ->check(CLI::IsMember({"string", "precise", "double"}))
      ->capture_default_str();
  app.add_flag("--topics-whole", x.topics_whole,
               "The change topics still have all records since Debezium's first snapshot, of all tables: "
               "figures fill from them alone")
      ->envname("MILLRACE_TOPICS_WHOLE");
  app.add_option("--node", x.node_name,
                 "This node's name among the project's nodes: the same after a restart")
      ->envname("MILLRACE_NODE")
      ->capture_default_str();
  app.add_option(
         "--node-address", x.node_address,
         "HOST:PORT at which other nodes reach this one; without it the node is alone, and serves all")
      ->envname("MILLRACE_NODE_ADDRESS");
  app.add_option("--node-role", x.node_role,
                 "all; routes: reads Kafka, has no shards; serves: has shards, reads nothing")
      ->envname("MILLRACE_NODE_ROLE")
      ->check(CLI::IsMember({"all", "routes", "serves"}))
      ->capture_default_str();
  app.add_option("--node-certificate", x.node_tls.certificate,
                 "PEM file: the certificate that this node shows to others (TLS between nodes)")
      ->envname("MILLRACE_NODE_CERTIFICATE");
  app.add_option("--node-key", x.node_tls.key, "PEM file: its key")->envname("MILLRACE_NODE_KEY");
  app.add_option("--node-authority", x.node_tls.authority,
                 "PEM file: the certificate of the authority that signs every node's")
      ->envname("MILLRACE_NODE_AUTHORITY");
  app.add_flag("--insecure", x.insecure,
               "Nodes may listen beyond loopback without TLS: the network has no other clients")
      ->envname("MILLRACE_INSECURE");
  app.add_option("--session-timeout", x.session_timeout_ms,
                 "Milliseconds without a heartbeat after which other nodes get a node's work")
      ->envname("MILLRACE_SESSION_TIMEOUT_MS")
      ->check(CLI::Range(1000, 300000))
      ->capture_default_str();
  app.add_option("--stale-after", x.stale_after_seconds,
                 "Seconds without progress of its source after which a figure is stale")
      ->envname("MILLRACE_STALE_AFTER_SECONDS")
      ->check(CLI::Range(5, 86400))
      ->capture_default_str();
  app.add_option("--alerts-topic", x.alerts_topic,
                 "Kafka topic that gets the events of alerts; none: no topic")
      ->envname("MILLRACE_ALERTS_TOPIC");
  app.add_option("--batch-timeout", x.batch_timeout_seconds,
                 "Seconds that the query of a batch figure may take")
      ->envname("MILLRACE_BATCH_TIMEOUT_SECONDS")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--state-dir", x.state_dir,
                 "Folder of the node's own files, such as its current record; empty: no files")
      ->envname("MILLRACE_STATE_DIR")
      ->check(CLI::ExistingDirectory);
  app.add_option("--walk-places", x.walk_places,
                 "Places compared with their expected values every 2 s; 0: none")
      ->envname("MILLRACE_WALK_PLACES")
      ->capture_default_str();
  app.add_option("--stream-buffer", x.stream_buffer_mib,
                 "MiB of changes that one cell may hold until they are durable")
      ->envname("STREAM_BUFFER_SIZE")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--postgres-host", x.owner.host)->envname("POSTGRES_HOST")->capture_default_str();
  app.add_option("--postgres-port", x.owner.port)->envname("POSTGRES_PORT")->capture_default_str();
  app.add_option("--postgres-db", x.owner.database)->envname("POSTGRES_DB");
  app.add_option("--postgres-user", x.owner.user)->envname("POSTGRES_USER");
  app.add_option("--postgres-sslmode", x.owner.sslmode)->envname("POSTGRES_SSLMODE")->capture_default_str();
  app.add_option("--postgres-sslrootcert", x.owner.sslrootcert, "PEM file: the certificate of its CA")
      ->envname("POSTGRES_SSLROOTCERT");
  app.add_option("--kafka", x.kafka.brokers, "Kafka's bootstrap servers")->envname("KAFKA_BROKER");
  app.add_option("--kafka-properties", x.kafka_properties,
                 "File with librdkafka's properties, NAME=VALUE a line: SASL, TLS")
      ->envname("KAFKA_PROPERTIES_FILE");
  app.add_option("--redis-host", x.redis.host)->envname("REDIS_HOST")->capture_default_str();
  app.add_option("--redis-port", x.redis.port)->envname("REDIS_PORT")->capture_default_str();
  app.add_option("--redis-user", x.redis.user)->envname("REDIS_USER");
  app.add_option("--redis-database", x.redis.database)->envname("REDIS_DATABASE")->capture_default_str();
}

std::string settings::anchor_topic() const { return connect::anchor_topic(topic_prefix, owner.own_schema); }

result<void> complete_name(const std::string& project) {
  if (!good_name(project) || project.size() > 40)
    return error{errc::bad_setting, "MILLRACE_PROJECT: \"" + project
                                        + "\" may have up to 40 lower-case letters, digits and _ only: "
                                          "PostgreSQL's slot and roles carry it"};
  return {};
}

bool is_installed() {
  std::error_code failed;
  return fs::exists(installed_template(), failed);
}

result<void> complete(settings& x) {
  if (auto named = complete_name(x.project); !named)
    return named;
  if (auto prefixed = check_key_prefix(x.key_prefix); !prefixed)
    return prefixed;
  if (x.figures.size() == 1)
    x.figures = split(x.figures.front(), ':');
  if (x.connector_template.empty())
    x.connector_template = usual_template();
  for (auto [name, into] :
       {std::pair{"POSTGRES_PASSWORD", &x.owner.password}, std::pair{"REDIS_PASSWORD", &x.redis.password},
        std::pair{"MILLRACE_DEBEZIUM_PASSWORD", &x.debezium_password},
        std::pair{"MILLRACE_HTTP_TOKEN", &x.http_token},
        std::pair{"CONNECT_PASSWORD", &x.connect_login.password},
        std::pair{"MILLRACE_ALERTMANAGER_URL", &x.alertmanager_url},
        std::pair{"MILLRACE_ALERT_WEBHOOK_URL", &x.alert_webhook_url},
        std::pair{"MILLRACE_ALERT_WEBHOOK_SECRET", &x.alert_webhook_secret}})
    if (auto read = read_secret(name, *into); !read)
      return read;
  if (auto receivers = complete_receivers(x); !receivers)
    return receivers;
  if (auto* user = std::getenv("MILLRACE_DEBEZIUM_USER"))
    x.debezium_user = user;
  if (auto* off = std::getenv("MILLRACE_EXACTLY_ONCE"))
    x.exactly_once = std::string(off) != "off";
  x.postgres = x.owner;
  if (auto* user = std::getenv("MILLRACE_NODE_USER"); user && *user) {
    x.postgres.user = user;
    x.postgres.password.clear();
    if (auto read = read_secret("MILLRACE_NODE_PASSWORD", x.postgres.password); !read)
      return read;
  }
  if (auto named = check_names(x); !named)
    return named;
  if (!x.kafka_properties.empty())
    if (auto read = read_properties(x.kafka_properties, x.kafka.librdkafka); !read)
      return read;
  if (auto checked = check_node_address(x); !checked)
    return checked;
  x.kafka.group = "millrace-" + x.project;
  x.kafka.client_id = "millrace-" + x.project;
  return {};
}

} // namespace millrace
