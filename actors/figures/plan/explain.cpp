#include "actors/figures/plan/explain.hpp"

#include "actors/figures/plan/planner.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

namespace millrace {

namespace {

using postgres::column_type;

/// The bytes of the hash table's entry, two strings, and the allocator's overhead.
constexpr std::size_t bytes_of_entry = 120;
constexpr std::size_t bytes_of_mark = 16;

/// The bytes of an entry of the schedule: a tree node, and the row's name.
constexpr std::size_t bytes_of_turn = 100;

/// Returns the column's typical size in bytes, packed with msgpack.
std::size_t usual_bytes(const postgres::column& x) {
  switch (x.type) {
  case column_type::boolean:
    return 1;
  case column_type::smallint:
    return 3;
  case column_type::integer:
  case column_type::date:
  case column_type::enumeration:
    return 6;
  case column_type::uuid:
    return 38;
  case column_type::text:
  case column_type::varchar:
  case column_type::bpchar:
    return 24;
  case column_type::json:
  case column_type::jsonb:
  case column_type::bytea:
    return 200;
  default:
    return 9;
  }
}

std::string table_name(const postgres::table& x) { return x.schema + "." + x.name; }

const postgres::table& table_of(const route& x, const plan_set& plans) {
  return plans.tables[x.table.value].table;
}

std::string names(const postgres::table& of, const std::vector<std::uint16_t>& columns) {
  std::string out;
  for (auto number : columns)
    out += (out.empty() ? "" : ", ") + of.columns[number].name;
  return out.empty() ? "none" : out;
}

std::string kept_of(const route& x, const plan_set& plans) {
  std::vector<std::uint16_t> kept(x.columns.begin(), x.columns.begin() + x.kept);
  return table_name(table_of(x, plans)) + ": " + names(table_of(x, plans), kept) + " (about "
         + std::to_string(bytes_per_row(x, plans)) + " bytes a row, shared by all figures)";
}

std::string word(figure_kind x) {
  switch (x) {
  case figure_kind::projection:
    return "projection: each row is a place";
  case figure_kind::keyed:
    return "keyed: a group lives in one cell";
  case figure_kind::rolled_up:
    return "rolled up: the cells' parts meet in Redis";
  }
  return {};
}

std::string cost(const figure_plan& x) {
  if (x.what == figure_kind::projection)
    return "one write for each row whose text changed";
  auto best = std::any_of(x.aggregates.begin(), x.aggregates.end(), [](auto& a) {
    return a.what == aggregate_kind::min || a.what == aggregate_kind::max;
  });
  std::string out = x.what == figure_kind::keyed
                        ? "one write for each group that changed, once a flush"
                        : "one merge for each group that changed, once a flush and node";
  if (best)
    out += "; min and max keep 16 bytes for each distinct value";
  if (x.parent)
    out += "; a parent that changes moves one partial, not its rows";
  return out;
}

template <class Figure>
std::string shown(const Figure& x) {
  std::string out;
  for (auto& output : x.outputs)
    out += (out.empty() ? "" : ", ") + output.name;
  return out;
}

template <class Figure>
std::string heading(const Figure& x, const plan_set& plans) {
  auto out = x.name + "  (" + x.file + ":" + std::to_string(x.line) + ")\n";
  out += "  place     " + x.target_line.substr(x.target_line.find_first_not_of(' '))
         + (plans.key_prefix.empty() ? "" : "; before the key comes " + plans.key_prefix) + "\n";
  return out + "  columns   " + shown(x) + "\n";
}

std::string times_of(const batch_plan& x) {
  return x.every_seconds > 0 ? "every " + std::to_string(x.every_seconds) + " s" : "at '" + x.cron + "' UTC";
}

/// Returns the project's files that none of `these` replaces.
std::vector<source_file> others(const std::vector<source_file>& these,
                                const std::vector<std::string>& beside) {
  std::vector<refusal> unread; // the project's own check reports these
  auto out = read_figure_files(beside, unread);
  auto named = [](auto& file) { return std::filesystem::path(file.name).filename(); };
  std::erase_if(out, [&](auto& x) {
    return std::any_of(these.begin(), these.end(), [&](auto& y) { return named(x) == named(y); });
  });
  return out;
}

/// Returns the refusals that appear only when the files and the others are planned together.
std::vector<refusal> clashes(const std::vector<std::string>& paths, const std::vector<std::string>& beside,
                             postgres::session& db, const std::string& key_prefix) {
  std::vector<refusal> unread;
  auto all = read_figure_files(paths, unread);
  auto rest = others(all, beside);
  auto catalog = db.load_catalog();
  if (rest.empty() || !catalog)
    return {};
  auto refusals_of = [&](const std::vector<source_file>& files) {
    return plan_texts(files, *catalog, db.configuration().schemas, answers_of(db), key_prefix).refusals;
  };
  std::set<std::string> known;
  for (auto& x : refusals_of(rest))
    known.insert(to_text(x));
  all.insert(all.end(), rest.begin(), rest.end());
  auto out = refusals_of(all);
  std::erase_if(out, [&](auto& x) { return known.count(to_text(x)) > 0; });
  return out;
}

} // namespace

std::size_t bytes_per_row(const route& x, const plan_set& plans) {
  auto& table = table_of(x, plans);
  auto out = bytes_of_entry;
  for (auto number : table.primary_key)
    out += usual_bytes(table.columns[number]);
  for (std::size_t i = 0; i < x.kept; ++i)
    out += usual_bytes(table.columns[x.columns[i]]);
  if (x.own)
    for (auto& figure : plans.figures)
      if (figure.what == figure_kind::projection && &plans.routes[figure.child.value] == &x)
        out += bytes_of_mark;
  return out;
}

std::string explain(const figure_plan& x, const plan_set& plans) {
  auto& child = plans.routes[x.child.value];
  auto& entity = plans.tables[x.entity.value].table;
  auto out = heading(x, plans);
  out += "  kind      " + word(x.what) + "\n";
  out += "  entity    " + table_name(entity) + " by " + names(entity, entity.primary_key);
  if (!child.own)
    out +=
        "; rows of " + table_name(table_of(child, plans)) + " by " + names(table_of(child, plans), child.by);
  out += "\n";
  if (x.what == figure_kind::projection)
    out += "  keeps     the key and a mark of the text last written (about "
           + std::to_string(bytes_per_row(child, plans)) + " bytes a row)\n";
  else
    out += "  keeps     " + kept_of(child, plans) + "\n";
  auto windowed = false;
  for_each_window(x, [&](auto&) { windowed = true; });
  if (windowed)
    out += "  window    the next second at which a row enters or leaves (about "
           + std::to_string(bytes_of_turn) + " bytes for each row that has one)\n";
  if (x.parent)
    out += "            " + kept_of(plans.routes[x.parent->value], plans) + "\n";
  return out + "  a change  costs " + cost(x) + "\n";
}

std::string explain(const batch_plan& x, const plan_set& plans) {
  auto out = heading(x, plans);
  out += "  kind      batch: PostgreSQL runs the query " + times_of(x) + ", in one snapshot\n";
  out += "  a run     writes all places under other names, then replaces the old ones in one step\n";
  for (auto& name : x.volatiles)
    out += "  beware    it calls " + name
           + ", which isn't immutable or stable: the same rows can give another result\n";
  return out;
}

std::string explain(const plan_set& plans) {
  std::string out;
  for (auto& x : plans.figures)
    out += explain(x, plans) + "\n";
  for (auto& x : plans.batches)
    out += explain(x, plans) + "\n";
  if (plans.routes.empty())
    return out;
  out += "memory of the nodes, all together\n";
  for (auto& x : plans.routes)
    out += "  " + table_name(table_of(x, plans)) + " for " + table_name(plans.tables[x.entity.value].table)
           + ": about " + std::to_string(bytes_per_row(x, plans)) + " bytes a row (" + std::to_string(x.kept)
           + " of " + std::to_string(x.columns.size()) + " columns rest, the others pass)\n";
  return out;
}

std::string check_figures(const std::vector<std::string>& paths, postgres::session& db, bool& refused,
                          const std::string& key_prefix, const std::vector<std::string>& beside) {
  auto planned = plan_figures(paths, db, key_prefix);
  if (planned.refusals.empty())
    planned.refusals = clashes(paths, beside, db, key_prefix);
  refused = !planned.refusals.empty();
  if (!refused)
    return explain(planned.plans);
  std::string out;
  for (auto& x : planned.refusals)
    out += to_text(x) + "\n";
  auto count = planned.refusals.size();
  return out + std::to_string(count) + (count == 1 ? " refusal\n" : " refusals\n");
}

} // namespace millrace
