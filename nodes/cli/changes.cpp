#include "nodes/cli/changes.hpp"

#include "actors/figures/plan/plan_alignment.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace millrace {

namespace {

using json = nlohmann::json;

std::string name_of(const plan_set& plans, table_id id) {
  auto& x = plans.tables.at(id.value).table;
  return x.schema + "." + x.name;
}

bool fills(const figure_change& x) { return x.step == figure_step::added || x.step == figure_step::changed; }

bool retires(const figure_change& x) {
  return x.step == figure_step::changed || x.step == figure_step::removed;
}

/// Returns the tables that a figure of the new set reads.
std::vector<table_id> tables_of(const wanted_change& x, const figure_change& figure) {
  auto& plan = x.after.figures.at(figure.after->value);
  std::vector<table_id> out{x.after.routes.at(plan.child.value).table};
  if (plan.parent)
    out.push_back(x.after.routes.at(plan.parent->value).table);
  return out;
}

/// Returns the number in the first row's first column. Returns -1 if there is none.
std::int64_t number(postgres::session& db, const std::string& sql) {
  auto answer = db.query_rows(sql);
  if (!answer || answer->rows.empty() || !answer->rows[0][0])
    return -1;
  return std::stoll(*answer->rows[0][0]);
}

/// Returns PostgreSQL's estimate of the figure's rows. Each row has about one place.
std::int64_t rows_of_query(postgres::session& db, const std::string& sql) {
  auto answer = db.query_rows("EXPLAIN (FORMAT JSON) " + sql);
  if (!answer || answer->rows.empty() || !answer->rows[0][0])
    return -1;
  auto plan = json::parse(*answer->rows[0][0], nullptr, false);
  if (!plan.is_array() || plan.empty())
    return -1;
  return plan[0].value("Plan", json::object()).value("Plan Rows", std::int64_t{-1});
}

std::int64_t rows_of_table(postgres::session& db, const std::string& schema, const std::string& table) {
  return number(db, "SELECT greatest(c.reltuples::bigint, coalesce(s.n_live_tup, -1)) FROM pg_class c "
                    "JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE n.nspname = "
                        + postgres::quoted_text(schema) + " AND c.relname = " + postgres::quoted_text(table));
}

std::int64_t places_of(const settings& how, postgres::session& db, const figure_plan& figure) {
  if (figure.what != figure_kind::rolled_up)
    return rows_of_query(db, figure.sql);
  auto store = open_store(how, plan_set{});
  auto groups = store ? store->groups_of(figure.name) : result<std::int64_t>(store.why());
  return groups ? *groups : -1;
}

std::string about(std::int64_t n, const std::string& what) {
  return n < 0 ? "an unknown number of " + what : "about " + std::to_string(n) + " " + what;
}

std::string joined(const std::vector<std::string>& x) {
  std::string out;
  for (auto& each : x)
    out += (out.empty() ? "" : ", ") + each;
  return out;
}

std::vector<std::string> names_of(const plan_set& plans, const std::set<table_id>& tables) {
  std::vector<std::string> out;
  for (auto id : tables)
    out.push_back(name_of(plans, id));
  return out;
}

/// Returns the figures to fill, by table and by whether the table is read again.
std::map<std::pair<std::string, bool>, std::vector<std::string>> sources_of(const wanted_change& x) {
  std::map<std::pair<std::string, bool>, std::vector<std::string>> out;
  for (auto& figure : x.change.figures)
    if (fills(figure))
      for (auto table : tables_of(x, figure))
        out[{name_of(x.after, table), figure.lacks.count(table) > 0}].push_back(figure.name);
  return out;
}

void print_figures(std::ostream& out, const wanted_change& x) {
  std::size_t unchanged = 0;
  for (auto& figure : x.change.figures) {
    if (figure.step == figure_step::unchanged) {
      ++unchanged;
      continue;
    }
    auto sign = figure.step == figure_step::added ? '+' : figure.step == figure_step::changed ? '~' : '-';
    out << "  " << sign << " " << std::left << std::setw(30) << figure.name << " " << to_text(figure.step);
    if (fills(figure))
      out << (figure.lacks.empty() ? ", filled from rows in memory"
                                   : ", filled once " + joined(names_of(x.after, figure.lacks))
                                         + (figure.lacks.size() > 1 ? " have" : " has") + " been read again");
    out << "\n";
  }
  for (auto& batch : x.change.batches) {
    if (batch.step == figure_step::unchanged) {
      ++unchanged;
      continue;
    }
    auto sign = batch.step == figure_step::added ? '+' : batch.step == figure_step::changed ? '~' : '-';
    out << "  " << sign << " " << std::left << std::setw(30) << batch.name << " " << to_text(batch.step)
        << (batch.step == figure_step::removed ? ", a batch figure"
                                               : ", a batch figure: its first run follows")
        << "\n";
  }
  out << "  = " << unchanged << " unchanged\n";
}

} // namespace

