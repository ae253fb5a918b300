#define CAF_SUITE project.preparation
#include "actors/project/examples.hpp"
#include "actors/project/preparation.hpp"

#include "tests/unit/postgres_server.hpp"

#include <cstdio>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

constexpr auto schema = R"sql(
CREATE DOMAIN money2 AS numeric(9,2);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE parent (id int PRIMARY KEY, name text);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent, paid money2, how mood, tags text[],
                    twice int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE keyless (x int);
CREATE TABLE parts (day date, id int, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
CREATE SCHEMA "Büro";
CREATE TABLE "Büro"."order" ("Größe (m)" int, "user" text, PRIMARY KEY ("Größe (m)", "user"));
)sql";

const project::names of{"p", "millrace_p", "millrace_p", "millrace_p_node", "millrace_p_debezium"};

test::postgres_server& server() {
  static auto one = test::postgres_server::start(15640);
  return *one;
}

/// A database of its own, with the schema.
postgres::session database(const std::string& name) {
  auto to = server().settings();
  auto admin = postgres::session::open(to);
  if (!admin || !admin->execute("CREATE DATABASE " + name))
    CAF_FAIL("no database");
  to.database = name;
  auto db = postgres::session::open(to);
  if (!db)
    CAF_FAIL(db.why().message);
  if (auto made = db->execute(schema); !made)
    CAF_FAIL(made.why().message);
  return std::move(*db);
}

project::facts facts_of(postgres::session& db) {
  auto out = project::look_at(db, of);
  if (!out)
    CAF_FAIL(out.why().message);
  return *out;
}

project::examples examples_of(postgres::session& db) {
  auto catalog = db.load_catalog();
  for (auto& table : *catalog)
    table.full_identity = true;
  return project::write_examples(*catalog, facts_of(db), {"public"}, answers_of(db), "p:", {});
}

const project::table_report& report(const project::examples& from, const std::string& table) {
  for (auto& x : from.tables)
    if (x.name.second == table)
      return x;
  CAF_FAIL("no report of " + table);
}

std::string text_of(const project::examples& from, const std::string& file) {
  for (auto& x : from.files)
    if (x.name == file)
      return x.text;
  return {};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

/// Runs a script with psql; returns psql's exit code.
int psql(const std::string& database, const std::string& script) {
  auto to = server().settings();
  auto command = "psql -X -q -h 127.0.0.1 -p " + std::to_string(to.port) + " -U postgres -d " + database
                 + " -v node_password=n -v debezium_password=d > /dev/null";
  auto* in = ::popen(command.c_str(), "w");
  std::fputs(script.c_str(), in);
  return ::pclose(in);
}

project::prepared_plans plans_of(postgres::session& db) {
  return project::plan_prepared(examples_of(db).files, *db.load_catalog(), {"public"}, answers_of(db), "p:");
}

} // namespace

CAF_TEST(examples count and sum by foreign key and show the rows) {
  auto db = database("examples");
  auto text = text_of(examples_of(db), "child.sql");
  CAF_CHECK(has(
      text, "-- redis: string child:count name child_count\nSELECT count(*) AS count FROM public.child;"));
  CAF_CHECK(has(
      text,
      "-- redis: hash child:by_parent_id:{parent_id} name child_by_parent_id\n"
      "SELECT parent_id, count(*) AS count, sum(paid) AS sum_paid FROM public.child\nGROUP BY parent_id;"));
  CAF_CHECK(has(
      text,
      "-- redis: json child:row:{id} name child_rows\nSELECT id, parent_id, paid, how FROM public.child;"));
  CAF_CHECK(has(text, "without tags (of type text[]), twice (generated: it never comes in the log)"));
}

CAF_TEST(names in quotes and beyond ASCII make figures that the planner takes) {
  auto db = database("names");
  auto text = text_of(examples_of(db), "Büro.order.sql");
  CAF_CHECK(has(text, "FROM \"Büro\".\"order\""));
  CAF_CHECK(has(text, "json Büro.order:row:{Größe (m)}:{user} name"));
  CAF_CHECK_EQUAL(plans_of(db).plans.refusals.size(), 0u);
}

CAF_TEST(a table that cannot be served is told with the reason) {
  auto db = database("refused");
  auto all = examples_of(db);
  CAF_CHECK(has(report(all, "keyless").refused, "no primary key"));
  CAF_CHECK(has(report(all, "parts").refused, "a partitioned table"));
  CAF_CHECK_EQUAL(report(all, "child").refused, "");
}

