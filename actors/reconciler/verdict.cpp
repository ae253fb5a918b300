#include "actors/reconciler/verdict.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace millrace {

namespace {

using json = nlohmann::json;

constexpr auto differs = "differs";

/// verify's exit codes (actors/verify/report.hpp).
std::string result_of(int exit_code) {
  switch (exit_code) {
  case 0:
    return "equal";
  case 1:
    return differs;
  case 2:
    return "incomplete";
  case 3:
    return "moving";
  default:
    return "failed";
  }
}

/// Returns the last message that the program gave, on one line. It can have several lines.
std::string last_message(const std::string& text) {
  constexpr std::string_view from = "millrace: ";
  auto begin = text.rfind(from);
  auto out = text.substr(begin == text.npos ? 0 : begin + from.size());
  while (!out.empty() && std::isspace(static_cast<unsigned char>(out.back())))
    out.pop_back();
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return out;
}

/// Returns the figures that differ, in their order, and those of `before` that weren't found equal since.
std::vector<std::string> differing(const json& report, const std::vector<std::string>& before) {
  std::vector<std::string> out;
  for (auto& figure : report.value("figures", json::array())) {
    auto name = figure.value("figure", ""), result = figure.value("result", "");
    auto differed = std::find(before.begin(), before.end(), name) != before.end();
    if (result == differs || (differed && result != "equal"))
      out.push_back(std::move(name));
  }
  return out;
}

} // namespace

void take_verdict(reconciliation_report& report, const judgement& x, std::int64_t now) {
  auto told = json::parse(x.output, nullptr, false);
  auto judged = told.is_object() && told.contains("figures");
  report.ended = now;
  report.result = judged ? result_of(x.exit_code) : "failed";
  report.why.clear();
  if (!judged) { // what was found before still stands
    auto said = last_message(x.error);
    report.why = said.empty() ? "verify ended with code " + std::to_string(x.exit_code) : said;
    return;
  }
  report.differing = differing(told, report.differing);
  report.since = report.differing.empty() ? 0 : report.since > 0 ? report.since : now;
}

} // namespace millrace
