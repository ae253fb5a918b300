#define CAF_SUITE fill.catalog_watch
#include "actors/fill/catalog_watch.hpp"

#include "tests/unit/postgres_server.hpp"
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Plans of one table that figures use two columns of, beside the key.
plan_set plans_of(bool full_identity = true, std::vector<std::uint16_t> columns = {0, 1, 2}) {
  plan_set out;
  postgres::table t;
  t.schema = "public";
  t.name = "t";
  t.columns = {{"id", postgres::column_type::integer, "integer", 0, 0, true},
               {"v", postgres::column_type::integer, "integer"},
               {"state", postgres::column_type::enumeration, "humor"},
               {"unused", postgres::column_type::text, "text"}};
  t.primary_key = {0};
  t.full_identity = full_identity;
  out.tables = {{t, true}};
  out.routes = {{table_id{0}, entity_id{0}, true, {0}, std::move(columns), 0}};
  return out;
}

/// A database whose table is as figures want it, a ledger, and the node that watches.
struct watching {
  explicit watching(plan_set x = plans_of()) : plans(std::move(x)), watch(how()) {
    redis::project_format format{"1", 7, 32, "{}", "db", "live", "{}"};
    format.life = "first";
    must(ledger.store.set_format(format));
    run("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP PUBLICATION IF EXISTS p;"
        "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN temper AS mood; CREATE DOMAIN humor AS "
        "temper;"
        "CREATE TABLE t (id int PRIMARY KEY, v int, state humor, unused text);"
        "ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE t;"
        "GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON t TO reader");
    look();
  }

  catalog_watch_settings how() const { return {&plans, "p", {"reader", "postgres"}, "first"}; }
  void run(const std::string& sql) {
    if (auto done = db.execute(sql); !done)
      CAF_FAIL(done.why().message << " in " << sql);
  }
  void look() { must(watch.look(db, ledger.store)); }
  std::map<std::string, redis::table_doubt> doubts() { return must(ledger.store.doubts()); }

  /// Returns what is said after the statements; empty: nothing.
  redis::table_doubt after(const std::string& sql) {
    run(sql);
    look();
    auto all = doubts();
    return all.count("public.t") ? all["public.t"] : redis::table_doubt{};
  }

  static postgres::session open() {
    static auto server = [] {
      auto one = postgres_server::start(15810);
      must(must(postgres::session::open(one->settings())).execute("CREATE ROLE reader LOGIN"));
      return one;
    }();
    return must(postgres::session::open(server->settings()));
  }

  static void must(result<std::uint64_t> x) { CAF_REQUIRE(x); }
  template <class T>
  static T must(result<T> x) {
    return test::must(std::move(x));
  }
  static void must(result<void> x) { test::must(std::move(x)); }

  plan_set plans;
  store_fixture ledger;
  postgres::session db = open();
  catalog_watch watch;
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Returns what the statement led to instead; empty: it was told.
std::string lacks(const std::string& sql, const std::string& text, const std::string& part) {
  return holds(text, part) ? "" : sql + ": " + text;
}

struct row_of_catalogue {
  std::string sql, said, remedy;
};

} // namespace

CAF_TEST(a first look takes the catalog as it is and a second finds nothing) {
  watching f;
  CAF_CHECK_EQUAL(must(f.ledger.store.relied_on()).size(), 1u);
  f.look();
  CAF_CHECK(f.doubts().empty());
}

