#include "actors/postgres/url.hpp"
#include "actors/project/examples.hpp"
#include "actors/redis/url.hpp"
#include "messages/token.hpp"
#include "nodes/cli/init_words.hpp"
#include "nodes/cli/project_folder.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/unexpected.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace millrace {

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t first_http_port = 15411;
constexpr std::size_t longest_name = 40; ///< names in PostgreSQL have at most 63 bytes

/// Returns a folder's name as a project's name: lower-case letters, digits and _.
std::string project_name(const std::string& folder) {
  std::string out;
  for (unsigned char c : folder)
    out += std::isalnum(c) && c < 0x80 ? static_cast<char>(std::tolower(c)) : '_';
  return out.substr(0, longest_name);
}

bool is_free(std::uint16_t port) {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  auto bound = ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  ::close(fd);
  return bound;
}

std::uint16_t free_port() {
  auto port = first_http_port;
  while (!is_free(port) && port < first_http_port + 200)
    ++port;
  return port;
}

/// Returns the CA file that libpq uses by default. Debezium needs its path explicitly.
std::string usual_authority() {
  auto* home = std::getenv("HOME");
  auto file = fs::path(home ? home : "/") / ".postgresql/root.crt";
  std::error_code failed;
  return fs::exists(file, failed) ? file.string() : "";
}

/// The project's servers. `up` starts those that are absent.
struct servers {
  postgres::settings postgres;
  std::optional<redis::settings> redis;
  std::string kafka, kafka_properties, connect;
  connect::login connect_login;
};

/// Removes user and password from Connect's URL, because every user can read the settings file.
void take_login_out(servers& x) {
  constexpr std::string_view scheme = "http://";
  auto at = x.connect.find('@'), path = x.connect.find('/', scheme.size());
  if (x.connect.rfind(scheme, 0) != 0 || at == std::string::npos || at > path)
    return;
  auto login = x.connect.substr(scheme.size(), at - scheme.size());
  auto colon = login.find(':');
  x.connect_login.user = login.substr(0, colon);
  x.connect_login.password = colon == std::string::npos ? "" : login.substr(colon + 1);
  x.connect = std::string(scheme) + x.connect.substr(at + 1);
}

result<servers> find_servers(const settings& how, const init_options& options) {
  servers out;
  out.postgres = how.owner;
  if (!options.postgres.empty()) {
    postgres::settings usual;
    if (auto* password = std::getenv("PGPASSWORD"))
      usual.password = password;
    auto read = postgres::settings_from_url(options.postgres, usual);
    if (!read)
      return read.why();
    out.postgres = *read;
    if (out.postgres.sslmode.starts_with("verify") && out.postgres.sslrootcert.empty())
      out.postgres.sslrootcert = usual_authority();
  }
  if (!options.database.empty())
    out.postgres.database = options.database;
  if (out.postgres.database.empty() || out.postgres.user.empty())
    return error{errc::bad_setting, "which database? Name it: --postgres postgresql://USER@HOST/DATABASE"};
  if (!options.redis.empty()) {
    auto read = redis::settings_from_url(options.redis);
    if (!read)
      return read.why();
    out.redis = *read;
    if (auto* password = std::getenv("REDISCLI_AUTH"); password && out.redis->password.empty())
      out.redis->password = password;
  } else if (options.take_servers) {
    out.redis = how.redis;
  }
  out.kafka = options.take_servers ? how.kafka.brokers : options.kafka;
  out.connect = options.take_servers ? how.connect_url : options.connect;
  if (!options.kafka.empty())
    out.kafka = options.kafka;
  if (!options.connect.empty())
    out.connect = options.connect;
  if (!out.kafka.empty() && !how.kafka_properties.empty())
    out.kafka_properties = fs::absolute(how.kafka_properties).string();
  if (!out.connect.empty())
    out.connect_login = how.connect_login;
  take_login_out(out);
  return out;
}

/// A new project: its folder's files by name.
struct draft {
  fs::path folder;
  settings how;
  servers at;
  std::uint16_t http_port = 0;
  std::map<std::string, std::string> files, secrets;
};

