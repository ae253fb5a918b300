#include "actors/sources/debezium/registration.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace::connect {

namespace {

using json = nlohmann::json;

/// Returns `text` with its placeholders filled. An error names an unknown one.
result<std::string> fill(const std::string& text, const std::map<std::string, std::string>& values) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    auto open = text.find("${", at);
    out.append(text, at, open == std::string::npos ? open : open - at);
    if (open == std::string::npos)
      return out;
    auto close = text.find('}', open);
    auto name = text.substr(open + 2, close == std::string::npos ? close : close - open - 2);
    auto known = values.find(name);
    if (close == std::string::npos || known == values.end())
      return error{errc::bad_setting,
                   "the connector's template asks for ${" + name + "}, which has no value"};
    out += known->second;
    at = close + 1;
  }
}

bool is_secret(std::string key) {
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
  for (auto* word : {"password", "secret", "token", "jaas", "passphrase"})
    if (key.find(word) != std::string::npos)
      return true;
  return false;
}

} // namespace

result<std::string> fill_template(const std::string& text, const std::map<std::string, std::string>& values) {
  auto config = json::parse(text, nullptr, false);
  if (!config.is_object())
    return error{errc::bad_setting, "the connector's template isn't a JSON object"};
  for (auto& [key, value] : config.items()) {
    if (!value.is_string())
      continue;
    auto filled = fill(value.get<std::string>(), values);
    if (!filled)
      return filled.why();
    value = *filled;
  }
  // A placeholder with an empty value removes its property.
  for (auto it = config.begin(); it != config.end();)
    it = it->is_string() && it->get_ref<const std::string&>().empty() ? config.erase(it) : std::next(it);
  return config.dump(2);
}

std::string without_secrets(std::string text, const std::string& config) {
  auto parsed = json::parse(config, nullptr, false);
  if (!parsed.is_object())
    return text;
  for (auto& [key, value] : parsed.items()) {
    if (!value.is_string() || !is_secret(key) || value.get_ref<const std::string&>().empty())
      continue;
    auto& secret = value.get_ref<const std::string&>();
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

bool same_config(const std::string& a, const std::string& b) {
  auto x = json::parse(a, nullptr, false);
  auto y = json::parse(b, nullptr, false);
  if (!x.is_object() || !y.is_object())
    return false;
  x.erase("name");
  y.erase("name");
  return x == y;
}

} // namespace millrace::connect
