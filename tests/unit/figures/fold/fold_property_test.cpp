// The main test of the figures: random queries of the subset over random
// histories, spread over cells, are text for text what PostgreSQL answers.

#include "actors/figures/language/clock_text.hpp"
#include "actors/figures/plan/planner.hpp"
#include "tests/unit/figures/fold/fold_cells.hpp"
#include "tests/unit/figures/fold/fold_world.hpp"
#include "tests/unit/figures/fold/random_figures.hpp"
#include "tests/unit/postgres_server.hpp"

#include <filesystem>
#include <fstream>

#define CAF_SUITE figures.fold_property
#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// A folder of one figures' file.
class figures_folder {
 public:
  figures_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "millrace-figures-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("can't make a temporary folder");
    path_ = pattern;
  }
  ~figures_folder() { std::filesystem::remove_all(path_); }

  planning plan(const std::string& text, postgres::session& db) {
    std::ofstream(path_ + "/figures.sql") << text;
    return plan_figures({path_}, db);
  }

 private:
  std::string path_;
};

std::string encoded(const std::string& text) {
  std::string out;
  for (auto c : text)
    out += c == ':' ? std::string("%3A") : c == '%' ? std::string("%25") : std::string(1, c);
  return out;
}

/// Returns the name for one row of PostgreSQL's answer; nullopt if a placeholder is NULL.
std::optional<std::string> rendered(const name_template& by, const figure_plan& plan,
                                    const postgres::text_row& x) {
  using enum postgres::column_type;
  std::string out;
  for (auto& piece : by.pieces) {
    if (!piece.output) {
      out += piece.literal;
      continue;
    }
    auto& value = x.at(*piece.output);
    if (!value)
      return std::nullopt;
    auto type = plan.outputs[*piece.output].type;
    auto free = type == text || type == varchar || type == enumeration;
    out += by.encode && free ? encoded(*value) : *value;
  }
  return out;
}

/// Adds what one figure's own query says Redis holds, with now() at this tick.
void expect(model_redis& to, const figure_plan& plan, postgres::session& db, tick_seconds now) {
  auto sql = with_clock(plan.sql.substr(0, plan.sql.find_last_not_of("; \n") + 1), now);
  auto answer = db.query_rows("SELECT q.*, row_to_json(q)::text FROM (" + sql + ") q");
  if (!answer)
    CAF_FAIL(answer.why().message << "\n" << sql);
  auto& place = plan.place;
  for (auto& x : answer->rows) {
    auto key = rendered(place.key, plan, x), member = rendered(place.member, plan, x);
    if (!key || !member)
      continue;
    std::set<std::uint16_t> used;
    for (auto& piece : place.key.pieces)
      if (piece.output)
        used.insert(*piece.output);
    if (place.what == target_kind::json)
      to[*key][""] = *x.back();
    else if (place.what == target_kind::hash) {
      for (std::uint16_t i = 0; i < plan.outputs.size(); ++i)
        if (x[i] && !used.contains(i))
          to[*key][plan.outputs[i].name] = *x[i];
    } else if (auto& shown = x.at(place.shown)) {
      auto zset = place.what == target_kind::zset;
      if (!zset || *shown != "NaN")
        to[*key][*member] = zset ? model_rollups::score(*shown) : *shown;
    }
  }
}

void load(const world& from, postgres::session& db) {
  auto done = db.execute("SET session_replication_role = replica; TRUNCATE p, c, q, d");
  CAF_REQUIRE(static_cast<bool>(done));
  for (auto& table : from.tables) {
    auto copied = db.copy_in("COPY " + table.of.name + " FROM STDIN", world::copy_text(table));
    if (!copied)
      CAF_FAIL(copied.why().message);
  }
}

std::string differences(const model_redis& ours, const model_redis& theirs) {
  std::string out;
  auto line = [&](const std::string& key, const std::string& field, const std::string& is,
                  const std::string& should) {
    if (out.size() < 3000)
      out += "  " + key + " [" + field + "] is " + is + ", PostgreSQL says " + should + "\n";
  };
  auto at = [](const model_redis& x, const std::string& key, const std::string& field) -> std::string {
    auto place = x.find(key);
    if (place == x.end() || !place->second.contains(field))
      return "absent";
    return "'" + place->second.at(field) + "'";
  };
  model_redis all = ours;
  for (auto& [key, fields] : theirs)
    all[key].insert(fields.begin(), fields.end());
  for (auto& [key, fields] : all)
    for (auto& [field, text] : fields)
      if (at(ours, key, field) != at(theirs, key, field))
        line(key, field, at(ours, key, field), at(theirs, key, field));
  return out;
}

