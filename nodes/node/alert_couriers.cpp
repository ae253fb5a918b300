#include "nodes/node/alert_couriers.hpp"

#include "actors/alert_sender/http_post.hpp"
#include "actors/alert_sender/payload.hpp"
#include "actors/alert_sender/signature.hpp"
#include "actors/sources/kafka/once_writer.hpp"
#include "nodes/node/lasting_store.hpp"

#include <algorithm>
#include <random>

namespace millrace {

namespace {

constexpr auto alertmanager = "alertmanager", webhook = "webhook", topic = "kafka";
constexpr std::size_t alertmanager_batch = 64, topic_batch = 64;
constexpr std::chrono::seconds topic_timeout{15};
constexpr std::chrono::seconds repeat_interval{60};
static_assert(4 * repeat_interval < alert_validity, "an alert would be resolved between two repetitions");

http_answer post_to_alertmanager(http_poster& to, const std::vector<alert_event>& events,
                                 const std::string& project, std::int64_t now) {
  return to.post(alertmanager_body(events, project, now), {});
}

/// A webhook gets one event at a time.
http_answer post_to_webhook(http_poster& to, const alert_event& event, const std::string& project,
                            const std::string& secret, std::int64_t now) {
  auto body = webhook_body(event, project);
  auto id = webhook_id(event);
  std::map<std::string, std::string> headers{{"webhook-id", id}, {"webhook-timestamp", std::to_string(now)}};
  if (!secret.empty())
    headers["webhook-signature"] = webhook_signature(secret, id, now, body);
  return to.post(body, headers);
}

/// Records of the topic are keyed by the alert's ID, so that firing and resolved keep their order. The header
/// `id` is the same whenever an event is written.
http_answer write_to_topic(kafka::once_writer& to, const std::vector<alert_event>& events,
                           const std::string& project) {
  std::vector<kafka::outgoing> records;
  for (auto& x : events)
    records.push_back({{}, std::nullopt, x.id, webhook_body(x, project), {{"id", webhook_id(x)}}});
  auto written = to.write(records, topic_timeout);
  return written ? http_answer{200, {}, {}} : http_answer{0, written.why().message, {}};
}

std::function<http_answer(const std::vector<alert_event>&)>
posting(const named_receiver& which, const settings& how, std::function<std::int64_t()> now) {
  if (!which.to) {
    auto to = std::make_shared<kafka::once_writer>(
        kafka::once_settings{how.kafka, how.alerts_topic, "millrace-" + how.project + "-alerts"});
    return [=, project = how.project](auto& events) { return write_to_topic(*to, events, project); };
  }
  auto to = std::make_shared<http_poster>(*which.to);
  if (which.how.name == alertmanager)
    return [=, project = how.project](auto& events) {
      return post_to_alertmanager(*to, events, project, now());
    };
  return [=, project = how.project, secret = how.alert_webhook_secret](auto& events) {
    return post_to_webhook(*to, events.at(0), project, secret, now());
  };
}

std::vector<std::string> alerts_of(const plan_set& plans) {
  std::vector<std::string> out;
  for (auto& figure : plans.figures)
    if (figure.place.alert)
      out.push_back(figure.name);
  return out;
}

std::chrono::milliseconds steady_time() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

} // namespace

std::vector<named_receiver> alert_receivers_of(const settings& how, const plan_set& plans) {
  std::vector<named_receiver> out;
  if (auto to = parse_http_url(how.alertmanager_url); to) {
    to->path.erase(std::min(to->path.find('?'), to->path.size()));
    if (!to->path.ends_with("/"))
      to->path += "/";
    to->path += "api/v2/alerts";
    courier_settings x;
    x.name = alertmanager;
    x.server = to->server;
    x.batch = alertmanager_batch;
    x.repeat = repeat_interval;
    x.alerts = alerts_of(plans);
    out.push_back({std::move(x), std::move(*to)});
  }
  if (auto to = parse_http_url(how.alert_webhook_url); to) {
    courier_settings x;
    x.name = webhook;
    x.server = to->server;
    out.push_back({std::move(x), std::move(*to)});
  }
  if (!how.alerts_topic.empty() && !alerts_of(plans).empty()) {
    courier_settings x;
    x.name = topic;
    x.server = "topic " + how.alerts_topic + " at " + how.kafka.brokers;
    x.batch = topic_batch;
    out.push_back({std::move(x), std::nullopt});
  }
  return out;
}

courier_backend backend_of(const named_receiver& which, const settings& how, const started& from,
                           std::shared_ptr<redis::server_clock> clock) {
  auto store = std::make_shared<lasting_store>([how, plans = from.plans] { return open_store(how, *plans); });
  courier_backend x;
  x.look = [store, name = which.how.name](std::size_t limit) {
    return store->use([&](redis::store& in) { return in.outgoing(name, limit); });
  };
  x.silences = [store] { return store->use([](redis::store& in) { return in.silences(); }); };
  x.confirm = [store, name = which.how.name, life = from.life](const std::string& before,
                                                               const std::string& now) {
    return store->use([&](redis::store& in) { return in.confirm_alerts(name, before, now, life); });
  };
  x.active = [store](const std::string& alert, const std::string& cursor) {
    return store->use([&](redis::store& in) { return in.active(alert, cursor); });
  };
  x.now = [clock] { return clock->now().value; };
  x.post = posting(which, how, x.now);
  x.steady = steady_time;
  x.dice = [random = std::make_shared<std::mt19937>(std::random_device{}())] {
    return std::uniform_real_distribution<double>(0, 1)(*random);
  };
  return x;
}

} // namespace millrace
