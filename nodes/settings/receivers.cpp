#include "nodes/settings/receivers.hpp"

#include "actors/alert_sender/http_target.hpp"
#include "actors/alert_sender/signature.hpp"
#include "messages/visible.hpp"

#include <algorithm>
#include <cctype>

namespace millrace {

namespace {

constexpr auto demonstration = "shop", topic_of_demonstration = "realtime-alerts", no_topic = "none";

/// The demonstration has a topic of alerts; another project if it says so.
result<void> complete_alerts_topic(settings& x) {
  if (x.alerts_topic.empty() && x.project == demonstration)
    x.alerts_topic = topic_of_demonstration;
  if (x.alerts_topic == no_topic)
    x.alerts_topic.clear();
  auto legal = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  };
  if (x.alerts_topic.size() > 249 || !std::all_of(x.alerts_topic.begin(), x.alerts_topic.end(), legal)
      || x.alerts_topic == "." || x.alerts_topic == "..")
    return error{errc::bad_setting,
                 "MILLRACE_ALERTS_TOPIC: \"" + visible(x.alerts_topic)
                     + "\" isn't a topic's name: letters, digits, '.', '_' and '-', 249 at most"};
  return {};
}

result<void> check_receivers(const settings& x) {
  const std::initializer_list<std::pair<const char*, const std::string&>> urls{
      {"MILLRACE_ALERTMANAGER_URL", x.alertmanager_url}, {"MILLRACE_ALERT_WEBHOOK_URL", x.alert_webhook_url}};
  for (auto& [setting, url] : urls)
    if (!url.empty())
      if (auto target = parse_http_url(url); !target)
        return error{errc::bad_setting, std::string(setting) + ": " + target.why().message};
  if (!good_webhook_secret(x.alert_webhook_secret))
    return error{errc::bad_setting,
                 "MILLRACE_ALERT_WEBHOOK_SECRET: what follows whsec_ isn't base64; leave whsec_ out to use a "
                 "secret as it is"};
  return {};
}

} // namespace

bool settings::owns_alerts_topic() const {
  return alerts_topic.starts_with(project + ".")
         || (project == demonstration && alerts_topic == topic_of_demonstration);
}

result<void> complete_receivers(settings& x) {
  auto checked = check_receivers(x);
  return checked ? complete_alerts_topic(x) : checked;
}

} // namespace millrace
