// The fold by example: what a change of rows makes a cell write.

#include "actors/figures/fold/fold.hpp"
#include "actors/figures/plan/planner.hpp"
#include "actors/figures/values/numeric.hpp"

#define CAF_SUITE figures.fold
#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

namespace {

postgres::column column(std::string name, column_type type, int precision = 0, int scale = 0) {
  postgres::column out;
  out.name = std::move(name);
  out.type = type;
  out.type_name = type == column_type::timestamp ? "timestamp without time zone" : "text";
  out.precision = precision;
  out.scale = scale;
  return out;
}

postgres::table table(std::string name, std::vector<postgres::column> columns) {
  postgres::table out;
  out.schema = "public";
  out.name = std::move(name);
  out.columns = std::move(columns);
  out.primary_key = {0};
  out.full_identity = true;
  return out;
}

std::vector<postgres::table> catalog() {
  auto buyers = table("buyers", {column("id", column_type::integer), column("state", column_type::text)});
  auto sales = table("sales", {column("id", column_type::integer), column("buyer_id", column_type::integer),
                               column("amount", column_type::numeric, 10, 2),
                               column("sold_at", column_type::timestamp), column("note", column_type::text)});
  sales.foreign_keys.push_back({{1}, "public", "buyers", {"id"}});
  return {buyers, sales};
}

/// One cell with one figure; rows are those of the tables.
class one_figure {
 public:
  explicit one_figure(const std::string& text)
      : plans_(plan(text)), cell_{shard_id{0}, plans_.figures.at(0).entity}, fold_(plans_, cell_) {}

  void change(const std::string& of, const row& before, const row& after) {
    for (std::uint16_t i = 0; i < plans_.routes.size(); ++i) {
      if (!is_of(route_id{i}, of))
        continue;
      auto old = kept(route_id{i}, before), fresh = kept(route_id{i}, after);
      fold_.fold(route_id{i}, before.empty() ? nullptr : &old, after.empty() ? nullptr : &fresh);
    }
  }

  void restore(const std::string& of, const row& x) {
    for (std::uint16_t i = 0; i < plans_.routes.size(); ++i)
      if (is_of(route_id{i}, of))
        fold_.restore(route_id{i}, kept(route_id{i}, x));
  }

  /// `key` is the primary key; `after` empty: the row has gone.
  void show(const std::string& of, std::int64_t key, const row& after, std::string_view prefix = {}) {
    if (!prefix.empty())
      fold_.set_live({false});
    for (std::uint16_t i = 0; i < plans_.routes.size(); ++i) {
      if (!is_of(route_id{i}, of) || !plans_.routes[i].own)
        continue;
      auto all = columns(plans_.routes[i], after);
      marks.resize(fold_.projections(route_id{i}));
      fold_.project(route_id{i}, {key}, after.empty() ? nullptr : &all, marks, now, prefix);
    }
  }

  void unstage(const std::string& of, std::int64_t key, std::string_view prefix) {
    for (std::uint16_t i = 0; i < plans_.routes.size(); ++i)
      if (is_of(route_id{i}, of) && plans_.routes[i].own)
        fold_.unstage(route_id{i}, {key}, {}, marks, now, prefix);
    fold_.open();
  }

  void open() { fold_.open(); }
  cell_output drain() { return fold_.drain(now); }

  /// Returns the drained writes as words, one a line.
  std::string writes() {
    static const char* names[] = {"set", "del", "hset", "hdel", "zadd", "zrem", "unstage"};
    std::string out;
    for (auto& x : drain().writes) {
      out += std::string(out.empty() ? "" : "\n") + names[static_cast<int>(x.kind)] + " " + x.key;
      for (auto& arg : x.args)
        out += " " + arg;
    }
    return out;
  }

  const figure_fold& fold() const { return fold_; }

