#include "broker.hpp"

#include "actors/sources/kafka/producer.hpp"
#include "process.hpp"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;

namespace millrace::test {

namespace {

int free_port() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  bind(fd, reinterpret_cast<sockaddr*>(&at), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  close(fd);
  return ntohs(at.sin_port);
}

/// Returns the folder that the stack's downloads are in.
std::string cache() {
  if (auto* given = std::getenv("MILLRACE_CACHE"))
    return given;
  auto* home = std::getenv("HOME");
  auto own = fs::path(home ? home : "/") / ".cache/millrace";
  return fs::exists(own) ? own.string() : "/var/cache/millrace";
}

/// Returns the folder of Kafka's jars.
std::optional<fs::path> jars() {
  std::error_code ignored;
  for (auto& each : fs::recursive_directory_iterator(cache(), ignored))
    if (each.path().filename().string().starts_with("kafka_2.13-") && each.path().extension() == ".jar")
      return each.path().parent_path();
  return std::nullopt;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

class broker {
 public:
  explicit broker(fs::path libs) : libs_(std::move(libs)) {
    auto pattern = (fs::temp_directory_path() / "millrace-kafka-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    auto port = free_port();
    address = "127.0.0.1:" + std::to_string(port);
    write_properties(port, free_port());
    auto file = properties();
    auto formats = java({"kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", file});
    if (formats.wait() == 0)
      start();
  }
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;
  ~broker() {
    stop();
    fs::remove_all(folder_);
  }

  void start() { running_.emplace(java({"kafka.Kafka", properties()})); }
  void stop() { running_.reset(); }

  /// Waits until the broker creates topics.
  bool ready() const {
    if (!running_)
      return false;
    auto client = kafka::producer::connect({.brokers = address, .group = "", .librdkafka = {}});
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(240);
    while (std::chrono::steady_clock::now() < until)
      if (client
          && client->create({{.name = "ready", .partitions = 1, .config = {}}}, std::chrono::seconds(2)))
        return true;
    return false;
  }

  /// Returns the end of what the broker printed.
  std::string said() const {
    std::ifstream in(folder_ / "log");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    return text.substr(text.size() > 4000 ? text.size() - 4000 : 0);
  }

  std::string address;

 private:
  process java(std::vector<std::string> arguments) const {
    std::vector<std::string> command{"java", "-Xmx768m", "-XX:+UseSerialGC", "-cp", (libs_ / "*").string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return process{command, folder_ / "log"};
  }

  std::string properties() const { return (folder_ / "server.properties").string(); }

  void write_properties(int port, int controller) const {
    auto listeners = "PLAINTEXT://" + address + ",CONTROLLER://127.0.0.1:" + std::to_string(controller);
    std::ofstream(properties())
        << "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:" << controller
        << "\nlisteners=" << listeners << "\nadvertised.listeners=PLAINTEXT://127.0.0.1:" << port
        << "\ncontroller.listener.names=CONTROLLER\nlog.dirs=" << (folder_ / "data").string()
        << "\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=1"
           "\ntransaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1"
           "\ntransaction.state.log.num.partitions=1\nshare.coordinator.state.topic.replication.factor=1"
           "\nshare.coordinator.state.topic.min.isr=1\ngroup.initial.rebalance.delay.ms=0"
           "\ngroup.min.session.timeout.ms=1000\nbroker.session.timeout.ms=4000\nbroker.heartbeat.interval."
           "ms=1000"
           "\nlog.retention.check.interval.ms=500\nlog.segment.delete.delay.ms=100"
           "\nmessage.max.bytes=100000000\nauto.create.topics.enable=false\n";
  }

  fs::path libs_, folder_;
  std::optional<process> running_;
};

broker& the_broker() {
  static const auto libs = jars();
  if (!libs)
    give_up("no Kafka jars under " + cache() + "; `deploy/millrace test unit` fetches them");
  static broker started(*libs);
  static const bool ready = started.ready();
  if (!ready)
    give_up("Kafka doesn't start:\n" + started.said());
  return started;
}

} // namespace

const std::string& kafka_broker() { return the_broker().address; }

void kill_kafka() { the_broker().stop(); }

void start_kafka_again() { the_broker().start(); }

std::string fresh_name(const std::string& stem) {
  static int count = 0;
  return stem + "-" + std::to_string(++count);
}

} // namespace millrace::test