CAF_TEST(each change of the catalogue is said with its remedy) {
  auto again = "millrace resync public.t";
  for (auto& x : std::vector<row_of_catalogue>{
           {"ALTER TABLE t ALTER v TYPE int USING v * 100", "was rewritten", ""},
           {"VACUUM FULL t", "was rewritten", ""},
           {"TRUNCATE t", "was rewritten", ""},
           {"ALTER TABLE t DROP v; ALTER TABLE t ADD v int DEFAULT 1",
            "v of public.t was dropped and added again", ""},
           {"CREATE TABLE n (LIKE t INCLUDING ALL); ALTER TABLE t RENAME TO o; ALTER TABLE n RENAME TO t",
            "another table is public.t", "ALTER PUBLICATION p ADD TABLE public.t"},
           {"DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v int, state humor)",
            "another table is public.t", "ALTER TABLE public.t REPLICA IDENTITY FULL"},
           {"ALTER TABLE t RENAME TO o", "there is no table public.t", "millrace apply"},
           {"ALTER TABLE t RENAME v TO w", "v of public.t was dropped or renamed", "millrace apply"},
           {"ALTER TYPE mood RENAME VALUE 'sad' TO 'low'", "the label 'sad' of its type humor is 'low' now",
            ""},
           {"ALTER TABLE t ALTER v TYPE bigint", "v of public.t has the type bigint (it had integer)",
            "millrace apply"},
           {"ALTER PUBLICATION p DROP TABLE t", "the publication p lacks public.t",
            "ALTER PUBLICATION p ADD TABLE public.t"},
           {"ALTER PUBLICATION p DROP TABLE t; ALTER PUBLICATION p ADD TABLE t",
            "the publication p was altered", ""},
           {"ALTER PUBLICATION p SET TABLE t WHERE (v > 1)", "row filter on public.t",
            "ALTER PUBLICATION p DROP TABLE public.t; ALTER PUBLICATION p ADD TABLE public.t"},
           {"ALTER PUBLICATION p SET TABLE t (id, state)", "column list on public.t without v",
            "ADD TABLE public.t"},
           {"ALTER PUBLICATION p SET (publish = 'insert')", "leaves out update, delete, truncate",
            "SET (publish = 'insert, update, delete, truncate')"},
           {"ALTER PUBLICATION p SET (publish = 'insert'); ALTER PUBLICATION p SET (publish = 'insert, "
            "update, delete, truncate')",
            "the publication p was altered", ""},
           {"DROP PUBLICATION p", "there is no publication p",
            "CREATE PUBLICATION p; ALTER PUBLICATION p ADD TABLE public.t"},
           {"ALTER TABLE t REPLICA IDENTITY DEFAULT", "has REPLICA IDENTITY DEFAULT",
            "ALTER TABLE public.t REPLICA IDENTITY FULL"},
           {"ALTER TABLE t REPLICA IDENTITY NOTHING", "has REPLICA IDENTITY NOTHING",
            "REPLICA IDENTITY FULL"},
           {"ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "row level security hides rows of public.t from the role reader", "ALTER ROLE reader BYPASSRLS"},
           {"ALTER PUBLICATION p DROP TABLE t; ALTER TABLE t SET UNLOGGED", "public.t is unlogged",
            "ALTER TABLE public.t SET LOGGED"},
           {"CREATE TABLE h (LIKE t) PARTITION BY LIST (id); ALTER TABLE h ATTACH PARTITION t FOR VALUES IN "
            "(1)",
            "public.t is a partition of public.h", "ALTER TABLE public.h DETACH PARTITION public.t"},
           {"CREATE TABLE c () INHERITS (t)", "public.c inherits from public.t",
            "ALTER TABLE public.c NO INHERIT public.t"},
           {"REVOKE SELECT ON t FROM reader", "the role reader may not SELECT from public.t",
            "GRANT SELECT ON public.t TO reader"},
           {"REVOKE USAGE ON SCHEMA public FROM reader", "the role reader may not SELECT from public.t",
            "GRANT SELECT"},
           {"ALTER TABLE t DROP CONSTRAINT t_pkey", "public.t has no primary key", "ADD PRIMARY KEY"},
           {"ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id) DEFERRABLE", "is deferrable",
            "ADD PRIMARY KEY"},
       }) {
    watching f;
    auto told = f.after(x.sql);
    CAF_CHECK_EQUAL(lacks(x.sql, told.reason, x.said), "");
    CAF_CHECK_EQUAL(lacks(x.sql, told.remedy, x.remedy), "");
    CAF_CHECK_EQUAL(lacks(x.sql, told.remedy, again), "");
  }
}

CAF_TEST(changes that no record needs are not spoken of) {
  for (auto sql :
       {"ALTER TABLE t ADD more text", "ALTER TABLE t DROP unused", "ALTER TABLE t RENAME unused TO other",
        "ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad'", "ALTER TYPE mood RENAME TO feeling",
        "CREATE INDEX ON t (v); ANALYZE t; GRANT SELECT ON t TO PUBLIC; COMMENT ON TABLE t IS 'x'",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE other (id int PRIMARY KEY); ALTER PUBLICATION p ADD TABLE other",
        "CREATE TABLE pa (LIKE t); ALTER TABLE t INHERIT pa", "ALTER TABLE t ALTER v SET NOT NULL",
        "ALTER PUBLICATION p SET TABLE t"}) {
    watching f;
    CAF_CHECK_EQUAL(f.after(sql).reason, "");
  }
}

CAF_TEST(a rewrite alone is told apart) {
  watching f;
  CAF_CHECK(f.after("TRUNCATE t").rewritten_only);
  CAF_CHECK(!f.after("ALTER TABLE t DROP v; ALTER TABLE t ADD v int").rewritten_only);
}

CAF_TEST(a role that bypasses row security or owns the table sees all) {
  watching f;
  f.run("ALTER ROLE reader BYPASSRLS");
  auto told = f.after("ALTER TABLE t ENABLE ROW LEVEL SECURITY");
  f.run("ALTER ROLE reader NOBYPASSRLS");
  CAF_CHECK_EQUAL(told.reason, "");
  watching g;
  CAF_CHECK_EQUAL(g.after("ALTER TABLE t OWNER TO reader; ALTER TABLE t ENABLE ROW LEVEL SECURITY").reason,
                  "");
  CAF_CHECK_NOT_EQUAL(g.after("ALTER TABLE t FORCE ROW LEVEL SECURITY").reason, "");
}

CAF_TEST(a grant on the used columns is enough) {
  watching f;
  CAF_CHECK_EQUAL(
      f.after("REVOKE SELECT ON t FROM reader; GRANT SELECT (id, v, state) ON t TO reader").reason, "");
}

CAF_TEST(old rows that no figure needs are not missed) {
  watching f(plans_of(false));
  CAF_CHECK_EQUAL(f.after("ALTER TABLE t REPLICA IDENTITY DEFAULT").reason, "");
}

CAF_TEST(what stands moves the doubt on and a read before its end does not clear it) {
  watching f;
  auto first = f.after("ALTER TABLE t REPLICA IDENTITY DEFAULT");
  auto read_from = must(f.db.emit_marker("read"));
  auto second = f.after("SELECT 1");
  CAF_CHECK(second.at > first.at);
  must(f.ledger.store.clear_doubt("public.t", read_from, "first"));
  CAF_CHECK_EQUAL(f.doubts().size(), 1u);
}

CAF_TEST(a table that was read again after the change is in doubt no more) {
  watching f;
  f.after("ALTER TABLE t ALTER v TYPE int USING v * 100");
  auto now = must(facts_now(f.db, f.how(), {"public.t"}));
  must(f.ledger.store.rely_on(to_be_relied_on(now), "first"));
  must(f.ledger.store.clear_doubt("public.t", must(f.db.emit_marker("read")), "first"));
  f.look();
  CAF_CHECK(f.doubts().empty());
}

CAF_TEST(a doubt that is over keeps its position so that a later read clears it) {
  watching f;
  auto first = f.after("TRUNCATE t");
  auto read_from = must(f.db.emit_marker("read"));
  auto now = must(facts_now(f.db, f.how()));
  CAF_CHECK(f.after("SELECT 1").at == first.at);
  must(f.ledger.store.rely_on(to_be_relied_on(now), "first"));
  must(f.ledger.store.clear_doubt("public.t", read_from, "first"));
  f.look();
  CAF_CHECK(f.doubts().empty());
}

CAF_TEST(the same change once more is another doubt) {
  watching f;
  auto first = f.after("TRUNCATE t");
  auto read_from = must(f.db.emit_marker("read"));
  must(f.ledger.store.rely_on(to_be_relied_on(must(facts_now(f.db, f.how()))), "first"));
  CAF_CHECK(f.after("TRUNCATE t").at > read_from);
  must(f.ledger.store.clear_doubt("public.t", read_from, "first"));
  CAF_CHECK_EQUAL(f.doubts().size(), 1u);
}

CAF_TEST(a doubt that the ledger lost is noted again) {
  watching f;
  f.after("TRUNCATE t");
  f.ledger.ask({"DEL", "millrace:shop:doubts"});
  f.look();
  CAF_CHECK_EQUAL(f.doubts().size(), 1u);
}

CAF_TEST(a doubt outlasts the change that was taken back) {
  watching f;
  f.after("ALTER PUBLICATION p SET (publish = 'insert')");
  f.run("ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate')");
  f.look();
  CAF_CHECK_EQUAL(f.doubts().size(), 1u);
}

CAF_TEST(a doubt about a column ends when no figure uses it any more) {
  watching f;
  CAF_CHECK_NOT_EQUAL(f.after("ALTER TABLE t DROP v").reason, "");
  auto less = plans_of(true, {0, 2});
  auto how = f.how();
  how.plans = &less;
  must(catalog_watch(how).look(f.db, f.ledger.store));
  CAF_CHECK(f.doubts().empty());
}

CAF_TEST(what stands in the way is told before a table is read) {
  watching f;
  auto now = must(facts_now(f.db, f.how()));
  CAF_CHECK(standing(now, f.how()).empty());
  f.run("ALTER PUBLICATION p DROP TABLE t; ALTER TABLE t REPLICA IDENTITY DEFAULT");
  now = must(facts_now(f.db, f.how()));
  CAF_CHECK_EQUAL(standing(now, f.how()).at("public.t").size(), 2u);
}

CAF_TEST(a first look at a table that is not as figures need it says so) {
  watching f;
  f.run("ALTER TABLE t REPLICA IDENTITY DEFAULT");
  f.ledger.ask({"DEL", "millrace:shop:relied"});
  f.look();
  CAF_CHECK_EQUAL(f.doubts().size(), 1u);
  f.run("ALTER TABLE t REPLICA IDENTITY FULL");
  f.look();
  CAF_CHECK(holds(f.doubts().at("public.t").reason, "(until it was mended)"));
}
