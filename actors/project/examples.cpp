#include "actors/project/examples.hpp"

#include "messages/visible.hpp"

#include <algorithm>
#include <tuple>

namespace millrace::project {

namespace {

using postgres::column;
using postgres::column_type;
using postgres::table;

/// A figure that can become an example.
struct candidate {
  std::string about;    ///< a description for people
  std::string text;     ///< target line and query
  std::string left_out; ///< why it is a comment although it can be planned
};

/// Returns a name as part of a Redis key, a figure's name or a file's name: without spaces, braces and
/// slashes.
std::string plain(const std::string& name) {
  std::string out;
  for (unsigned char c : visible(name))
    out += std::isalnum(c) || c == '_' || c == '-' || c >= 0x80 ? static_cast<char>(c) : '_';
  return out;
}

std::string plain(const table_name& x) {
  return x.first == "public" ? plain(x.second) : plain(x.first) + "." + plain(x.second);
}

bool is_usable(const column& x) { return x.type != column_type::other && !x.generated; }

bool is_summable(const column& x) {
  switch (x.type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
  case column_type::numeric:
    return !x.generated;
  default:
    return false;
  }
}

/// Returns the most meaningful column to sum: not a key, and preferably with decimals.
std::optional<std::uint16_t> to_sum(const table& of) {
  std::optional<std::uint16_t> best;
  for (std::uint16_t i = 0; i < of.columns.size(); ++i) {
    auto in = [&](const std::vector<std::uint16_t>& x) {
      return std::find(x.begin(), x.end(), i) != x.end();
    };
    auto& x = of.columns[i];
    if (!is_summable(x) || in(of.primary_key)
        || std::any_of(of.foreign_keys.begin(), of.foreign_keys.end(),
                       [&](auto& key) { return in(key.columns); }))
      continue;
    if (!best || (x.type == column_type::numeric && of.columns[*best].type != column_type::numeric))
      best = i;
  }
  return best;
}

/// Writes the figures of one table.
class author {
 public:
  author(const table& of, const facts& there, std::string stem, bool rows)
      : of_(of), there_(there), stem_(std::move(stem)), rows_(rows) {}

  std::vector<candidate> all() const {
    std::vector<candidate> out{count()};
    if (auto sum = to_sum(of_)) {
      out.push_back(total(*sum));
      for (auto& key : of_.foreign_keys)
        if (out.size() < 4)
          out.push_back(by(key, *sum));
    } else if (!of_.foreign_keys.empty()) {
      out.push_back(by(of_.foreign_keys.front(), std::nullopt));
    }
    out.push_back(rows());
    return out;
  }

 private:
  std::string name(const std::string& x) const { return sql_name(x, there_.keywords); }
  std::string from() const { return " FROM " + sql_name({of_.schema, of_.name}, there_.keywords); }
  std::string column_name(std::uint16_t i) const { return name(of_.columns[i].name); }

  candidate count() const {
    return {"How many rows there are",
            "-- redis: string " + stem_ + ":count name " + stem_ + "_count\n" + "SELECT count(*) AS count"
                + from() + ";",
            ""};
  }

  candidate total(std::uint16_t sum) const {
    auto label = plain(of_.columns[sum].name);
    return {"The sum over all rows",
            "-- redis: string " + stem_ + ":sum:" + label + " name " + stem_ + "_sum_" + label + "\n"
                + "SELECT sum(" + column_name(sum) + ") AS sum" + from() + ";",
            ""};
  }

  candidate by(const postgres::foreign_key& key, std::optional<std::uint16_t> sum) const {
    std::string columns, places, label;
    for (auto i : key.columns) {
      columns += (columns.empty() ? "" : ", ") + column_name(i);
      places += ":{" + of_.columns[i].name + "}";
      label += (label.empty() ? "" : "_") + plain(of_.columns[i].name);
    }
    auto shown = sum ? ", sum(" + column_name(*sum) + ") AS " + name("sum_" + of_.columns[*sum].name) : "";
    return {"By foreign key, for each row of " + key.schema + "." + key.table,
            "-- redis: hash " + stem_ + ":by_" + label + places + " name " + stem_ + "_by_" + label + "\n"
                + "SELECT " + columns + ", count(*) AS count" + shown + from() + "\nGROUP BY " + columns
                + ";",
            ""};
  }

  candidate rows() const {
    std::string columns, places, without;
    for (auto& x : of_.columns)
      if (is_usable(x))
        columns += (columns.empty() ? "" : ", ") + name(x.name);
      else
        without +=
            (without.empty() ? "" : ", ") + x.name
            + (x.generated ? " (generated: it never comes in the log)" : " (of type " + x.type_name + ")");
    for (auto i : of_.primary_key)
      places += (places.empty() ? ":row:{" : ":{") + of_.columns[i].name + "}";
    return {"The rows as JSON" + (without.empty() ? "" : ", without " + without),
            "-- redis: json " + stem_ + places + " name " + stem_ + "_rows\n" + "SELECT "
                + (without.empty() ? "*" : columns) + from() + ";",
            rows_ ? ""
                  : "the table is large, and each row would be a key in Redis; take the dashes away if you "
                    "want it"};
  }

