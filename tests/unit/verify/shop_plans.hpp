#pragma once

/// Plans by hand, as far as verify reads them: outputs, target, time key, SQL.

#include "actors/figures/plan/plan.hpp"

namespace millrace::test {

using postgres::column_type;

inline output_column key(std::string name, column_type type, std::uint16_t index = 0) {
  return {std::move(name), output_column::kind::key, index, type, 0};
}

inline output_column shown(std::string name, column_type type = column_type::bigint) {
  return {std::move(name), output_column::kind::aggregate, 0, type, 0};
}

/// Returns a template of literals and placeholders: "customer:{0}:stats".
inline name_template named(const std::string& text, bool encode = true) {
  name_template out;
  out.encode = encode;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      literal += text[i];
      continue;
    }
    if (!literal.empty())
      out.pieces.push_back({literal, std::nullopt});
    literal.clear();
    out.pieces.push_back({"", static_cast<std::uint16_t>(text[i + 1] - '0')});
    i += 2;
  }
  if (!literal.empty())
    out.pieces.push_back({literal, std::nullopt});
  return out;
}

inline figure_plan figure(std::string name, target_kind what, const std::string& to, std::string sql,
                          std::vector<output_column> outputs) {
  figure_plan out;
  out.name = std::move(name);
  out.sql = std::move(sql);
  out.outputs = std::move(outputs);
  out.place.what = what;
  out.place.key = named(to);
  return out;
}

inline figure_plan with_member(figure_plan x, const std::string& member, std::uint16_t shown) {
  x.place.member = named(member, false);
  x.place.shown = shown;
  return x;
}

} // namespace millrace::test
