/// The facts on which the rows rely, and the tables in doubt.
#include "actors/redis/store_impl.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace millrace::redis {

namespace {

/// Returns 20 digits: texts of the same length compare like their numbers.
std::string digits(lsn x) {
  char text[24];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(x.value));
  return text;
}

constexpr std::string_view between = "; ";

std::string joined(const std::vector<std::string>& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : between.data()) + each;
  return out;
}

std::vector<std::string> commands_of(const std::string& remedy) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < remedy.size();) {
    auto to = std::min(remedy.find(between, from), remedy.size());
    out.push_back(remedy.substr(from, to - from));
    from = to + between.size();
  }
  return out;
}

/// Orders the commands: those for PostgreSQL first, then `apply`, then `resync`.
std::vector<std::string> in_order(std::vector<std::string> commands) {
  auto turn = [](const std::string& x) {
    return x.find("millrace resync") == 0 ? 2 : x.find("millrace ") == 0 ? 1 : 0;
  };
  std::stable_sort(commands.begin(), commands.end(), [&](auto& a, auto& b) { return turn(a) < turn(b); });
  return commands;
}

} // namespace

std::string to_json(const table_doubt& x) {
  nlohmann::json out{{"reasons", {x.reason}}, {"remedies", commands_of(x.remedy)},  {"since", x.since},
                     {"at", digits(x.at)},    {"rewritten_only", x.rewritten_only}, {"asked", x.asked},
                     {"seen", x.seen}};
  for (auto& name : x.columns)
    out["columns"][name] = true;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

table_doubt table_doubt_from_json(const std::string& text) {
  try {
    auto x = nlohmann::json::parse(text);
    table_doubt out{joined(x.at("reasons")), joined(in_order(x.at("remedies"))), x.at("since"),
                    lsn{to_number(x.at("at"))}, x.at("rewritten_only")};
    out.asked = x.value("asked", false);
    out.seen = x.value("seen", "");
    if (x.contains("columns"))
      for (auto& [name, _] : x["columns"].items())
        out.columns.insert(name);
    return out;
  } catch (const nlohmann::json::exception&) {
    return {"the ledger has an unreadable entry about it", "millrace rebuild", 0, {}, false};
  }
}

/// Runs a function that writes only to a ledger of the incarnation in its first argument.
result<void> store::impl::of_this_life(const char* name, command argv) {
  auto done = function(name, std::move(argv));
  if (!done)
    return done.why();
  return done->text == "OK" ? result<void>() : error{errc::fenced, began_anew};
}

result<std::map<std::string, table_doubt>> store::doubts() {
  auto fields = impl_->hash("doubts");
  if (!fields)
    return fields.why();
  std::map<std::string, table_doubt> out;
  for (auto& [table, text] : *fields)
    out[table] = table_doubt_from_json(text);
  return out;
}

result<void> store::doubt(const std::string& table, const table_doubt& x, const std::string& life) {
  return impl_->of_this_life("doubt", {life, table, to_json(x)});
}

result<void> store::clear_doubt(const std::string& table, lsn read_from, const std::string& life) {
  return impl_->of_this_life("clear_doubt", {life, table, digits(read_from)});
}

result<std::map<std::string, std::string>> store::relied_on() { return impl_->hash("relied"); }

result<void> store::rely_on(const std::map<std::string, std::string>& facts, const std::string& life) {
  command argv{life};
  for (auto& [table, text] : facts)
    argv.insert(argv.end(), {table, text});
  return impl_->of_this_life("rely_on", std::move(argv));
}

} // namespace millrace::redis
