/// What is relied on of each table, and which tables are in doubt.
#include "actors/redis/store_impl.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace millrace::redis {

namespace {

/// Digits of one length compare as the numbers do.
std::string digits(lsn x) {
  char text[24];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(x.value));
  return text;
}

} // namespace

std::string to_json(const table_doubt& x) {
  return nlohmann::json{{"reason", x.reason},
                        {"remedy", x.remedy},
                        {"since", x.since},
                        {"at", digits(x.at)},
                        {"rewritten_only", x.rewritten_only}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

table_doubt table_doubt_from_json(const std::string& text) {
  try {
    auto x = nlohmann::json::parse(text);
    return {x.at("reason"), x.at("remedy"), x.at("since"), lsn{to_number(x.at("at"))},
            x.at("rewritten_only")};
  } catch (const nlohmann::json::exception&) {
    return {"the ledger has a note about it that can't be read", "millrace rebuild", 0, {}, false};
  }
}

/// Runs a function that writes only to a ledger of the life that it is given first.
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