  const table& of_;
  const facts& there_;
  std::string stem_;
  bool rows_;
};

/// Returns a figure's lines as a comment. Each newline is one of the file's, because names contain none.
std::string as_comment(const std::string& text) {
  std::string out = "-- ";
  for (auto c : visible_lines(text)) {
    out += c;
    if (c == '\n')
      out += "-- ";
  }
  return out + "\n";
}

std::string reason(const refusal& x) {
  return visible(x.message + (x.advice.empty() ? "" : " (" + x.advice + ")"));
}

std::string megabytes(std::uint64_t bytes) {
  return bytes < 1u << 20 ? std::to_string((bytes + 1023) >> 10) + " kB"
                          : std::to_string(bytes >> 20) + " MB";
}

/// The examples in files. A figure that the planner refuses becomes a comment.
class book {
 public:
  book(const std::vector<table>& catalog, const facts& there, const std::vector<std::string>& schemas,
       const database_answers& answers, const std::string& key_prefix, const example_limits& limits)
      : catalog_(catalog), there_(there), schemas_(schemas), answers_(answers), key_prefix_(key_prefix),
        limits_(limits) {}

  examples write() {
    for (auto* x : by_size())
      add(*x);
    return std::move(out_);
  }

 private:
  std::vector<const table*> by_size() const {
    std::vector<const table*> out;
    for (auto& x : catalog_)
      if (there_.tables.count({x.schema, x.name}))
        out.push_back(&x);
    std::stable_sort(out.begin(), out.end(), [&](auto* a, auto* b) { return bytes(*a) > bytes(*b); });
    return out;
  }

  std::uint64_t bytes(const table& x) const { return there_.tables.at({x.schema, x.name}).bytes; }

  std::optional<refusal> refused(const std::string& text, std::vector<source_file> beside = {}) const {
    beside.push_back({"new.sql", text});
    auto planned = plan_texts(beside, catalog_, schemas_, answers_, key_prefix_);
    return planned.refusals.empty() ? std::nullopt : std::optional(planned.refusals.back());
  }

  std::string free_stem(const table& x) const {
    auto stem = plain(table_name{x.schema, x.name});
    auto taken = [&](const std::string& name) {
      return std::any_of(out_.files.begin(), out_.files.end(),
                         [&](auto& file) { return file.name == name + ".sql"; });
    };
    auto out = stem;
    for (int i = 2; taken(out); ++i)
      out = stem + "_" + std::to_string(i);
    return out;
  }

  void add(const table& x) {
    table_report report{{x.schema, x.name}, bytes(x), "", 0, ""};
    auto stem = free_stem(x);
    auto candidates = author(x, there_, stem, bytes(x) <= limits_.bytes_of_rows).all();
    if (auto why = refused(candidates.front().text))
      report.refused = reason(*why);
    else if (out_.files.size() < limits_.tables)
      write(x, stem, candidates, report);
    out_.tables.push_back(std::move(report));
  }

  /// Similar names can make the figures of two tables collide. This is rare, so it isn't checked for each
  /// file: a check of all files asks the server about all figures.
  void write(const table& x, const std::string& stem, const std::vector<candidate>& candidates,
             table_report& report) {
    auto [file, figures] = written(x, stem, candidates, {});
    if (refused(file.text, out_.files))
      std::tie(file, figures) = written(x, stem, candidates, out_.files);
    report.file = file.name;
    report.figures = figures;
    out_.files.push_back(std::move(file));
  }

  /// Returns the file and its number of figures. Figures that are refused together with `beside` become
  /// comments.
  std::pair<source_file, std::size_t> written(const table& x, const std::string& stem,
                                              const std::vector<candidate>& candidates,
                                              const std::vector<source_file>& beside) const {
    source_file file{stem + ".sql", "-- "
                                        + visible("Figures of " + x.schema + "." + x.name + " ("
                                                  + megabytes(bytes(x)) + "). In Redis each key begins with "
                                                  + (key_prefix_.empty() ? "nothing else" : key_prefix_))
                                        + ".\n"};
    std::size_t figures = 0;
    for (auto& each : candidates) {
      auto why = each.left_out;
      if (auto no = why.empty() ? refused(file.text + each.text, beside) : std::nullopt)
        why = reason(*no);
      file.text += "\n-- " + visible(each.about) + (why.empty() ? ".\n" : ". Left out: " + why + ".\n");
      file.text += why.empty() ? each.text + "\n" : as_comment(each.text);
      figures += why.empty() ? 1 : 0;
    }
    return {std::move(file), figures};
  }

  const std::vector<table>& catalog_;
  const facts& there_;
  const std::vector<std::string>& schemas_;
  const database_answers& answers_;
  const std::string& key_prefix_;
  const example_limits& limits_;
  examples out_;
};

} // namespace

examples write_examples(const std::vector<table>& catalog, const facts& there,
                        const std::vector<std::string>& schemas, const database_answers& answers,
                        const std::string& key_prefix, const example_limits& limits) {
  return book(catalog, there, schemas, answers, key_prefix, limits).write();
}

} // namespace millrace::project
