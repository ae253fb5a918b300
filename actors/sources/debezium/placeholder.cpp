#include "actors/sources/debezium/placeholder.hpp"

#include "messages/token.hpp"

#include <nlohmann/json.hpp>

namespace millrace::connect {

std::string fresh_placeholder() { return std::string(public_placeholder) + "_" + fresh_token(); }

std::optional<std::string> own_placeholder(const std::string& config) {
  auto parsed = nlohmann::json::parse(config, nullptr, false);
  if (!parsed.is_object())
    return std::nullopt;
  auto at = parsed.find("unavailable.value.placeholder");
  if (at == parsed.end() || !at->is_string())
    return std::nullopt;
  auto& text = at->get_ref<const std::string&>();
  auto own = text.starts_with(public_placeholder) && text.size() == fresh_placeholder().size();
  return own ? std::optional(text) : std::nullopt;
}

} // namespace millrace::connect