std::vector<std::string> wanted_change::new_tables() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < after.tables.size(); ++i)
    if (after.tables[i].captured && (i >= before.tables.size() || !before.tables[i].captured))
      out.push_back(name_of(after, {static_cast<std::uint16_t>(i)}));
  return out;
}

result<wanted_change> compare(const settings& how, const plan_set& files) {
  auto found = ledger_format_of(how);
  if (!found)
    return found.why();
  wanted_change out;
  out.found = std::move(*found);
  try {
    out.before = stored_plans::read(out.found).plans;
  } catch (const std::exception& x) {
    return error{errc::corrupt, std::string("the ledger's plans can't be read: ") + x.what()};
  }
  out.after = aligned(files, out.before);
  out.change = difference(out.before, out.after);
  return out;
}

change_costs estimate(const settings& how, postgres::session& db, const wanted_change& x) {
  change_costs out;
  for (auto& figure : x.change.figures) {
    if (retires(figure))
      out.places[figure.name] = places_of(how, db, x.before.figures.at(figure.before->value));
    if (!fills(figure))
      continue;
    for (auto id : tables_of(x, figure)) {
      auto& table = x.after.tables.at(id.value).table;
      out.rows.try_emplace(name_of(x.after, id), rows_of_table(db, table.schema, table.name));
    }
  }
  return out;
}

std::string to_text(const wanted_change& x, const change_costs& costs) {
  std::ostringstream out;
  if (x.change.nothing()) {
    out << "Nothing to do: " << x.change.figures.size() + x.change.batches.size()
        << " figures are as their files say.\n";
    return out.str();
  }
  out << "Figures\n";
  print_figures(out, x);
  if (!costs.places.empty())
    out << "Places to be deleted\n";
  for (auto& figure : x.change.figures)
    if (retires(figure))
      out << "  " << x.before.figures.at(figure.before->value).target_line << ": "
          << about(costs.places.at(figure.name), "places") << "\n";
  auto sources = sources_of(x);
  if (!sources.empty())
    out << "Rows\n";
  for (auto& [from, figures] : sources)
    out << "  " << from.first << ": " << about(costs.rows.at(from.first), "rows")
        << (from.second ? ", read again by a snapshot" : ", in memory") << ", for " << joined(figures)
        << "\n";
  if (auto tables = x.new_tables(); !tables.empty())
    out << "Tables that the connector and the publication are given\n  " << joined(tables) << "\n";
  return out.str();
}

std::string to_json(const wanted_change& x, const change_costs& costs) {
  auto known = [](std::int64_t n) { return n < 0 ? json(nullptr) : json(n); };
  auto figures = json::array(), deleted = json::array(), rows = json::array(), batches = json::array();
  for (auto& batch : x.change.batches)
    batches.push_back({{"name", batch.name}, {"step", to_text(batch.step)}});
  for (auto& figure : x.change.figures) {
    json one{{"name", figure.name}, {"step", to_text(figure.step)}};
    if (fills(figure)) {
      one["filled_from"] = figure.lacks.empty() ? "memory" : "snapshot";
      one["read_again"] = names_of(x.after, figure.lacks);
    }
    figures.push_back(std::move(one));
    if (retires(figure))
      deleted.push_back({{"figure", figure.name},
                         {"place", x.before.figures.at(figure.before->value).target_line},
                         {"places", known(costs.places.at(figure.name))}});
  }
  for (auto& [from, names] : sources_of(x))
    rows.push_back({{"table", from.first},
                    {"from", from.second ? "snapshot" : "memory"},
                    {"rows", known(costs.rows.at(from.first))},
                    {"figures", names}});
  return json{{"nothing_to_do", x.change.nothing()},
              {"figures", figures},
              {"batches", batches},
              {"deleted", deleted},
              {"rows", rows},
              {"new_tables", x.new_tables()}}
      .dump(2);
}

} // namespace millrace
