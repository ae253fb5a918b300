#include "actors/redis/client.hpp"
#include "actors/redis/library.hpp"
#include "actors/redis/server_look.hpp"
#include "actors/sources/debezium/client.hpp"
#include "actors/sources/kafka/producer.hpp"
#include "nodes/cli/verbs.hpp"

#include <algorithm>
#include <iostream>

namespace millrace {

namespace {

constexpr std::chrono::seconds patience{10};

/// Remarks about a server that accepts the login.
using remarks = std::vector<std::string>;

result<remarks> try_postgres(const settings& how) {
  auto db = postgres::session::open(how.owner);
  return db ? result<remarks>(remarks{}) : db.why();
}

/// Checks Redis. Returns an error if Millrace can't be served from it.
result<remarks> judge_redis(redis::client& connection) {
  auto facts = redis::look_at_server(connection);
  if (!facts)
    return facts.why();
  remarks out;
  for (auto& x : redis::judge(*facts)) {
    if (x.weight == redis::finding::severity::refuse)
      return error{errc::bad_setting, x.what};
    out.push_back(x.what);
  }
  return out;
}

/// Tries one request of each kind that Millrace uses, in a form without effect.
result<remarks> try_redis(const settings& how) {
  auto connection = redis::client::connect(how.redis);
  if (!connection)
    return connection.why();
  for (auto& command : {redis::command{"HGETALL", redis::key_prefix(how.project) + "format"},
                        {"EXISTS", how.key_prefix + "cdc:stats:total"},
                        {"FUNCTION", "LOAD", ""},
                        {"FUNCTION", "DELETE", ""},
                        {"FCALL", "", "0"}}) {
    auto answer = connection->call(command);
    if (!answer)
      return answer.why();
    if (answer->text.starts_with("NOPERM") || answer->text.starts_with("ERR unknown"))
      return error{errc::denied, "Redis at " + how.redis.host + ":" + std::to_string(how.redis.port) + ": "
                                     + command[0] + " " + command[1] + ": " + answer->text};
  }
  return judge_redis(*connection);
}

result<remarks> try_kafka(const settings& how) {
  auto client = kafka::producer::connect(how.kafka);
  if (!client)
    return client.why();
  auto topics = client->topics(patience);
  return topics ? result<remarks>(remarks{}) : topics.why();
}

result<remarks> try_connect(const settings& how) {
  auto client = connect::client::make(how.connect_url, how.connect_login, patience);
  if (!client)
    return client.why();
  auto status = client->status(how.connector());
  return status ? result<remarks>(remarks{}) : status.why();
}

/// A server, and where to look if it doesn't accept the login.
struct server {
  const char *name, *title;
  result<remarks> (*visit)(const settings&);
  const char* advice;
};

constexpr server servers[] = {
    {"postgres", "PostgreSQL", try_postgres,
     "look at POSTGRES_HOST, POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_SSLMODE, POSTGRES_SSLROOTCERT"},
    {"redis", "Redis", try_redis,
     "look at REDIS_HOST, REDIS_USER, REDIS_PASSWORD; it has to be Redis 7, and the README has the "
     "rights that its user needs"},
    {"kafka", "Kafka", try_kafka,
     "look at KAFKA_BROKER, and in KAFKA_PROPERTIES_FILE at security.protocol, ssl.ca.location, "
     "sasl.mechanism, sasl.username, sasl.password"},
    {"connect", "Kafka Connect", try_connect, "look at CONNECT_URL, CONNECT_USER, CONNECT_PASSWORD"},
};

} // namespace

int run_servers(const settings& how, const std::vector<std::string>& which) {
  int code = 0;
  for (auto& x : servers) {
    if (!which.empty() && std::find(which.begin(), which.end(), x.name) == which.end())
      continue;
    if (auto visited = x.visit(how); visited) {
      std::cout << x.title << " accepts the login\n";
      for (auto& remark : *visited)
        std::cout << "  " << remark << "\n";
    } else {
      std::cerr << visited.why().message << "\n  " << x.title << ": " << x.advice << "\n";
      code = 1;
    }
  }
  return code;
}

} // namespace millrace
