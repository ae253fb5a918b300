#include "actors/ledger/fill_note.hpp"

#include <nlohmann/json.hpp>

namespace millrace {

std::string to_json(const fill_note& x) {
  return nlohmann::json{{"reason", x.reason},
                        {"birth", x.birth.value},
                        {"swept", x.swept.value},
                        {"figures", x.figures},
                        {"tables", x.tables}}
      .dump();
}

fill_note fill_note_from_json(const std::string& text) {
  auto x = nlohmann::json::parse(text, nullptr, false);
  fill_note out;
  if (!x.is_object())
    return out;
  out.reason = x.value("reason", "");
  out.birth.value = x.value("birth", std::uint64_t{0});
  out.swept.value = x.value("swept", std::uint64_t{0});
  out.figures = x.value("figures", std::vector<std::string>{});
  out.tables = x.value("tables", std::vector<std::string>{});
  return out;
}

} // namespace millrace
