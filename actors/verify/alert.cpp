#include "actors/verify/alert.hpp"

namespace millrace::verify {

namespace {

using phase = alert_subject::phase;

std::string word(phase x) {
  return x == phase::pending ? "pending" : x == phase::firing ? "firing" : "recovering";
}

} // namespace

std::optional<std::string> subject_of(const figure_plan& figure, const text_row& row) {
  auto key = render(figure.place.key, figure.outputs, row);
  return key ? std::optional(key->substr(literal_prefix(figure.place.key).size())) : std::nullopt;
}

std::string active_key(const figure_plan& figure) {
  auto prefix = literal_prefix(figure.place.key); // KEYPREFIXalerts:NAME:
  auto own = "alerts:" + figure.name + ":";
  return prefix.substr(0, prefix.size() - own.size()) + "alerts:active:" + figure.name;
}

std::vector<difference> compare_alert(const figure_plan& figure, const std::set<std::string>& rows,
                                      const std::map<std::string, alert_subject>& ledger,
                                      const std::set<std::string>& active) {
  std::set<std::string> all = rows;
  for (auto& [subject, _] : ledger)
    all.insert(subject);
  all.insert(active.begin(), active.end());
  std::vector<difference> out;
  for (auto& subject : all) {
    auto state = ledger.find(subject);
    auto there = state != ledger.end();
    auto in_result = there && state->second.what != phase::recovering;
    auto fires = there && state->second.what != phase::pending;
    place where{active_key(figure), subject};
    auto text = there ? std::optional(word(state->second.what)) : std::nullopt;
    if (rows.count(subject) != (in_result ? 1u : 0u))
      out.push_back(
          {where, rows.count(subject) ? std::optional<std::string>("a row") : std::nullopt, text, {}});
    else if (active.count(subject) != (fires ? 1u : 0u))
      out.push_back(
          {where, text, active.count(subject) ? std::optional<std::string>("a member") : std::nullopt, {}});
  }
  return out;
}

} // namespace millrace::verify
