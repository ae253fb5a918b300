#include "actors/redis/url.hpp"

#include <regex>

namespace millrace::redis {

namespace {

/// Returns the text with each %XX decoded.
std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto digit = [&](std::size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at]));
    };
    if (text[i] == '%' && digit(i + 1) && digit(i + 2)) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

} // namespace

result<settings> settings_from_url(const std::string& url) {
  static const std::regex form(
      R"(redis://(?:([^:@/]*)(?::([^@/]*))?@)?(\[[^\]]+\]|[^:/@\[]+)(?::(\d{1,5}))?(?:/(\d{0,5}))?)");
  if (url.starts_with("rediss://"))
    return error{errc::bad_setting,
                 "rediss:// isn't spoken (hiredis of Debian 12 has no TLS): put stunnel in "
                 "between, and give its address as redis://127.0.0.1:PORT"};
  std::smatch part;
  if (!std::regex_match(url, part, form) || (part[4].matched && std::stoi(part[4]) > 65535))
    return error{errc::bad_setting,
                 "this isn't a Redis URL; write redis://[[USER][:PASSWORD]@]HOST[:PORT][/DATABASE]"};
  settings out;
  out.user = decoded(part[1]);
  out.password = decoded(part[2]);
  out.host = part[3];
  if (out.host.front() == '[')
    out.host = out.host.substr(1, out.host.size() - 2);
  if (part[4].matched)
    out.port = std::stoi(part[4]);
  if (part[5].length() > 0)
    out.database = std::stoi(part[5]);
  return out;
}

} // namespace millrace::redis