std::string settings_text(const draft& x) {
  auto& how = x.how;
  auto& db = x.at.postgres;
  std::string out = "# Settings of the project " + how.project + ", for: "
                    + (is_installed() ? "systemctl start " + unit_of(x.folder)
                                      : "deploy/millrace up --project " + shell_quoted(x.folder.string()))
                    + "\n# All settings are in .env.example of Millrace; paths are from this folder.\n";
  auto set = [&](const std::string& name, const std::string& value) {
    out += name + "=" + shell_quoted(value) + "\n";
  };
  auto secret = [&](const std::string& name) {
    if (x.secrets.count(name))
      set(name + "_FILE", "secrets/" + name);
  };
  out += "\n# Its name is in slot, publication, connector, topics and Millrace's own keys; the prefix stands "
         "before every key of a figure.\n";
  set("MILLRACE_PROJECT", how.project);
  set("MILLRACE_TOPIC_PREFIX", how.topic_prefix);
  set("MILLRACE_KEY_PREFIX", how.key_prefix);
  set("MILLRACE_SCHEMA", db.own_schema);
  set("MILLRACE_FIGURES", "figures");
  set("MILLRACE_HTTP_PORT", std::to_string(x.http_port));
  secret("MILLRACE_HTTP_TOKEN");
  out += "\n# PostgreSQL, and the roles of nodes and of Debezium (prepare.sql makes them).\n";
  set("POSTGRES_HOST", db.host);
  set("POSTGRES_PORT", std::to_string(db.port));
  set("POSTGRES_DB", db.database);
  set("POSTGRES_USER", db.user);
  set("POSTGRES_SSLMODE", db.sslmode);
  if (!db.sslrootcert.empty())
    set("POSTGRES_SSLROOTCERT", fs::absolute(db.sslrootcert).string());
  secret("POSTGRES_PASSWORD");
  set("MILLRACE_NODE_USER", how.postgres.user);
  secret("MILLRACE_NODE_PASSWORD");
  set("MILLRACE_DEBEZIUM_USER", how.debezium_user);
  secret("MILLRACE_DEBEZIUM_PASSWORD");
  out += "\n# Redis, Kafka, Kafka Connect. One without an address is started by `up`.\n";
  if (x.at.redis) {
    set("REDIS_HOST", x.at.redis->host);
    set("REDIS_PORT", std::to_string(x.at.redis->port));
    if (!x.at.redis->user.empty())
      set("REDIS_USER", x.at.redis->user);
    set("REDIS_DATABASE", std::to_string(x.at.redis->database));
    secret("REDIS_PASSWORD");
  } else {
    out += "#REDIS_HOST=\n";
  }
  x.at.kafka.empty() ? void(out += "#KAFKA_BROKER=\n") : set("KAFKA_BROKER", x.at.kafka);
  x.at.kafka_properties.empty() ? void(out += "#KAFKA_PROPERTIES_FILE=\n")
                                : set("KAFKA_PROPERTIES_FILE", x.at.kafka_properties);
  x.at.connect.empty() ? void(out += "#CONNECT_URL=\n") : set("CONNECT_URL", x.at.connect);
  if (!x.at.connect_login.user.empty()) {
    set("CONNECT_USER", x.at.connect_login.user);
    secret("CONNECT_PASSWORD");
  }
  return out;
}

draft begin(const settings& how, const servers& at, const init_options& options) {
  draft out;
  out.folder = fs::path(options.folder).lexically_normal();
  if (out.folder.filename().empty())
    out.folder = out.folder.parent_path();
  out.at = at;
  out.how = how;
  auto& x = out.how;
  x.project =
      options.name.empty() ? project_name(fs::absolute(out.folder).filename().string()) : options.name;
  x.topic_prefix = x.project;
  x.key_prefix = x.project + ":";
  out.at.postgres.own_schema = "millrace_" + x.project;
  x.owner = x.postgres = out.at.postgres;
  x.postgres.user = "millrace_" + x.project + "_node";
  x.debezium_user = "millrace_" + x.project + "_debezium";
  x.postgres.password = fresh_token();
  x.debezium_password = fresh_token();
  out.http_port = options.http_port ? options.http_port : free_port();
  out.secrets = {{"MILLRACE_NODE_PASSWORD", x.postgres.password},
                 {"MILLRACE_DEBEZIUM_PASSWORD", x.debezium_password},
                 {"MILLRACE_HTTP_TOKEN", fresh_token()}};
  if (!at.postgres.password.empty())
    out.secrets["POSTGRES_PASSWORD"] = at.postgres.password;
  if (at.redis && !at.redis->password.empty())
    out.secrets["REDIS_PASSWORD"] = at.redis->password;
  if (!at.connect_login.user.empty())
    out.secrets["CONNECT_PASSWORD"] = at.connect_login.password;
  return out;
}

} // namespace

int run_init(const settings& how, const init_options& options) {
  auto at = find_servers(how, options);
  if (!at)
    return complain(at.why());
  auto x = begin(how, *at, options);
  if (auto named = complete_name(x.how.project); !named)
    return complain(named.why());
  if (auto empty = check_unused(x.folder); !empty)
    return complain(empty.why());
  auto db = postgres::session::open(at->postgres);
  if (!db)
    return complain(db.why());
  auto names = names_of(x.how);
  auto there = project::look_at(*db, names);
  if (!there)
    return complain(there.why());
  auto catalog = db->load_catalog();
  if (!catalog)
    return complain(catalog.why());
  // No figure reads another project's own tables.
  std::erase_if(*catalog, [](auto& table) {
    return table.schema == "millrace" || table.schema.starts_with("millrace_");
  });
  auto prepared = *catalog;
  for (auto& table : prepared)
    table.full_identity = true;
  auto written =
      project::write_examples(prepared, *there, at->postgres.schemas, answers_of(*db), x.how.key_prefix, {});
  auto planned = project::plan_prepared(written.files, *catalog, at->postgres.schemas, answers_of(*db),
                                        x.how.key_prefix);
  if (!planned.plans.refusals.empty())
    return report_unexpected("init",
                             "its own examples are refused: " + to_text(planned.plans.refusals.front()));
  auto lacks =
      project::find_lacks(*there, names, planned.needed, {!there->node.exists, !there->debezium.exists});
  for (auto& file : written.files)
    x.files["figures/" + file.name] = file.text;
  x.files["millrace.env"] = settings_text(x);
  x.files["prepare.sql"] = project::to_script(lacks, *there, names,
                                              fs::absolute(x.folder / "secrets").lexically_normal().string());
  if (auto done = write_project(x.folder, x.files, x.secrets); !done)
    return complain(done.why());
  std::cout << x.folder.string() << ": project " << x.how.project << " of the database " << there->database
            << " at " << at->postgres.host << ":" << at->postgres.port << "; "
            << planned.plans.plans.figures.size() << " figures as examples\n";
  print_tables(written);
  print_next(x.folder, x.at.postgres, lacks);
  return 0;
}

} // namespace millrace