  tick_seconds now{1'700'000'000};
  std::vector<place_mark> marks;

 private:
  static plan_set plan(const std::string& text) {
    source_file file;
    file.name = "test.sql";
    file.text = text;
    auto out = plan_texts({file}, catalog(), {"public"}, {});
    for (auto& x : out.refusals)
      CAF_FAIL(to_text(x));
    return out.plans;
  }

  bool is_of(route_id route, const std::string& of) const {
    auto& x = plans_.routes[route.value];
    return plans_.tables[x.table.value].table.name == of && x.entity == cell_.entity;
  }

  static row columns(const route& of, const row& x) {
    row out;
    for (std::size_t i = 0; !x.empty() && i < of.columns.size(); ++i)
      out.push_back(x[of.columns[i]]);
    return out;
  }

  row kept(route_id route, const row& x) const {
    auto out = columns(plans_.routes[route.value], x);
    if (!out.empty())
      out.resize(plans_.routes[route.value].kept);
    return out;
  }

  plan_set plans_;
  cell_id cell_;
  figure_fold fold_;
};

const row nothing;

row sale(std::int64_t id, value buyer, value amount, std::int64_t second = 0, value note = null_value{}) {
  return {id, std::move(buyer), std::move(amount), (1'700'000'000 + second) * 1'000'000, std::move(note)};
}

row buyer(std::int64_t id, std::string state) { return {id, std::move(state)}; }

value number(std::int64_t x) { return x; }

std::string text_of(const wide_limbs& x) { return to_text(wide_decimal{wide(x), 2}); }

} // namespace

CAF_TEST(a group writes only the fields that changed and takes away its own when its last row leaves) {
  one_figure x("-- redis: hash buyer:{buyer_id}\n"
               "SELECT buyer_id, count(*) AS sales, sum(amount) AS spent, max(sold_at) AS last FROM sales "
               "GROUP BY buyer_id;");
  x.change("sales", nothing, sale(1, number(7), number(1250)));
  CAF_CHECK_EQUAL(x.writes(), "hset buyer:7 sales 1 spent 12.50 last 2023-11-14 22:13:20");
  x.change("sales", nothing, sale(2, number(7), null_value{}));
  CAF_CHECK_EQUAL(x.writes(), "hset buyer:7 sales 2");
  x.change("sales", sale(1, number(7), number(1250)), nothing);
  CAF_CHECK_EQUAL(x.writes(), "hdel buyer:7 spent\nhset buyer:7 sales 1");
  x.change("sales", sale(2, number(7), null_value{}), nothing);
  CAF_CHECK_EQUAL(x.writes(), "hdel buyer:7 sales last");
  CAF_CHECK_EQUAL(x.writes(), "");
}

CAF_TEST(a place with a ttl is written completely by every change with its time) {
  one_figure x("-- redis: hash buyer:{buyer_id} ttl 1h\n"
               "SELECT buyer_id, count(*) AS sales, sum(amount) AS spent FROM sales GROUP BY buyer_id;");
  x.change("sales", nothing, sale(1, number(7), number(100)));
  x.drain();
  x.now.value += 60;
  x.change("sales", nothing, sale(2, number(7), null_value{}));
  auto out = x.drain();
  CAF_REQUIRE_EQUAL(out.writes.size(), 1u);
  CAF_CHECK_EQUAL(out.writes[0].ttl_seconds, 3600u);
  CAF_CHECK_EQUAL(out.writes[0].args.size(), 4u);
  CAF_CHECK_EQUAL(x.fold().last_written(figure_id{0}, "buyer:7"), x.now.value);
}

CAF_TEST(changes that cancel each other within a drain write nothing) {
  one_figure x("-- redis: string spent:{buyer_id}\nSELECT buyer_id, sum(amount) AS spent FROM sales GROUP BY "
               "buyer_id;");
  x.change("sales", nothing, sale(1, number(7), number(100)));
  x.change("sales", sale(1, number(7), number(100)), nothing);
  CAF_CHECK_EQUAL(x.writes(), "");
  x.change("sales", nothing, sale(1, number(7), number(100)));
  CAF_CHECK_EQUAL(x.writes(), "set spent:7 1.00");
  x.change("sales", sale(1, number(7), number(100)), sale(1, null_value{}, number(100)));
  CAF_CHECK_EQUAL(x.writes(), "del spent:7");
}

CAF_TEST(a score is the nearest double and no value or NaN is no member) {
  one_figure x("-- redis: zset top member {buyer_id} score spent\n"
               "SELECT buyer_id, sum(amount) AS spent FROM sales GROUP BY buyer_id;");
  x.change("sales", nothing, sale(1, number(7), number(10)));
  CAF_CHECK_EQUAL(x.writes(), "zadd top 0.10000000000000001 7");
  x.change("sales", nothing, sale(2, number(7), not_a_number{}));
  CAF_CHECK_EQUAL(x.writes(), "zrem top 7");
  x.change("sales", sale(2, number(7), not_a_number{}), sale(2, number(7), number(15)));
  CAF_CHECK_EQUAL(x.writes(), "zadd top 0.25 7");
}

CAF_TEST(HAVING takes in and lets go) {
  one_figure x("-- redis: json rich:{buyer_id}\n"
               "SELECT buyer_id, avg(amount) AS mean FROM sales GROUP BY buyer_id HAVING sum(amount) > 5;");
  x.change("sales", nothing, sale(1, number(7), number(500)));
  CAF_CHECK_EQUAL(x.writes(), "");
  x.change("sales", nothing, sale(2, number(7), number(1)));
  CAF_CHECK_EQUAL(x.writes(), "set rich:7 {\"buyer_id\":7,\"mean\":2.5050000000000000}");
  x.change("sales", sale(2, number(7), number(1)), nothing);
  CAF_CHECK_EQUAL(x.writes(), "del rich:7");
}

CAF_TEST(a rolled up figure drains what it gained and nothing where it gained nothing) {
  one_figure x(
      "-- redis: hash notes field {note}\nSELECT note, sum(amount) AS spent FROM sales GROUP BY note;");
  x.change("sales", nothing, sale(1, number(7), number(150), 0, "a:b"));
  auto parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 1u);
  CAF_CHECK_EQUAL(parts[0].key, "notes");
  CAF_CHECK_EQUAL(parts[0].member, "a:b");
  CAF_CHECK_EQUAL(parts[0].rows, 1);
  CAF_CHECK_EQUAL(text_of(parts[0].parts[0].sum), "1.50");
  x.change("sales", sale(1, number(7), number(150), 0, "a:b"), sale(1, number(8), number(150), 9, "a:b"));
  CAF_CHECK(x.drain().rollups.empty());
  x.change("sales", sale(1, number(8), number(150), 9, "a:b"), sale(1, number(8), number(120), 9, "a:b"));
  parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 1u);
  CAF_CHECK_EQUAL(text_of(parts[0].parts[0].sum), "-0.30");
  x.change("sales", nothing, sale(2, number(8), number(1)));
  CAF_CHECK(x.drain().rollups.empty()); // a NULL placeholder is no place
}

CAF_TEST(the best value goes along only when it changes) {
  one_figure x("-- redis: string lowest\nSELECT min(amount) AS lowest FROM sales;");
  auto best = [&]() -> std::string {
    auto parts = x.drain().rollups;
    return parts.empty()                     ? "none"
           : !parts[0].parts[0].best_changed ? "unchanged"
                                             : "'" + parts[0].parts[0].best + "'";
  };
  x.change("sales", nothing, sale(1, number(7), not_a_number{}));
  CAF_CHECK_EQUAL(best(), "'nan'");
  x.change("sales", nothing, sale(2, number(7), number(-500)));
  CAF_CHECK_EQUAL(best(), "'-500'");
  x.change("sales", nothing, sale(3, number(7), number(3)));
  CAF_CHECK_EQUAL(best(), "unchanged");
  x.change("sales", sale(3, number(7), number(3)), sale(3, number(7), number(4)));
  CAF_CHECK_EQUAL(best(), "none");
  x.change("sales", sale(2, number(7), number(-500)), nothing);
  CAF_CHECK_EQUAL(best(), "'4'");
  x.change("sales", sale(1, number(7), not_a_number{}), nothing);
  x.change("sales", sale(3, number(7), number(4)), nothing);
  CAF_CHECK_EQUAL(best(), "''");
}

CAF_TEST(the one row of a figure without keys exists from the opening on) {
  one_figure x("-- redis: string total\nSELECT count(*) AS n FROM sales;");
  CAF_CHECK(x.drain().rollups.empty());
  x.open();
  auto parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 1u);
  CAF_CHECK(parts[0].always);
  CAF_CHECK_EQUAL(parts[0].key, "total");
  CAF_CHECK(x.drain().rollups.empty());
}

