#include "actors/sources/kafka/client.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <mutex>
#include <string_view>

namespace millrace::kafka {

namespace {

using clock = std::chrono::steady_clock;

/// How long a logged failure of a connection counts. librdkafka logs the same one every 30 s at most.
constexpr std::chrono::seconds fresh{60};
/// The first version whose SCRAM login Kafka 4 accepts. Earlier ones send their nonce twice
/// (confluentinc/librdkafka#4895), and Debian 12 has 2.0.2.
constexpr int good_scram = 0x020601ff;

/// A handle's brokers, and the last failure of a connection to one. A later request without an answer
/// has no better reason.
struct broker_words {
  std::string brokers, mechanism;
  std::mutex mutex; ///< guards the fields below: librdkafka's threads write them
  std::string failed;
  clock::time_point at;

  void note(std::string_view line) {
    if (auto named = line.find("]: "); line.starts_with("[thrd:") && named != line.npos)
      line.remove_prefix(named + 3);
    std::lock_guard hold{mutex};
    failed = line;
    at = clock::now();
  }
  std::string last() {
    std::lock_guard hold{mutex};
    return clock::now() - at < fresh ? failed : "";
  }
};

broker_words& words_of(const rd_kafka_t* kafka) {
  return *static_cast<broker_words*>(rd_kafka_opaque(kafka));
}

/// Called from librdkafka's threads. Only logs, and records failures.
void log_line(const rd_kafka_t* kafka, int level, const char* facility, const char* text) {
  auto as = level <= 3 ? spdlog::level::err : level <= 4 ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(as, "kafka: {}: {}", facility, text);
  if (kafka && std::string_view{facility} == "FAIL")
    words_of(kafka).note(text);
}

/// Called from the polling thread. librdkafka recovers by itself, so this only informs people. Errors of
/// a partition are in its batch.
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

/// A connection that breaks during the login isn't denied. Its log line contains
/// "SaslAuthenticateRequest failed".
bool says_denial(const std::string& line) {
  auto says = [&](const char* words) { return line.find(words) != line.npos; };
  return (says("SASL authentication error") && !says("SaslAuthenticateRequest failed"))
         || says("certificate verify failed");
}

bool got_no_answer(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT
         || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
}

std::string value_of(const rd_kafka_conf_t* conf, const char* name) {
  std::array<char, 512> text{};
  auto size = text.size();
  return rd_kafka_conf_get(conf, name, text.data(), &size) == RD_KAFKA_CONF_OK ? text.data() : "";
}

result<void> set_all(rd_kafka_conf_t* conf, const std::map<std::string, std::string>& properties) {
  std::array<char, 512> reason{};
  for (auto& [name, value] : properties)
    switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size())) {
    case RD_KAFKA_CONF_OK:
      break;
    case RD_KAFKA_CONF_UNKNOWN:
      return error{errc::bad_setting, "librdkafka doesn't know the property " + name};
    default: // librdkafka's reason contains the value, which may be a password
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
  auto words = std::make_shared<broker_words>();
  words->brokers = value_of(conf.get(), "bootstrap.servers");
  words->mechanism = value_of(conf.get(), "sasl.mechanisms");
  rd_kafka_conf_set_opaque(conf.get(), words.get());
  auto* handle = rd_kafka_new(kind, conf.get(), reason.data(), reason.size());
  if (!handle)
    return error{errc::bad_setting, std::string("Kafka client: ") + reason.data()};
  static_cast<void>(conf.release()); // the handle owns it now
  // Destroys it without closing the group membership. Partitions are assigned manually, and an unreachable
  // broker must not delay the end.
  return client{handle,
                [words](rd_kafka_t* x) { rd_kafka_destroy_flags(x, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }};
}

error failure(const rd_kafka_t* kafka, const std::string& what, rd_kafka_resp_err_t why) {
  auto& words = words_of(kafka);
  auto failed = got_no_answer(why) ? words.last() : "";
  auto denied = is_denial(why) || says_denial(failed);
  auto text =
      "Kafka at " + words.brokers + ": " + what + ": " + (failed.empty() ? rd_kafka_err2str(why) : failed);
  if (denied && words.mechanism.starts_with("SCRAM") && rd_kafka_version() < good_scram)
    text += std::string(". Kafka 4 takes no SCRAM from librdkafka before 2.6.1, and this is ")
            + rd_kafka_version_str() + ": PLAIN over TLS works, and so does a newer librdkafka";
  return {denied ? errc::denied : errc::unavailable, text};
}

bool is_refused(const rd_kafka_t* kafka) { return says_denial(words_of(kafka).last()); }

std::string to_string(const topic_partition& x) { return x.topic + "/" + std::to_string(x.partition.value); }

} // namespace millrace::kafka