CAF_TEST(rows of a table beyond the limit are a comment) {
  auto db = database("large");
  auto catalog = db.load_catalog();
  for (auto& table : *catalog)
    table.full_identity = true;
  auto all = project::write_examples(*catalog, facts_of(db), {"public"}, answers_of(db), "p:", {8, 0});
  CAF_CHECK(has(text_of(all, "parent.sql"), "-- -- redis: json parent:row:{id}")
            == (report(all, "parent").bytes > 0));
}

CAF_TEST(full identity is asked for where a figure needs the old row and nowhere else) {
  auto db = database("identity");
  auto catalog = *db.load_catalog();
  std::vector<source_file> files{{"a.sql", "-- redis: string n name n\nSELECT count(*) AS n FROM parent;\n"
                                           "-- redis: hash by:{parent_id} name by\nSELECT parent_id, "
                                           "count(*) AS n FROM child GROUP BY parent_id;"}};
  auto planned = project::plan_prepared(files, catalog, {"public"}, answers_of(db), "");
  CAF_REQUIRE(planned.plans.refusals.empty());
  CAF_CHECK(planned.needed.tables
            == (std::set<project::table_name>{{"public", "child"}, {"public", "parent"}}));
  CAF_CHECK(planned.needed.full_identity == (std::set<project::table_name>{{"public", "child"}}));
}

CAF_TEST(after the script nothing is missing and it may run again) {
  auto db = database("prepared");
  auto needed = plans_of(db).needed;
  auto lacks = project::find_lacks(facts_of(db), of, needed, {false, false});
  CAF_CHECK(lacks.size() > 10);
  auto script = project::to_script(lacks, facts_of(db), of, "/nowhere");
  CAF_REQUIRE_EQUAL(psql("prepared", script), 0);
  for (auto& x : project::find_lacks(facts_of(db), of, needed, {}))
    CAF_ERROR("still missing: " + x.what);
  CAF_CHECK_EQUAL(psql("prepared", script), 0);
}

CAF_TEST(a role that row level security filters is named and let through by the script) {
  auto db = database("policed");
  auto needed = plans_of(db).needed;
  auto prepared = [&](const std::string& sql) {
    CAF_REQUIRE(db.execute(sql));
    std::string out;
    for (auto& x : project::find_lacks(facts_of(db), of, needed, {}))
      out += x.what + "\n";
    CAF_REQUIRE_EQUAL(psql("policed", project::to_script(project::find_lacks(facts_of(db), of, needed, {}),
                                                         facts_of(db), of, "/nowhere")),
                      0);
    return out;
  };
  prepared("ALTER ROLE millrace_p_node NOBYPASSRLS; ALTER ROLE millrace_p_debezium NOBYPASSRLS");
  CAF_CHECK_EQUAL(prepared("ALTER TABLE child ENABLE ROW LEVEL SECURITY"),
                  "row level security hides rows of public.child from the role millrace_p_debezium\n"
                  "row level security hides rows of public.child from the role millrace_p_node\n");
  CAF_CHECK_EQUAL(prepared("ALTER TABLE child FORCE ROW LEVEL SECURITY"), "");
  // An owner is filtered only where that is forced.
  CAF_CHECK_EQUAL(
      prepared("ALTER ROLE millrace_p_node NOBYPASSRLS; ALTER TABLE child OWNER TO millrace_p_node"),
      "row level security hides rows of public.child from the role millrace_p_node\n");
  CAF_CHECK_EQUAL(
      prepared("ALTER ROLE millrace_p_node NOBYPASSRLS; ALTER TABLE child NO FORCE ROW LEVEL SECURITY"), "");
}

CAF_TEST(the script refuses another database) {
  auto db = database("the_right_one");
  database("another");
  auto script = project::to_script(project::find_lacks(facts_of(db), of, plans_of(db).needed, {}),
                                   facts_of(db), of, "/x");
  psql("another", script);
  auto to = server().settings();
  to.database = "another";
  auto other = postgres::session::open(to);
  CAF_CHECK(!facts_of(*other).publication);
}

CAF_TEST(a standby and a taken name are told though no SQL mends them) {
  project::facts there;
  there.database = "here";
  there.version = 150000;
  there.wal_level = "replica";
  there.slots = there.senders = 10;
  there.standby = true;
  there.slot_database = "elsewhere";
  auto lacks = project::find_lacks(there, of, {}, {});
  auto script = project::to_script(lacks, there, of, "/x");
  CAF_CHECK(has(script, "-- NOT BY SQL: this server is a standby"));
  CAF_CHECK(has(script, "-- NOT BY SQL: the replication slot millrace_p belongs to the database elsewhere"));
  CAF_CHECK(has(script, "ALTER SYSTEM SET wal_level = 'logical';"));
}
