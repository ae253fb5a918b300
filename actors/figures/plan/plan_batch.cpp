/// Resolves a batch figure. PostgreSQL knows its query; only names, types and functions are asked for.

#include "actors/figures/language/parse_batch.hpp"
#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

std::vector<output_column> to_outputs(const std::vector<postgres::described_column>& columns) {
  std::vector<output_column> out;
  std::set<std::string> names;
  for (auto& x : columns) {
    if (x.name.empty() || x.name == "?column?")
      refuse_figure(0, "column " + std::to_string(out.size() + 1) + " of the query has no name",
                    "a name for it: ... AS name");
    if (!names.insert(x.name).second)
      refuse_figure(0, "two columns of the query are named " + x.name, "another name for one: ... AS name");
    output_column y;
    y.name = x.name;
    y.what = output_column::kind::column;
    y.index = static_cast<std::uint16_t>(out.size());
    y.type = x.type;
    y.scale = x.scale;
    out.push_back(std::move(y));
  }
  return out;
}

} // namespace

void resolve_batch_query(figure_draft& draft, const figure_context& with) {
  auto functions = parse_batch(draft.text.sql);
  if (!with.answers.describe)
    refuse_figure(0, "only PostgreSQL knows a batch figure's columns", "a connection to PostgreSQL");
  auto told = with.answers.describe(draft.text.sql);
  if (!told)
    throw told.why();
  if (told->refused)
    refuse_figure(static_cast<int>(byte_of_character(draft.text.sql, std::max(told->refused->position, 1))),
                  "PostgreSQL: " + told->refused->message, told->refused->hint);
  draft.plan.outputs = to_outputs(told->columns);
  if (!with.answers.volatiles || functions.empty())
    return;
  auto some = with.answers.volatiles(functions);
  if (!some)
    throw some.why();
  draft.volatiles = std::move(*some);
}

batch_plan to_batch(const figure_draft& from) {
  batch_plan out;
  out.name = from.plan.name;
  out.file = from.plan.file;
  out.line = from.plan.line;
  out.sql = from.plan.sql;
  out.target_line = from.plan.target_line;
  out.every_seconds = from.line.every_seconds;
  out.cron = from.line.cron;
  out.outputs = from.plan.outputs;
  out.place = from.plan.place;
  out.volatiles = from.volatiles;
  return out;
}

} // namespace millrace
