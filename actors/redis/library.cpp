#include "actors/redis/library.hpp"

#include <cctype>
#include <cstdio>

namespace millrace::redis {

namespace {

std::string lua_quoted(const std::string& x) {
  std::string out = "'";
  for (unsigned char c : x) {
    char text[8];
    std::snprintf(text, sizeof text, "\\%03u", c);
    out += std::isalnum(c) || c == ':' || c == '_' ? std::string(1, static_cast<char>(c)) : text;
  }
  return out + "'";
}

} // namespace

std::string library_name(const std::string& project) {
  std::string out = "millrace_";
  for (unsigned char c : project) {
    char text[8];
    std::snprintf(text, sizeof text, "_%02x", c);
    out += std::isalnum(c) ? std::string(1, static_cast<char>(c)) : text;
  }
  return out;
}

std::string key_prefix(const std::string& project) { return "millrace:" + project + ":"; }

std::string library_text(const std::string& project) {
  auto name = library_name(project);
  auto out = "#!lua name=" + name + "\nlocal PREFIX, SLICE = " + lua_quoted(key_prefix(project)) + ", 1000\n"
             + "local function register(name, callback, flags)\n"
             + "  redis.register_function{function_name = '" + name
             + "_' .. name, callback = callback, flags = flags or {}}\nend\n";
  for (auto& file : redis_functions())
    out += file + "\n";
  return out;
}

} // namespace millrace::redis
