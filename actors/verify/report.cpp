#include "actors/verify/report.hpp"

#include "messages/visible.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace::verify {

namespace {

using json = nlohmann::ordered_json;

json nullable(const std::optional<std::string>& x) { return x ? json(*x) : json(nullptr); }

json json_of(const difference& x) {
  json out{{"key", x.where.key}};
  if (x.where.member)
    out["member"] = *x.where.member;
  out["sql"] = nullable(x.expected);
  out["redis"] = nullable(x.found);
  if (!x.note.empty())
    out["refused"] = x.note;
  return out;
}

json json_of(const figure_report& x) {
  json differences = json::array();
  for (auto& d : x.first)
    differences.push_back(json_of(d));
  return {{"figure", x.name},
          {"target", x.target},
          {"file", x.file},
          {"line", x.line},
          {"state", name_of(x.state)},
          {"result", name_of(x.result)},
          {"equal", x.result == outcome::equal},
          {"rows", x.rows},
          {"differing", x.differing},
          {"differences", differences}};
}

std::string line_of(const figure_report& x, std::size_t width) {
  auto out = fmt::format("{:<{}}  {:>10}  {:<8}  {:<10}\n", x.name, width, x.rows, name_of(x.result),
                         name_of(x.state));
  for (auto& d : x.first)
    out += "    " + visible(to_text(d)) + "\n";
  if (x.differing > x.first.size())
    out += fmt::format("    and {} more\n", x.differing - x.first.size());
  return out;
}

} // namespace

std::string_view name_of(figure_state x) {
  static constexpr std::string_view names[] = {"live", "filling", "incomplete", "failed"};
  return names[static_cast<std::size_t>(x)];
}

std::string_view name_of(outcome x) {
  static constexpr std::string_view names[] = {"equal", "differs", "moving", "skipped"};
  return names[static_cast<std::size_t>(x)];
}

int report::exit_code() const {
  auto any = [&](auto rule) { return std::any_of(figures.begin(), figures.end(), rule); };
  if (any([](auto& x) { return x.state == figure_state::live && x.result == outcome::differs; }))
    return 1;
  if (any([](auto& x) { return x.state != figure_state::live; }))
    return 2;
  return any([](auto& x) { return x.result == outcome::moving; }) ? 3 : 0;
}

std::string to_text(const report& x) {
  std::size_t width = 6;
  for (auto& figure : x.figures)
    width = std::max(width, figure.name.size());
  auto out = fmt::format("{:<{}}  {:>10}  {:<8}  {:<10}\n", "figure", width, "rows", "result", "state");
  for (auto& figure : x.figures)
    out += line_of(figure, width);
  auto equal = std::count_if(x.figures.begin(), x.figures.end(),
                             [](auto& figure) { return figure.result == outcome::equal; });
  return out
         + fmt::format("{} of {} figures equal SQL ({:.1f} s)\n", equal, x.figures.size(),
                       static_cast<double>(x.took.count()) / 1000);
}

std::string to_json(const report& x) {
  json figures = json::array();
  for (auto& figure : x.figures)
    figures.push_back(json_of(figure));
  json out{{"equal", x.exit_code() == 0},
           {"exit_code", x.exit_code()},
           {"rounds", x.rounds},
           {"took_ms", x.took.count()},
           {"figures", figures}};
  // A difference can contain bytes that aren't UTF-8, because Redis accepts any.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace millrace::verify