/// Delivers each table's records in order, the tables in any; now and then some
/// of a table's come again, or one twice.
class delivery {
 public:
  delivery(const world& from, model_cells& to, random_source& random)
      : from_(from), to_(to), random_(random), next_(from.tables.size()) {}

  void deliver_all() {
    for (auto left = waiting(); !left.empty(); left = waiting()) {
      auto i = random_.of(left);
      if (random_.one_in(20))
        next_[i] -= std::min(next_[i], 1 + random_.below(8));
      deliver(i, next_[i]++);
    }
  }

  /// Shows every row again, as a snapshot does.
  void snapshot() {
    for (auto& table : from_.tables)
      for (auto& [key, x] : table.rows)
        to_.apply_record(table.of, {std::nullopt, x});
  }

 private:
  std::vector<std::size_t> waiting() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < next_.size(); ++i)
      if (next_[i] < from_.tables[i].records.size())
        out.push_back(i);
    return out;
  }

  void deliver(std::size_t table, std::size_t number) {
    auto& x = from_.tables[table].records[number];
    for (auto times = random_.one_in(20) ? 2 : 1; times-- > 0;)
      to_.apply_record(from_.tables[table].of, x);
  }

  const world& from_;
  model_cells& to_;
  random_source& random_;
  std::vector<std::size_t> next_;
};

/// Some seconds on, a day, or right at a moment at which rows of fold_world.hpp enter and leave.
tick_seconds later(tick_seconds now, random_source& random) {
  auto step = random.one_in(6) ? 86'400 : random.one_in(2) ? 50 : random.between(1, 120);
  return {now.value + step};
}

} // namespace

CAF_TEST(random figures over random histories are text for text what PostgreSQL answers) {
  random_source first;
  CAF_MESSAGE("seed " << first.seed());
  auto server = postgres_server::start(15630);
  auto db = postgres::session::open(server->settings());
  CAF_REQUIRE(static_cast<bool>(db));
  CAF_REQUIRE(static_cast<bool>(db->execute(world_schema)));
  auto catalog = db->load_catalog();
  CAF_REQUIRE(static_cast<bool>(catalog));
  figures_folder folder;
  for (std::size_t history = 0; history < cases(25); ++history) {
    random_source random(first.seed() + history);
    random_figures figures(*catalog, random);
    std::string text;
    for (std::size_t i = 0; i < 20; ++i)
      text += figures.make(i) + "\n";
    auto planned = folder.plan(text, *db);
    for (auto& x : planned.refusals)
      CAF_ERROR("seed " << random.seed() << ": " << to_text(x));
    if (!planned.refusals.empty())
      break;
    auto& plans = planned.plans;
    world tables(*catalog, random);
    model_cells cells(plans, random, random.one_in(2));
    delivery stream(tables, cells, random);
    std::string wrong;
    for (int round = 0; round < 4 && wrong.empty(); ++round) {
      for (auto changes = random.below(250); changes-- > 0;)
        tables.change();
      if (random.one_in(2))
        cells.set_clock(later(cells.clock(), random));
      stream.deliver_all();
      if (random.one_in(2))
        cells.set_clock(later(cells.clock(), random));
      cells.publish();
      if (round == 0)
        cells.open();
      if (random.one_in(3))
        stream.snapshot();
      cells.drain();
      load(tables, *db);
      model_redis expected;
      for (auto& plan : plans.figures)
        expect(expected, plan, *db, cells.clock());
      wrong = differences(cells.shown(), expected) + cells.complaint;
      if (random.one_in(2))
        cells.restart_some();
    }
    if (!wrong.empty()) {
      CAF_ERROR("seed " << random.seed() << ":\n" << wrong << "of the figures\n" << text);
      break;
    }
    CAF_CHECK(cells.retired().empty());
  }
}
