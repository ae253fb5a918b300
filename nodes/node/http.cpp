#include "nodes/node/http.hpp"

#include "actors/inspector/health.hpp"
#include "actors/inspector/log_level.hpp"
#include "actors/inspector/metrics.hpp"
#include "actors/inspector/report_json.hpp"
#include "nodes/node/loopback.hpp"
#include "nodes/node/page.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <optional>

namespace millrace {

namespace {

using json = nlohmann::json;
constexpr std::chrono::seconds inspector_timeout{8};
constexpr const char* control_help =
    R"({"GET /status": "the node's status", "GET /healthz": "does it work?", "GET /readyz": "does it serve?",)"
    R"( "GET /metrics": "for Prometheus", "POST /control/written": {"figure": "NAME", "keys": ["KEY"]},)"
    R"( "POST /control": {"log_level": "trace|debug|info|warn|error"}})";

void answer(httplib::Response& out, const json& body, int code = 200) {
  out.status = code;
  out.set_content(body.dump(2, ' ', false, json::error_handler_t::replace) + "\n", "application/json");
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

struct http_server::impl {
  loopback_server server;
  std::chrono::seconds ready_lag{};
  std::mutex guard;
  caf::actor_system* system = nullptr; ///< guarded, like the other fields
  inspector_actor inspector;
  std::string why = "the node starts";
  std::int64_t since = unix_now(); ///< not ready since this time

  /// The inspector, or why there is none.
  struct asked {
    caf::actor_system* system;
    inspector_actor inspector;
    std::string why;
  };

  /// Copies under the lock, and requests are sent outside of it. So requests don't wait for each other.
  asked whom() {
    std::lock_guard lock(guard);
    return {system, inspector, why};
  }

  /// Answers without an inspector: the reason why there is none.
  void not_ready(httplib::Response& out, const std::string& reason) const {
    trouble_report x{"the node isn't ready", "the node isn't ready", reason, since};
    answer(out,
           {{"phase", "starting"},
            {"why", reason},
            {"figures", json::array()},
            {"troubles", {to_json(x, unix_now())}}},
           503);
  }

  /// A report, or why there is none. `starting`: there are no actors yet.
  struct heard {
    bool starting = true;
    std::optional<node_report> report;
    std::string why;
  };

  heard listen_to_actors() {
    auto ask = whom();
    if (!ask.system)
      return {true, {}, ask.why};
    heard out{false, {}, "the node doesn't answer: see its log"};
    caf::scoped_actor self{*ask.system};
    self->request<caf::message_priority::high>(ask.inspector, inspector_timeout, atom::status_v)
        .receive([&](node_report& x) { out.report = std::move(x); }, [](caf::error&) {});
    return out;
  }

  void status(httplib::Response& out) {
    auto x = listen_to_actors();
    if (x.report)
      return answer(out, to_json(*x.report));
    not_ready(out, x.why);
  }

  static std::vector<std::string> unhealthy(const heard& x) {
    if (x.report)
      return unhealthy_because(*x.report);
    return x.starting ? std::vector<std::string>{} : std::vector{x.why};
  }

  std::vector<std::string> unready(const heard& x) const {
    return x.report ? unready_because(*x.report, ready_lag) : std::vector{x.why};
  }

  static std::string phase(const heard& x) {
    return x.report ? x.report->fill.live ? "live" : "filling" : x.starting ? "starting" : "unknown";
  }

  void healthz(httplib::Response& out) {
    auto x = listen_to_actors();
    auto why = unhealthy(x);
    answer(out, {{"healthy", why.empty()}, {"phase", phase(x)}, {"why", why}}, why.empty() ? 200 : 503);
  }

  void readyz(httplib::Response& out) {
    auto x = listen_to_actors();
    auto why = unready(x);
    answer(out, {{"ready", why.empty()}, {"phase", phase(x)}, {"why", why}}, why.empty() ? 200 : 503);
  }

  void metrics(httplib::Response& out) {
    auto x = listen_to_actors();
    auto healthy = unhealthy(x).empty(), ready = unready(x).empty();
    out.set_content(metrics_text({std::move(x.report), healthy, ready, read_process(), this_build()}),
                    "text/plain; version=0.0.4; charset=utf-8");
  }

  void written(const httplib::Request& in, httplib::Response& out) {
    auto wish = json::parse(in.body, nullptr, false);
    auto is_text = [](auto& x) { return x.is_string(); };
    if (!wish.is_object() || !wish.contains("figure") || !wish["figure"].is_string() || !wish.contains("keys")
        || !wish["keys"].is_array() || !std::all_of(wish["keys"].begin(), wish["keys"].end(), is_text))
      return answer(out, {{"error", "expected {\"figure\": NAME, \"keys\": [KEY, ...]}"}}, 400);
    auto ask = whom();
    if (!ask.system)
      return answer(out, {{"error", ask.why}}, 503);
    caf::scoped_actor self{*ask.system};
    self->request(ask.inspector, inspector_timeout, atom::written_v, wish["figure"].get<std::string>(),
                  wish["keys"].get<std::vector<std::string>>())
        .receive(
            [&](const std::vector<std::int64_t>& ticks) {
              answer(out, {{"written", ticks}});
            },
            [&](caf::error&) {
              answer(out, {{"error", "the node doesn't answer"}}, 503);
            });
  }

  static void control(const httplib::Request& in, httplib::Response& out) {
    auto wish = json::parse(in.body, nullptr, false);
    if (!wish.is_object() || !wish.contains("log_level") || !wish["log_level"].is_string())
      return answer(out, {{"error", "a JSON object is expected"}, {"verbs", json::parse(control_help)}}, 400);
    auto wanted = wish["log_level"].get<std::string>();
    if (auto set = set_log_level(wanted); !set)
      return answer(out, {{"error", set.why().message}}, 400);
    answer(out, {{"log_level", wish["log_level"]}});
  }

  /// Last: its thread asks for the status.
  live_page page{server.routes(), [this] {
                   httplib::Response out;
                   status(out);
                   return out.body;
                 }};
};

http_server::http_server(std::unique_ptr<impl> x) : impl_(std::move(x)) {}

http_server::~http_server() {
  impl_->page.stop();
  impl_->server.stop();
}

result<std::unique_ptr<http_server>> http_server::listen(std::uint16_t port, std::string token,
                                                         std::chrono::seconds ready_lag) {
  auto x = std::make_unique<impl>();
  auto* it = x.get();
  it->ready_lag = ready_lag;
  auto get = [it](const char* path, void (impl::*tell)(httplib::Response&)) {
    it->server.routes().Get(
        path, [it, tell](const httplib::Request&, httplib::Response& out) { (it->*tell)(out); });
  };
  get("/status", &impl::status);
  get("/healthz", &impl::healthz);
  get("/readyz", &impl::readyz);
  get("/metrics", &impl::metrics);
  x->server.routes().Post("/control/written",
                          [it](const httplib::Request& in, httplib::Response& out) { it->written(in, out); });
  x->server.routes().Get("/control", [](const httplib::Request&, httplib::Response& out) {
    answer(out, json::parse(control_help));
  });
  x->server.routes().Post("/control",
                          [](const httplib::Request& in, httplib::Response& out) { impl::control(in, out); });
  if (!x->server.serve(port, std::move(token)))
    return error{errc::bad_setting, "port " + std::to_string(port)
                                        + " on 127.0.0.1 is taken: set MILLRACE_HTTP_PORT to a free one"};
  return std::unique_ptr<http_server>(new http_server(std::move(x)));
}

void http_server::attach(caf::actor_system& system, inspector_actor inspector) {
  std::lock_guard lock(impl_->guard);
  impl_->system = &system;
  impl_->inspector = std::move(inspector);
}

void http_server::detach(std::string why) {
  std::lock_guard lock(impl_->guard);
  impl_->system = nullptr;
  impl_->inspector = nullptr;
  impl_->why = std::move(why);
}

} // namespace millrace