CAF_TEST(a bucket closes when its start and the ttl have passed and is heard of no more) {
  one_figure x(
      "-- redis: hash minute:{minute} ttl 1h\n"
      "SELECT to_char(sold_at, 'YYYYMMDD_HH24MI') AS minute, max(amount) AS most FROM sales GROUP BY 1;");
  x.change("sales", nothing, sale(1, number(7), number(100)));
  auto parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 1u);
  CAF_CHECK_EQUAL(parts[0].key, "minute:20231114_2213");
  auto closes_at = 1'700'000'000 - 20 + 3600;
  CAF_CHECK_EQUAL(parts[0].closes_at, closes_at);
  x.now.value = closes_at - 1;
  x.change("sales", nothing, sale(2, number(7), number(200)));
  CAF_CHECK_EQUAL(x.drain().rollups.size(), 1u);
  auto open = x.fold().memory();
  x.now.value = closes_at;
  x.change("sales", nothing, sale(3, number(7), number(300)));
  CAF_CHECK(x.drain().rollups.empty());
  CAF_CHECK_LESS(x.fold().memory(), open);
  x.change("sales", sale(3, number(7), number(300)), nothing);
  CAF_CHECK(x.drain().rollups.empty());
}

CAF_TEST(children wait for their parent and move with it in one part) {
  one_figure x("-- redis: hash spent field {state}\n"
               "SELECT b.state, sum(s.amount) AS spent FROM sales s JOIN buyers b ON b.id = s.buyer_id GROUP "
               "BY b.state;");
  for (int i = 0; i < 50; ++i)
    x.change("sales", nothing, sale(i, number(7), number(100)));
  CAF_CHECK(x.drain().rollups.empty());
  x.change("buyers", nothing, buyer(7, "BE"));
  auto parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 1u);
  CAF_CHECK_EQUAL(parts[0].rows, 50);
  x.change("buyers", buyer(7, "BE"), buyer(7, "ZH"));
  parts = x.drain().rollups;
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  CAF_CHECK_EQUAL(parts[0].member, "BE");
  CAF_CHECK_EQUAL(text_of(parts[0].parts[0].sum), "-50.00");
  CAF_CHECK_EQUAL(text_of(parts[1].parts[0].sum), "50.00");
}

