#include "actors/redis/batch_ledger.hpp"

#include <nlohmann/json.hpp>

namespace millrace::redis {

namespace {

using json = nlohmann::json;

/// Redis and PostgreSQL can answer with bytes that aren't UTF-8.
std::string text_of(const json& x) { return x.dump(-1, ' ', false, json::error_handler_t::replace); }

json json_of(const batch_running& x) {
  return {{"run", x.number}, {"began", x.began}, {"figures", x.figures}};
}

} // namespace

std::string to_json(const batch_record& x) {
  return text_of({{"version", x.version},
                  {"slot", x.slot},
                  {"last_run", x.last_run},
                  {"failures", x.failures},
                  {"ended", x.ended},
                  {"failing_since", x.failing_since},
                  {"took_ms", x.took_ms},
                  {"why", x.why},
                  {"missed", x.missed},
                  {"succeeded", x.succeeded},
                  {"snapshot", x.snapshot},
                  {"run", x.run},
                  {"rows", x.rows}});
}

std::string to_json(const batch_running& x) { return text_of(json_of(x)); }

/// Numbers are text, because Lua's are doubles.
std::string to_json(const batch_step& x) {
  json records = json::object();
  for (auto& [name, record] : x.records)
    records[name] = to_json(record);
  return text_of({{"next", std::to_string(x.next_number)},
                  {"running", x.running ? to_json(*x.running) : ""},
                  {"begins", x.running ? x.running->figures : std::vector<std::string>{}},
                  {"records", records},
                  {"replaced", x.replaced},
                  {"dropped", x.dropped},
                  {"answered", x.answered},
                  {"history", x.history},
                  {"add",
                   {{"completed", std::to_string(x.completed)},
                    {"failed", std::to_string(x.failed)},
                    {"missed", std::to_string(x.missed)}}},
                  {"shown", x.shown}});
}

std::optional<batch_record> batch_record_from_json(const std::string& text) {
  try {
    auto from = json::parse(text);
    batch_record x;
    from.at("version").get_to(x.version);
    from.at("slot").get_to(x.slot);
    from.at("last_run").get_to(x.last_run);
    from.at("failures").get_to(x.failures);
    from.at("ended").get_to(x.ended);
    from.at("failing_since").get_to(x.failing_since);
    from.at("took_ms").get_to(x.took_ms);
    from.at("why").get_to(x.why);
    from.at("missed").get_to(x.missed);
    from.at("succeeded").get_to(x.succeeded);
    from.at("snapshot").get_to(x.snapshot);
    from.at("run").get_to(x.run);
    from.at("rows").get_to(x.rows);
    return x;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<batch_running> batch_running_from_json(const std::string& text) {
  try {
    auto from = json::parse(text);
    return batch_running{from.at("run").get<std::uint64_t>(), from.at("began").get<std::int64_t>(),
                         from.at("figures").get<std::vector<std::string>>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace millrace::redis
