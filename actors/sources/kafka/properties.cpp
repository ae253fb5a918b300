#include "actors/sources/kafka/properties.hpp"

#include <algorithm>
#include <array>

namespace millrace::kafka {

namespace {

struct rule {
  std::string_view name; ///< a '*' at one end matches any name that begins or ends so
  const char* why;
};

constexpr const char* code = "loads code into this process";
constexpr const char* pointer = "is a pointer, which only a program can set";

constexpr std::array rules{
    rule{"plugin.library.paths", code},
    rule{"ssl.engine.*", code},
    rule{"ssl.providers", code},
    rule{"sasl.kerberos.kinit.cmd", "is a command that this process would run"},
    rule{"interceptors", pointer},
    rule{"opaque", pointer},
    rule{"default_topic_conf", pointer},
    rule{"msg_order_cmp", pointer},
    rule{"*_cb", pointer},
    rule{"ssl_*", pointer},
    rule{"offset.store.*", "writes files of its own; positions are in Redis"},
    rule{"enabled_events", "hides errors that the node needs"},
    rule{"log.queue", "hides lines that the log needs"},
    rule{"test.*", "creates mock brokers"},
};

bool fits(std::string_view name, std::string_view pattern) {
  if (pattern.front() == '*')
    return name.ends_with(pattern.substr(1));
  if (pattern.back() == '*')
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

/// librdkafka copies these into kinit's command line without escaping them.
bool goes_to_a_shell(std::string_view name) {
  return name == "sasl.kerberos.keytab" || name == "sasl.kerberos.principal"
         || name == "sasl.kerberos.service.name";
}

bool is_plain(std::string_view value) {
  return value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@:-")
         == value.npos;
}

} // namespace

std::string why_refused(std::string_view name, std::string_view value) {
  auto found = std::find_if(rules.begin(), rules.end(), [&](auto& x) { return fits(name, x.name); });
  if (found != rules.end())
    return std::string("the property ") + std::string(name) + " isn't allowed: it " + found->why
           + ". Delete the line";
  if (goes_to_a_shell(name) && !is_plain(value))
    return std::string("the property ") + std::string(name)
           + " goes into kinit's command: it may have letters, digits and _ . / @ : - only";
  return {};
}

} // namespace millrace::kafka