CAF_TEST(rows restored drain nothing and count for what comes after) {
  one_figure x("-- redis: hash buyer:{buyer_id}\n"
               "SELECT buyer_id, count(*) AS sales, min(amount) AS least FROM sales GROUP BY buyer_id;");
  x.restore("sales", sale(1, number(7), number(100)));
  CAF_CHECK_EQUAL(x.writes(), "");
  x.change("sales", nothing, sale(2, number(7), number(50)));
  CAF_CHECK_EQUAL(x.writes(), "hset buyer:7 sales 2 least 0.50");
  auto retired = x.fold().retire();
  CAF_REQUIRE_EQUAL(retired.size(), 1u);
  CAF_CHECK(retired[0].kind == write_kind::hdel);
}

CAF_TEST(a shown row is written when its text changes and goes away with the row) {
  one_figure x("-- redis: hash sale:{id}\nSELECT id, amount, note FROM sales WHERE amount < 10;");
  x.show("sales", 1, sale(1, number(7), number(100), 0, "n"));
  CAF_CHECK_EQUAL(x.writes(), "hset sale:1 amount 1.00 note n");
  x.show("sales", 1, sale(1, number(8), number(100), 5, "n"));
  CAF_CHECK_EQUAL(x.writes(), "");
  x.show("sales", 1, sale(1, number(8), number(100)));
  CAF_CHECK_EQUAL(x.writes(), "hdel sale:1 note\nhset sale:1 amount 1.00");
  x.show("sales", 1, sale(1, number(8), number(1000), 5, "n"));
  CAF_CHECK_EQUAL(x.writes(), "hdel sale:1 amount note");
  CAF_CHECK_EQUAL(x.marks[0].fingerprint, 0u);
  x.show("sales", 1, nothing);
  CAF_CHECK_EQUAL(x.writes(), "");
}

CAF_TEST(a row that goes and comes back within a drain leaves no old field) {
  one_figure x("-- redis: hash sale:{id}\nSELECT id, amount, note FROM sales;");
  x.show("sales", 1, sale(1, number(7), number(100), 0, "n"));
  x.drain();
  x.show("sales", 1, nothing);
  x.show("sales", 1, sale(1, number(7), number(100)));
  CAF_CHECK_EQUAL(x.writes(), "hdel sale:1 amount note\nhset sale:1 amount 1.00");
}

CAF_TEST(a staged place is written aside and moved before what comes later) {
  one_figure x("-- redis: json sale:{id} ttl 2h\nSELECT id, amount FROM sales;");
  x.show("sales", 1, sale(1, number(7), number(100)), "staged:");
  x.unstage("sales", 1, "staged:");
  x.show("sales", 1, sale(1, number(7), number(200)));
  CAF_CHECK_EQUAL(x.writes(), "set staged:sale:1 {\"id\":1,\"amount\":1.00}\n"
                              "unstage sale:1 staged:sale:1\n"
                              "set sale:1 {\"id\":1,\"amount\":2.00}");
}

CAF_TEST(the colon and percent of a text in a key are encoded) {
  one_figure x("-- redis: string spent:{buyer_id}:{note}\n"
               "SELECT buyer_id, note, sum(amount) AS spent FROM sales GROUP BY buyer_id, note;");
  x.change("sales", nothing, sale(1, number(7), number(100), 0, "1:%x"));
  CAF_CHECK_EQUAL(x.writes(), "set spent:7:1%3A%25x 1.00");
}
