#include "nodes/cli/node_client.hpp"

#include "nodes/cli/node_probe.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace millrace {

namespace {

using json = nlohmann::json;

constexpr auto loopback = "127.0.0.1";

httplib::Client client_of(const std::string& host, std::uint16_t port, const std::string& token = "") {
  httplib::Client out(host, port);
  if (!token.empty())
    out.set_bearer_token_auth(token);
  out.set_connection_timeout(std::chrono::seconds{2});
  out.set_read_timeout(std::chrono::seconds{30});
  return out;
}

std::optional<json> generator_says(const generator_address& where, const std::optional<bool>& pause) {
  if (where.port == 0)
    return std::nullopt;
  auto http = client_of(where.host, where.port, where.token);
  auto answer = pause ? http.Post("/control", json{{"pause", *pause}}.dump(), "application/json")
                      : http.Get("/control");
  if (answer && answer->status == 401)
    spdlog::warn("the generator at {}:{} refuses to pause: is MILLRACE_HTTP_TOKEN the one that it was "
                 "started with?",
                 where.host, where.port);
  if (!answer || answer->status != 200)
    return std::nullopt;
  auto x = json::parse(answer->body, nullptr, false);
  return x.is_object() ? std::optional<json>(x) : std::nullopt;
}

} // namespace

result<json> generator_status(const generator_address& where) {
  if (auto x = generator_says(where, std::nullopt))
    return *x;
  return error{errc::unavailable, "no generator answers at " + where.host + ":" + std::to_string(where.port)};
}

result<json> node_status(std::uint16_t port) { return probe_node(port, "/status"); }

result<json> probe_node(std::uint16_t port, const std::string& path) {
  if (port == 0)
    return error{errc::unavailable, "MILLRACE_HTTP_PORT isn't set: the node can't be asked"};
  auto answer = client_of(loopback, port).Get(path);
  if (!answer)
    return error{errc::unavailable, "no node answers at 127.0.0.1:" + std::to_string(port)};
  auto x = json::parse(answer->body, nullptr, false);
  if (!x.is_object())
    return error{errc::unavailable,
                 "another program, not a node, answers at 127.0.0.1:" + std::to_string(port)};
  return x;
}

std::vector<std::optional<std::int64_t>> places_written(std::uint16_t port, const std::string& token,
                                                        const std::string& figure,
                                                        const std::vector<std::string>& keys) {
  std::vector<std::optional<std::int64_t>> out(keys.size());
  auto answer =
      client_of(loopback, port, token)
          .Post("/control/written", json{{"figure", figure}, {"keys", keys}}.dump(), "application/json");
  auto x = answer && answer->status == 200 ? json::parse(answer->body, nullptr, false) : json();
  if (!x.is_object() || !x.contains("written") || x["written"].size() != keys.size())
    return out;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (auto tick = x["written"][i].get<std::int64_t>())
      out[i] = tick;
  return out;
}

paused_generator::paused_generator(generator_address where) : where_(std::move(where)) {
  auto now = generator_says(where_, std::nullopt);
  if (now && !now->value("paused", false))
    ours_ = generator_says(where_, true).has_value();
}

paused_generator::~paused_generator() {
  if (ours_)
    (void)generator_says(where_, false);
}

} // namespace millrace
