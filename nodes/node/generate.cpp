#include "nodes/node/generate.hpp"

#include "actors/generator/generator_actor.hpp"
#include "nodes/node/loopback.hpp"
#include "nodes/node/stopping.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <iostream>

namespace millrace {

namespace {

using json = nlohmann::json;
constexpr std::chrono::seconds answer_timeout{30};

double number_of(const char* variable, double otherwise) {
  auto* text = std::getenv(variable);
  return text && *text ? std::atof(text) : otherwise;
}

/// Returns --rate, else the rate of the environment's records per interval, else 200 rows per second.
double rate_of(const generate_options& options) {
  if (options.rate >= 0)
    return options.rate;
  auto batch = number_of("MOCK_DATA_RECORDS_PER_BATCH", 0),
       interval = number_of("MOCK_DATA_INTERVAL_SECONDS", 1);
  return batch > 0 && interval > 0 ? batch / interval : 200;
}

/// The generator's /control: {"rate": N} and {"pause": true|false}.
class control {
 public:
  control(caf::actor_system& system, generator_actor shop) : system_(system), shop_(std::move(shop)) {
    server_.routes().Get("/control", [this](auto&, httplib::Response& out) { show(out); });
    server_.routes().Post("/control",
                          [this](const httplib::Request& in, httplib::Response& out) { obey(in, out); });
  }

  /// `host` is this machine's name for `verify`. If it isn't loopback, listens on every address.
  bool listen(const std::string& host, std::uint16_t port, const std::string& token) {
    if (host != "127.0.0.1" && host != "localhost")
      server_.answer_as(host);
    return server_.serve(port, token);
  }

 private:
  void show(httplib::Response& out) {
    caf::scoped_actor self{system_};
    self->request(shop_, answer_timeout, atom::status_v)
        .receive([&](const std::string& x) { out.set_content(x + "\n", "application/json"); },
                 [&](caf::error&) { out.status = 503; });
  }

  void obey(const httplib::Request& in, httplib::Response& out) {
    auto wish = json::parse(in.body, nullptr, false);
    bool known = false;
    caf::scoped_actor self{system_};
    if (wish.is_object() && wish.contains("rate") && wish["rate"].is_number()
        && wish["rate"].get<double>() >= 0) {
      known = true;
      self->send(shop_, atom::rate_v, wish["rate"].get<double>());
    }
    if (wish.is_object() && wish.contains("pause") && wish["pause"].is_boolean()) {
      known = true;
      self->request(shop_, answer_timeout, atom::pause_v, wish["pause"].get<bool>())
          .receive([](bool) {}, [&](caf::error&) { out.status = 503; });
    }
    if (known)
      return show(out);
    out.status = 400;
    out.set_content(R"({"error": "expected {\"rate\": rows per second} or {\"pause\": true or false}"})"
                    "\n",
                    "application/json");
  }

  caf::actor_system& system_;
  generator_actor shop_;
  loopback_server server_;
};

} // namespace

int run_generate(const settings& how, const generate_options& options) {
  stop_signal stop;
  caf::actor_system_config config;
  config.add_message_types<caf::id_block::millrace>();
  config.set("scheduler.max-threads", 2u);
  caf::actor_system system{config};
  generator::options shop;
  shop.rate = rate_of(options);
  shop.seed = options.seed;
  if (auto batch = number_of("MOCK_DATA_RECORDS_PER_BATCH", 0); batch > 0)
    shop.records_per_batch = static_cast<std::size_t>(batch);
  auto writer = system.spawn<caf::detached>(generator_of_shop, how.owner, shop);
  control commands(system, writer);
  int code = 0;
  if (options.control_port && !commands.listen(how.generator_host, options.control_port, how.http_token)) {
    std::cerr << "millrace: port " << options.control_port << " is taken: give --control-port another\n";
    code = 2;
  }
  spdlog::info("generator: {} rows/s, seed {}", shop.rate, shop.seed);
  while (code == 0 && !stop.requested())
    stop.wait_for(std::chrono::milliseconds{200});
  caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
  spdlog::info("generator: stopped");
  return code;
}

} // namespace millrace
