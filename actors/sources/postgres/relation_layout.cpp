#include "actors/sources/postgres/relation_layout.hpp"

#include <algorithm>

namespace millrace::postgres {

relation_layout::relation_layout(const pgoutput::relation& of, const table& planned,
                                 const std::vector<std::uint16_t>& wanted)
    : fields_(planned.columns.size(), of.columns.size()), width_(of.columns.size()) {
  auto sent = [&](std::uint16_t i) {
    return std::find_if(of.columns.begin(), of.columns.end(),
                        [&](auto& x) { return x.name == planned.columns[i].name; });
  };
  for (auto i : wanted) {
    auto found = sent(i);
    fields_[i] = static_cast<std::size_t>(found - of.columns.begin());
    if (found == of.columns.end() && trouble_.empty())
      trouble_ = "the stream doesn't have column " + planned.columns[i].name
                 + ": it was dropped or renamed, is generated, or the publication has a column list";
  }
  for (auto i : planned.primary_key) {
    auto found = sent(i);
    identifies_rows_ = identifies_rows_ && found != of.columns.end() && found->identity;
  }
}

} // namespace millrace::postgres
