#include "actors/alert_sender/http_target.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace millrace {

namespace {

int digit(char x) {
  return std::isdigit(static_cast<unsigned char>(x)) ? x - '0'
                                                     : std::tolower(static_cast<unsigned char>(x)) - 'a' + 10;
}

/// Decodes %XX.
std::string decoded(const std::string& x) {
  std::string out;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] == '%' && i + 2 < x.size() && std::isxdigit(static_cast<unsigned char>(x[i + 1]))
        && std::isxdigit(static_cast<unsigned char>(x[i + 2]))) {
      out += static_cast<char>(digit(x[i + 1]) * 16 + digit(x[i + 2]));
      i += 2;
    } else {
      out += x[i];
    }
  return out;
}

/// A URL has neither spaces nor control characters, which could end the request's first line.
bool is_printable(const std::string& x) {
  return std::all_of(x.begin(), x.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

result<http_target> parse_http_url(const std::string& url) {
  static const std::regex form(
      R"((https?)://(?:([^/?#@]*)@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?([/?][^#]*)?)");
  constexpr std::size_t longest = 2000; // the regular expression's matcher recurses
  std::smatch parts;
  if (url.size() > longest || !is_printable(url) || !std::regex_match(url, parts, form))
    return error{errc::bad_setting, "expected http://[USER:PASSWORD@]HOST[:PORT][/PATH], or https"};
  auto port = parts[4].matched ? std::stoi(parts[4]) : parts[1] == "https" ? 443 : 80;
  if (port < 1 || port > 65535)
    return error{errc::bad_setting, "the port isn't between 1 and 65535"};
  http_target out;
  out.server = parts[1].str() + "://" + parts[3].str() + ":" + std::to_string(port);
  out.path = parts[5].str();
  if (!out.path.starts_with("/"))
    out.path.insert(0, "/");
  auto login = parts[2].str();
  auto colon = login.find(':');
  out.user = decoded(login.substr(0, colon));
  if (colon != std::string::npos)
    out.password = decoded(login.substr(colon + 1));
  return out;
}

} // namespace millrace
