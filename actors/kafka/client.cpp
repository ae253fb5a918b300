#include "actors/kafka/client.hpp"

#include <spdlog/spdlog.h>

#include <array>

namespace millrace::kafka {

namespace {

/// Called from librdkafka's threads; only logs.
void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
  auto as = level <= 3 ? spdlog::level::err : level <= 4 ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(as, "kafka: {}: {}", facility, text);
}

/// Called from the thread that polls. librdkafka goes on by itself, so this
/// is for people; errors of a partition come with its batch.
void log_error(rd_kafka_t*, int code, const char* reason, void*) {
  spdlog::warn("kafka: {}: {}", rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)), reason);
}

bool is_denial(rd_kafka_resp_err_t code) {
  switch (code) {
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    return true;
  default:
    return false;
  }
}

result<void> set_all(rd_kafka_conf_t* conf, const std::map<std::string, std::string>& properties) {
  std::array<char, 512> reason{};
  for (auto& [name, value] : properties)
    switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size())) {
    case RD_KAFKA_CONF_OK:
      break;
    case RD_KAFKA_CONF_UNKNOWN:
      return error{errc::bad_setting, "librdkafka doesn't know the property " + name};
    default: // its own reason would show the value, which may be a password
      return error{errc::bad_setting, "librdkafka refuses the value of the property " + name};
    }
  return {};
}

} // namespace

result<conf_ptr> configure(const settings& how, const std::map<std::string, std::string>& ours) {
  conf_ptr conf{rd_kafka_conf_new()};
  const std::map<std::string, std::string> common{
      {"bootstrap.servers", how.brokers},  {"client.id", how.client_id},
      {"reconnect.backoff.ms", "50"},      {"reconnect.backoff.max.ms", "1000"},
      {"socket.keepalive.enable", "true"}, {"socket.timeout.ms", "15000"}};
  for (auto* each : {&common, &ours, &how.librdkafka})
    if (auto set = set_all(conf.get(), *each); !set)
      return set.why();
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  rd_kafka_conf_set_error_cb(conf.get(), log_error);
  return conf;
}

result<client> open(rd_kafka_type_t kind, conf_ptr conf) {
  std::array<char, 512> reason{};
  auto* handle = rd_kafka_new(kind, conf.get(), reason.data(), reason.size());
  if (!handle)
    return error{errc::bad_setting, std::string("Kafka client: ") + reason.data()};
  static_cast<void>(conf.release()); // now the handle's
  // Without closing the group membership: assignments are ours, and a broker
  // that is gone must not hold up the end.
  return client{handle,
                [](rd_kafka_t* x) { rd_kafka_destroy_flags(x, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }};
}

error failure(const std::string& what, rd_kafka_resp_err_t why) {
  return {is_denial(why) ? errc::denied : errc::unavailable, what + ": " + rd_kafka_err2str(why)};
}

std::string to_string(const topic_partition& x) { return x.topic + "/" + std::to_string(x.partition.value); }

} // namespace millrace::kafka
