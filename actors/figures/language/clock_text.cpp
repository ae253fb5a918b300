#include "actors/figures/language/clock_text.hpp"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

namespace {

/// Where a call of now() stands in the text: bytes from, to.
using span = std::pair<std::size_t, std::size_t>;

using scan = std::unique_ptr<PgQuery__ScanResult, void (*)(PgQuery__ScanResult*)>;

scan tokens_of(const std::string& sql) {
  auto found = pg_query_scan(sql.c_str());
  auto* out = found.error
                  ? nullptr
                  : pg_query__scan_result__unpack(nullptr, found.pbuf.len,
                                                  reinterpret_cast<const std::uint8_t*>(found.pbuf.data));
  pg_query_free_scan_result(found);
  return {out, [](auto* x) { pg_query__scan_result__free_unpacked(x, nullptr); }};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// Returns the calls in order: now ( ), with pg_catalog before it or not. Comments are no tokens of a call.
std::vector<span> calls_of_now(const std::string& sql) {
  std::vector<std::pair<std::string, span>> tokens;
  auto found = tokens_of(sql);
  for (std::size_t i = 0; found && i < found->n_tokens; ++i) {
    auto& token = *found->tokens[i];
    if (token.token == PG_QUERY__TOKEN__SQL_COMMENT || token.token == PG_QUERY__TOKEN__C_COMMENT)
      continue;
    auto from = static_cast<std::size_t>(token.start), to = static_cast<std::size_t>(token.end);
    tokens.push_back({lower(std::string_view(sql).substr(from, to - from)), {from, to}});
  }
  std::vector<span> out;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    auto& name = tokens[i].first;
    if ((name != "now" && name != "\"now\"") || tokens[i + 1].first != "(" || tokens[i + 2].first != ")")
      continue;
    auto qualified = i >= 2 && tokens[i - 1].first == ".";
    out.push_back({tokens[qualified ? i - 2 : i].second.first, tokens[i + 2].second.second});
  }
  return out;
}

} // namespace

std::string with_clock(const std::string& sql, tick_seconds now) {
  auto calls = calls_of_now(sql);
  auto out = sql;
  for (auto call = calls.rbegin(); call != calls.rend(); ++call)
    out.replace(call->first, call->second - call->first,
                "pg_catalog.to_timestamp(" + std::to_string(now.value) + ")");
  return out;
}

} // namespace millrace
