#define CAF_SUITE debezium.client
#include "actors/sources/debezium/client.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <mutex>
#include <thread>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::connect;
using namespace std::chrono_literals;

namespace {

/// Kafka Connect, as far as these tests need it: one thread, scripted answers.
class fake_connect {
 public:
  fake_connect() {
    auto note = [this](const httplib::Request& from, httplib::Response& to) { answer(from, to); };
    server_.Get(".*", note);
    server_.Put(".*", note);
    server_.Post(".*", note);
    server_.Delete(".*", note);
    port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running())
      std::this_thread::yield();
  }
  fake_connect(const fake_connect&) = delete;
  fake_connect& operator=(const fake_connect&) = delete;
  ~fake_connect() {
    server_.stop();
    thread_.join();
  }

  /// Answers the next request only after this time.
  void delay(std::chrono::milliseconds time) { delay_ = time; }

  /// Answers the next requests of this kind so, the last one for ever.
  void on(const std::string& request, std::vector<std::pair<int, std::string>> answers) {
    std::lock_guard guard(lock_);
    script_[request] = std::move(answers);
  }
  std::vector<std::string> requests() {
    std::lock_guard guard(lock_);
    return requests_;
  }
  connect::client client(const std::string& user = "joe:word@", const login& as = {},
                         std::chrono::milliseconds timeout = 2s) {
    auto x = client::make("http://" + user + "127.0.0.1:" + std::to_string(port) + "/base/", as, timeout);
    if (!x)
      CAF_FAIL(x.why().message);
    return std::move(*x);
  }

  /// Returns what each request brought to log in.
  std::vector<std::string> logins() {
    std::lock_guard guard(lock_);
    return logins_;
  }

  int port = 0;

 private:
  void answer(const httplib::Request& from, httplib::Response& to) {
    std::this_thread::sleep_for(delay_.exchange({}));
    std::lock_guard guard(lock_);
    auto request = from.method + " " + from.target;
    requests_.push_back(request);
    logins_.push_back(from.get_header_value("Authorization"));
    auto& answers = script_[request];
    if (answers.empty()) {
      to.status = 404;
      to.set_content(R"({"error_code":404,"message":"not there"})", "application/json");
      return;
    }
    to.status = answers.front().first;
    to.set_content(answers.front().second, "application/json");
    if (answers.size() > 1)
      answers.erase(answers.begin());
  }

  httplib::Server server_;
  std::thread thread_;
  std::mutex lock_;
  std::map<std::string, std::vector<std::pair<int, std::string>>> script_;
  std::vector<std::string> requests_, logins_;
  std::atomic<std::chrono::milliseconds> delay_{};
};

const std::string config = R"({"connector.class":"x","database.password":"hunter2"})";

} // namespace

CAF_TEST(a connector is registered once and not touched when it is so already) {
  fake_connect server;
  auto c = server.client();
  server.on("PUT /base/connectors/shop/config", {{201, "{}"}});
  auto first = c.put("shop", config);
  CAF_REQUIRE(first);
  CAF_CHECK(*first);
  server.on("GET /base/connectors/shop/config",
            {{200, R"({"database.password":"hunter2","name":"shop","connector.class":"x"})"}});
  auto second = c.put("shop", config);
  CAF_REQUIRE(second);
  CAF_CHECK(!*second);
  auto puts = server.requests();
  CAF_CHECK_EQUAL(std::count(puts.begin(), puts.end(), "PUT /base/connectors/shop/config"), 1);
}

CAF_TEST(a registration waits while the workers rebalance) {
  fake_connect server;
  auto c = server.client();
  server.on("PUT /base/connectors/shop/config", {{409, "{}"}, {409, "{}"}, {200, "{}"}});
  CAF_CHECK(c.put("shop", config));
}

CAF_TEST(a registration whose answer is late is sent again) {
  fake_connect server;
  auto c = server.client("joe:word@", {}, 200ms);
  server.on("PUT /base/connectors/shop/stop", {{204, ""}});
  server.delay(300ms);
  CAF_CHECK(c.stop("shop"));
  CAF_CHECK_EQUAL(server.requests().size(), 2u);
}

