#define CAF_SUITE redis.rollups_random
#include "tests/unit/postgres_server.hpp"
#include "tests/unit/random_source.hpp"
#include "tests/unit/redis/fixture.hpp"
#include "tests/unit/redis/rollup_model.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// A table's rows by cell and group, kept in PostgreSQL too.
struct history {
  explicit history(postgres::session& db) : sql(db) {
    must(sql.execute(
        "DROP TABLE IF EXISTS r; CREATE TABLE r (id bigint, g text, a integer, b bigint, n numeric(18,4),"
        " d date, ts timestamp, tz timestamptz, t time)"));
  }

  template <class T>
  value any(random_source& random, T make) {
    return random.one_in(6) ? value{null_value{}} : value{std::int64_t{make()}};
  }

  model_row any_row(random_source& x) {
    constexpr std::int64_t second = 1'000'000, year = 31'556'952 * second;
    model_row out(col_count, null_value{});
    auto huge = x.one_in(2);
    out[col_a] = any(x, [&] { return x.between(-1'000, 1'000); });
    out[col_b] = any(x, [&] { return huge ? x.between(-(1LL << 62), 1LL << 62) : x.between(-9, 9); });
    out[col_n] = any(x, [&] {
      return huge ? x.between(-999'999'999'999'999'999, 999'999'999'999'999'999) : x.between(-30'000, 30'000);
    });
    if (x.one_in(40))
      out[col_n] = not_a_number{};
    out[col_d] = any(x, [&] { return x.one_in(20) ? plus_infinity : x.between(-900'000, 4'000'000); });
    out[col_ts] = any(x, [&] {
      return x.one_in(20) ? minus_infinity : x.between(-3'000, 10'000) * year + x.between(0, second * 86'400);
    });
    out[col_tz] = any(x, [&] { return x.between(-1'000, 1'000) * year + x.between(0, 60) * second; });
    out[col_t] = any(x, [&] { return x.one_in(9) ? 86'400 * second : x.between(0, 86'400 * second - 1); });
    return out;
  }

  static std::string literal(const value& x, std::size_t column) {
    if (is_null(x))
      return "NULL";
    if (std::holds_alternative<not_a_number>(x))
      return "'NaN'";
    auto n = std::get<std::int64_t>(x);
    auto text = std::to_string(n);
    if (column == col_n)
      return to_text(wide_decimal{wide(n), 4});
    if (column == col_a || column == col_b)
      return text;
    if (n == plus_infinity || n == minus_infinity)
      return n > 0 ? "'infinity'" : "'-infinity'";
    if (column == col_d)
      return "date '1970-01-01' + " + text;
    auto base = column == col_ts   ? "timestamp '1970-01-01'"
                : column == col_tz ? "timestamptz '1970-01-01'"
                                   : "time '00:00'";
    if (column == col_t && n == 86'400'000'000)
      return "time '24:00'";
    return std::string(base) + " + interval '" + text + " microseconds'";
  }

  void insert(const std::string& group, const model_row& x) {
    std::string values = std::to_string(next_id++) + ", '" + group + "'";
    for (std::size_t i = 0; i < x.size(); ++i)
      values += ", " + literal(x[i], i);
    must(sql.execute("INSERT INTO r VALUES (" + values + ")"));
  }

  postgres::session& sql;
  std::int64_t next_id = 0;
};

std::string select_list(const std::vector<model_aggregate>& aggregates) {
  std::string out;
  for (std::size_t i = 0; i < aggregates.size(); ++i)
    out += (i ? ", " : "") + aggregates[i].sql + " AS c" + std::to_string(i);
  return out;
}

struct held_row {
  std::int64_t id;
  model_row content;
};

constexpr int cells = 3;
const std::vector<std::string> bases{"hash", "json", "zset", "field", "total"};
constexpr std::size_t product_sum = 8, number_average = 7; // in model_aggregates()

plan_set figures(const std::vector<model_aggregate>& all) {
  auto out =
      one_table({model_figure(target_kind::hash, all, true), model_figure(target_kind::json, all, true),
                 model_figure(target_kind::zset, {all[product_sum]}, true),
                 model_figure(target_kind::hash_field, {all[number_average]}, true),
                 model_figure(target_kind::json, all, false)});
  for (std::size_t i = 0; i < out.figures.size(); ++i) {
    auto& pieces = out.figures[i].place.key.pieces;
    pieces[0].literal = bases[i] + (pieces.size() == 2 ? ":" : "");
  }
  return out;
}

/// One random history: the same changes to PostgreSQL and, by cells, to Redis.
struct run {
  run(random_source& with, postgres::session& db) : random(with), sql(db), f(figures(aggregates)), table(db) {
    for (int c = 0; c < cells; ++c)
      owned.push_back(f.claim(cell(c)));
  }

  using held_rows = std::map<std::pair<int, std::string>, std::vector<held_row>>; // by cell and group

  void change(bool shrinking) {
    auto group = std::string(1, static_cast<char>('p' + random.below(4)));
    auto& held = rows[{static_cast<int>(random.below(cells)), group}];
    if (held.empty() || (!shrinking && random.one_in(2))) {
      held.push_back({table.next_id, table.any_row(random)});
      table.insert(group, held.back().content);
      return;
    }
    auto gone = random.below(held.size());
    must(sql.execute("DELETE FROM r WHERE id = " + std::to_string(held[gone].id)));
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(gone));
  }

  /// The cell's rows of a group; without GROUP BY all of them.
  static std::vector<model_row> contents(const held_rows& of, int c, const std::string& group, bool grouped) {
    std::vector<model_row> out;
    for (auto& [where, held] : of)
      if (where.first == c && (!grouped || where.second == group))
        for (auto& x : held)
          out.push_back(x.content);
    return out;
  }

  void part(cell_flush& to, int c, std::uint16_t i, const std::string& group, const held_rows& before) {
    auto& plan = f.plans_.figures[i];
    auto grouped = !plan.keys.empty();
    to.output.rollups.push_back(part_of(plan, figure_id{i}, cell(c), contents(before, c, group, grouped),
                                        contents(rows, c, group, grouped)));
    name_group(to.output.rollups.back(), plan, group, bases[i]);
  }

  void flush(const held_rows& before) {
    std::vector<cell_flush> all;
    for (int c = 0; c < cells; ++c) {
      all.push_back(f.next(owned[static_cast<std::size_t>(c)]));
      ++owned[static_cast<std::size_t>(c)].number;
      for (std::uint16_t i = 0; i < bases.size(); ++i)
        if (f.plans_.figures[i].keys.empty())
          part(all.back(), c, i, "", before);
        else
          for (auto& [where, held] : rows)
            if (where.first == c)
              part(all.back(), c, i, where.second, before);
    }
    auto outcome = must(f.store.flush(all, tick_seconds{0}));
    CAF_REQUIRE(outcome.verdict == flush_verdict::done);
    CAF_REQUIRE(outcome.failed.empty());
  }

  void check_hashes(const postgres::text_row& row) {
    for (std::size_t i = 0; i < aggregates.size(); ++i) {
      auto have = f.text({"HGET", "hash:" + *row[0], "c" + std::to_string(i)});
      auto want = row[i + 1].value_or("(nil)");
      if (have != want)
        CAF_ERROR(aggregates[i].sql << ": Redis " << have << ", PostgreSQL " << want);
    }
  }

  bool check_score(const std::string& group, const std::string& want) {
    auto have = f.text({"ZSCORE", "zset", group});
    if (want == "NaN") {
      CAF_CHECK_EQUAL(have, "(nil)");
      return false;
    }
    CAF_CHECK(std::strtod(have.c_str(), nullptr) == std::strtod(want.c_str(), nullptr));
    return true;
  }

  void check_groups() {
    auto want = must(sql.query_rows("SELECT g, " + select_list(aggregates) + " FROM r GROUP BY g"));
    std::size_t members = 0, fields = 0;
    for (auto& row : want.rows) {
      check_hashes(row);
      members += check_score(*row[0], row[product_sum + 1].value_or("NaN"));
      fields += row[number_average + 1].has_value();
      CAF_CHECK_EQUAL(f.text({"HGET", "field", *row[0]}), row[number_average + 1].value_or("(nil)"));
    }
    CAF_CHECK_EQUAL(f.keys("hash:*").size(), want.rows.size());
    CAF_CHECK_EQUAL(f.text({"ZCARD", "zset"}), std::to_string(members));
    CAF_CHECK_EQUAL(f.text({"HLEN", "field"}), std::to_string(fields));
  }

  void check_json() {
    auto list = select_list(aggregates);
    auto want = must(
        sql.query_rows("SELECT g, row_to_json(x)::text FROM (SELECT g, " + list + " FROM r GROUP BY g) x"));
    for (auto& row : want.rows)
      CAF_CHECK_EQUAL(f.text({"GET", "json:" + *row[0]}), *row[1]);
    CAF_CHECK_EQUAL(f.keys("json:*").size(), want.rows.size());
    auto total = must(sql.query_rows("SELECT row_to_json(x)::text FROM (SELECT " + list + " FROM r) x"));
    CAF_CHECK_EQUAL(f.text({"GET", "total"}), *total.rows[0][0]);
  }

  random_source& random;
  postgres::session& sql;
  std::vector<model_aggregate> aggregates = model_aggregates();
  store_fixture f;
  history table;
  held_rows rows;
  std::vector<cell_ledger> owned;
};

} // namespace

CAF_TEST(rolled-up figures of random histories equal PostgreSQL text for text) {
  random_source random;
  CAF_MESSAGE("MILLRACE_SEED=" << random.seed());
  auto server = postgres_server::start(15674);
  auto db = must(postgres::session::open(server->settings()));
  for (std::size_t round = 0; round < cases(6); ++round) {
    run one(random, db);
    for (int step = 0; step < 12; ++step) {
      auto before = one.rows;
      for (int i = 0; i < 10; ++i)
        one.change(step > 8);
      one.flush(before);
      one.check_groups();
      one.check_json();
    }
  }
}
