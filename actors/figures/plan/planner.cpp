#include "actors/figures/plan/planner.hpp"

#include "actors/figures/plan/plan_draft.hpp"
#include "actors/figures/plan/plan_version.hpp"
#include "messages/visible.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace millrace {

namespace {

namespace fs = std::filesystem;

/// Returns "orders" for a file with one figure, else "orders.1", "orders.2".
std::string default_name(const source_file& file, std::size_t number, std::size_t of) {
  auto stem = fs::path(file.name).stem().string();
  return of == 1 ? stem : stem + "." + std::to_string(number + 1);
}

/// Refuses control characters in a place's key or a figure's name: both are printed, and are keys in Redis.
void refuse_controls(const std::string& line) {
  auto shown = visible_lines(line);
  if (shown == line)
    return;
  auto at = std::mismatch(line.begin(), line.end(), shown.begin(), shown.end()).first - line.begin();
  refuse_target(static_cast<int>(at), "a control character in the target line",
                "letters, digits and what is between them");
}

void read_target(figure_draft& draft) {
  refuse_controls(draft.text.target);
  auto parsed = parse_target(draft.text.target);
  if (auto* refused = std::get_if<target_refusal>(&parsed))
    refuse_target(refused->at, std::move(refused->message), std::move(refused->advice));
  draft.line = std::get<target_line>(std::move(parsed));
  if (!draft.line.name.empty())
    draft.plan.name = draft.line.name;
}

refusal refused_at(const figure_draft& draft, figure_refused&& x) {
  auto begin = x.in_target ? draft.text.target_at : draft.text.sql_at;
  return draft.file->at(begin + static_cast<std::size_t>(std::max(x.at, 0)), std::move(x.message),
                        std::move(x.advice));
}

/// Resolves the figure and appends it, or adds its refusal. Throws error if the server fails.
void add_figure(figure_draft draft, const figure_context& with, std::vector<figure_draft>& to,
                std::vector<refusal>& refused) {
  try {
    read_target(draft);
    if (draft.line.is_batch()) {
      resolve_batch_query(draft, with);
      resolve_batch_place(draft);
    } else {
      resolve_query(draft, with);
      resolve_place(draft);
    }
    to.push_back(std::move(draft));
  } catch (figure_refused& x) {
    refused.push_back(refused_at(draft, std::move(x)));
  }
}

figure_draft new_draft(const source_file& file, figure_text text, std::string name) {
  figure_draft out;
  out.file = &file;
  out.plan.name = std::move(name);
  out.plan.file = file.name;
  out.plan.line = file.line_of(text.target_at);
  out.plan.sql = text.sql;
  out.plan.target_line = text.target;
  out.text = std::move(text);
  return out;
}

void sort(std::vector<refusal>& refused, const std::vector<source_file>& files) {
  auto number = [&](const refusal& x) {
    return std::find_if(files.begin(), files.end(), [&](auto& file) { return file.name == x.file; })
           - files.begin();
  };
  std::stable_sort(refused.begin(), refused.end(), [&](auto& a, auto& b) {
    return std::tuple(number(a), a.line, a.column) < std::tuple(number(b), b.line, b.column);
  });
}

/// Returns the folders' *.sql files and the files as given, each once, in order of path.
std::vector<std::string> find_files(const std::vector<std::string>& paths, std::vector<refusal>& refused) {
  std::vector<std::string> out;
  for (auto& path : paths) {
    std::error_code absent, failed; // reading reports a missing file
    if (fs::is_directory(path, absent)) {
      for (auto& entry : fs::directory_iterator(path, failed))
        if (entry.path().extension() == ".sql")
          out.push_back(entry.path().string());
    } else {
      out.push_back(path);
    }
    if (failed)
      refused.push_back({path, 0, 0, failed.message(), "a file or folder that can be read", {}});
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// Puts the prefix before every key, so that no other project's keys begin like this one's.
void put_before(const std::string& key_prefix, plan_set& plans) {
  plans.key_prefix = key_prefix;
  for (auto& x : plans.figures) {
    x.place.key.pieces.front().literal.insert(0, key_prefix);
    if (!x.place.newest.empty())
      x.place.newest.insert(0, key_prefix);
    if (!x.place.events.empty())
      x.place.events.insert(0, key_prefix);
    if (!x.place.notify.empty())
      x.place.notify.insert(0, key_prefix);
  }
  for (auto& x : plans.batches)
    x.place.key.pieces.front().literal.insert(0, key_prefix);
}

/// Lays out the live figures, and appends the batch figures. No cell knows of those.
plan_set lay_out_all(std::vector<figure_draft>& drafts, const std::vector<postgres::table>& catalog) {
  std::vector<batch_plan> batches;
  for (auto& x : drafts)
    if (x.line.is_batch())
      batches.push_back(to_batch(x));
  std::erase_if(drafts, [](auto& x) { return x.line.is_batch(); });
  auto out = lay_out(drafts, catalog);
  out.batches = std::move(batches);
  return out;
}

/// Returns the SQL condition for a call of this function.
std::string calls(const called_function& x) {
  auto named = "p.proname = " + postgres::quoted_text(x.name);
  return "(" + named
         + (x.schema.empty() ? " AND pg_function_is_visible(p.oid))"
                             : " AND n.nspname = " + postgres::quoted_text(x.schema) + ")");
}

result<std::vector<std::string>> volatiles_of(postgres::session& db,
                                              const std::vector<called_function>& functions) {
  std::string any;
  for (auto& x : functions)
    any += (any.empty() ? "" : " OR ") + calls(x);
  auto rows = db.query_rows("SELECT DISTINCT p.proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = "
                            "p.pronamespace WHERE p.provolatile = 'v' AND ("
                            + any + ") ORDER BY 1");
  if (!rows)
    return rows.why();
  std::vector<std::string> out;
  for (auto& row : rows->rows)
    out.push_back(row[0].value_or(""));
  return out;
}

} // namespace

std::vector<source_file> read_figure_files(const std::vector<std::string>& paths,
                                           std::vector<refusal>& refused) {
  std::vector<source_file> out;
  for (auto& path : find_files(paths, refused)) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    if (!in || !(text << in.rdbuf() || in.peek() == std::ifstream::traits_type::eof())) {
      refused.push_back({path, 0, 0, "the file can't be read", "a file or folder that can be read", {}});
      continue;
    }
    out.push_back({path, text.str()});
  }
  return out;
}

database_answers answers_of(postgres::session& db) {
  database_answers out;
  out.describe = [&db](const std::string& sql) { return db.describe(sql); };
  out.canonical = [&db](const std::string& type, const std::string& literal) -> result<std::string> {
    auto rows = db.query_rows("SELECT CAST(" + postgres::quoted_text(literal) + " AS " + type + ")::text");
    if (!rows)
      return rows.why();
    return rows->rows[0][0].value_or("");
  };
  out.volatiles = [&db](const std::vector<called_function>& x) { return volatiles_of(db, x); };
  return out;
}

planning plan_texts(const std::vector<source_file>& files, const std::vector<postgres::table>& catalog,
                    const std::vector<std::string>& schemas, const database_answers& answers,
                    const std::string& key_prefix) {
  planning out;
  std::vector<figure_draft> drafts;
  figure_context with{catalog, schemas, answers};
  try {
    for (auto& file : files) {
      auto texts = split_figures(file, out.refusals);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        auto name = default_name(file, i, texts.size());
        add_figure(new_draft(file, std::move(texts[i]), std::move(name)), with, drafts, out.refusals);
      }
    }
  } catch (error& failed) {
    out.refusals.push_back(
        {files.empty() ? "" : files[0].name, 0, 0, failed.message, "PostgreSQL must answer", {}});
    return out;
  }
  refuse_collisions(drafts, out.refusals);
  sort(out.refusals, files);
  if (out.refusals.empty())
    out.plans = lay_out_all(drafts, catalog);
  put_before(key_prefix, out.plans);
  for (auto& x : out.plans.figures)
    x.version = version_of(x, out.plans);
  for (auto& x : out.plans.batches)
    x.version = version_of(x);
  return out;
}

planning plan_figures(const std::vector<std::string>& paths, postgres::session& db,
                      const std::string& key_prefix) {
  planning unread;
  auto files = read_figure_files(paths, unread.refusals);
  auto catalog = db.load_catalog();
  if (!catalog) {
    unread.refusals.push_back(
        {paths.empty() ? "" : paths[0], 0, 0, catalog.why().message, "PostgreSQL must answer", {}});
    return unread;
  }
  auto out = plan_texts(files, *catalog, db.configuration().schemas, answers_of(db), key_prefix);
  out.refusals.insert(out.refusals.begin(), unread.refusals.begin(), unread.refusals.end());
  return out;
}

} // namespace millrace