CAF_TEST(a refused configuration is told without its password) {
  fake_connect server;
  auto c = server.client();
  server.on("PUT /base/connectors/shop/config",
            {{400, R"({"message":"Invalid value hunter2 for\nconfiguration database.password"})"}});
  auto x = c.put("shop", config);
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().code == errc::bad_setting);
  CAF_CHECK(x.why().message.find("Invalid value *** for configuration") != std::string::npos);
  CAF_CHECK(x.why().message.find("hunter2") == std::string::npos);
  CAF_CHECK(x.why().message.find("word") == std::string::npos
            || x.why().message.find("joe") == std::string::npos);
}

CAF_TEST(a trace tells its first line and its last cause) {
  auto x = parse_status(
      R"({"connector":{"state":"RUNNING"},"tasks":[{"id":0,"state":"FAILED","trace":)"
      R"("Unrecoverable\n\tat x\nCaused by: of no use\n\tat y\nCaused by: RecordTooLarge: 73 is larger\n\tat z\n"}]})");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->tasks[0].trace, "Unrecoverable; Caused by: RecordTooLarge: 73 is larger");
}

CAF_TEST(a status tells states and the first line of a trace) {
  fake_connect server;
  auto c = server.client();
  auto none = c.status("shop");
  CAF_REQUIRE(none);
  CAF_CHECK(!none->exists);
  server.on(
      "GET /base/connectors/shop/status",
      {{200,
        R"({"name":"shop","connector":{"state":"RUNNING"},"tasks":[{"id":0,"state":"FAILED","trace":"boom\n\tat x"}]})"}});
  auto x = c.status("shop");
  CAF_REQUIRE(x);
  CAF_CHECK(x->exists);
  CAF_CHECK(x->failed());
  CAF_CHECK(!x->running());
  CAF_CHECK_EQUAL(x->tasks[0].trace, "boom");
  CAF_CHECK_EQUAL(nlohmann::json::parse(to_json(*x))["tasks"][0]["state"].get<std::string>(), "FAILED");
  server.on("GET /base/connectors/shop/status", {{200, "[]"}});
  CAF_CHECK(!c.status("shop"));
}

CAF_TEST(orders go where they belong and a connector that is gone may be deleted) {
  fake_connect server;
  auto c = server.client();
  server.on("POST /base/connectors/my%20shop/restart?includeTasks=true&onlyFailed=true", {{202, "{}"}});
  server.on("PUT /base/connectors/my%20shop/stop", {{204, ""}});
  server.on("PUT /base/connectors/my%20shop/resume", {{202, ""}});
  CAF_CHECK(c.restart_failed("my shop"));
  CAF_CHECK(c.stop("my shop"));
  CAF_CHECK(c.resume("my shop"));
  CAF_CHECK(c.remove("my shop"));
  server.on("DELETE /base/connectors/my%20shop", {{500, R"({"message":"trouble"})"}});
  auto x = c.remove("my shop");
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().message.find("trouble") != std::string::npos);
}

CAF_TEST(a server that is gone is an error in time) {
  auto c = client::make("http://127.0.0.1:1", {}, 300ms);
  CAF_REQUIRE(c);
  auto begin = std::chrono::steady_clock::now();
  auto x = c->status("shop");
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().code == errc::unavailable);
  CAF_CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CAF_CHECK(!c->put("shop", config));
}

CAF_TEST(a login is sent as it is and one in the URL comes first) {
  fake_connect server;
  login odd{"mill race", "p@ss/w:rd"};
  (void)server.client("", odd).status("shop");
  (void)server.client("joe:word@", odd).status("shop");
  (void)server.client("").status("shop");
  CAF_CHECK_EQUAL(server.logins(),
                  (std::vector<std::string>{"Basic bWlsbCByYWNlOnBAc3MvdzpyZA==", "Basic am9lOndvcmQ=", ""}));
}

CAF_TEST(a server that needs another password denies) {
  fake_connect server;
  auto c = server.client();
  server.on("GET /base/connectors/shop/status", {{401, "who?"}});
  auto x = c.status("shop");
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().code == errc::denied);
}

CAF_TEST(an address that is none is refused without showing its password) {
  for (auto* url : {"https://joe:word@host:8083", "host:8083", "http://", "http://host:port"}) {
    auto x = client::make(url, {}, 1s);
    CAF_REQUIRE(!x);
    CAF_CHECK(x.why().message.find("word") == std::string::npos);
  }
  CAF_CHECK(client::make("http://connect", {}, 1s));
}
