#define CAF_SUITE fill.table_changes
#include "actors/fill/table_changes.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::table_facts;

namespace {

/// A table as figures want it, with a number, an enum and a time.
table_facts sound() {
  table_facts x;
  x.oid = 100;
  x.file = 200;
  x.kind = "r";
  x.persistence = "p";
  x.identity = "f";
  x.key = {"id"};
  x.columns = {{"id", {1, 23, -1, "integer", 0, false, {}}},
               {"v", {2, 23, -1, "integer", 0, false, {}}},
               {"at", {3, 1114, 3, "timestamp(3) without time zone", 0, false, {}}},
               {"state", {4, 900, -1, "mood", 0, false, {{"1", "sad"}, {"2", "glad"}}}}};
  x.publication = {true, true, "7:8", false, {}, {}};
  x.readers = {{"node", true, true}, {"debezium", true, true}};
  return x;
}

const table_needs needs{
    "public.t",
    "millrace_x",
    {{"id", "integer"}, {"v", "integer"}, {"at", "timestamp(3) without time zone"}, {"state", "mood"}},
    true};

std::vector<complaint> said(const table_facts& now, const table_facts& before = sound(),
                            const table_needs& of = needs) {
  return complaints(before, {"public.t", now}, of);
}

/// What is said where one thing is.
complaint only(const std::vector<complaint>& all) {
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  return all[0];
}

} // namespace

CAF_TEST(a table that is as it was is not spoken of) {
  CAF_CHECK(said(sound()).empty());
  CAF_CHECK(complaints({}, {"public.t", sound()}, needs).empty());
}

CAF_TEST(another file alone is a rewrite) {
  auto x = sound();
  x.file = 201;
  auto told = only(said(x));
  CAF_CHECK_EQUAL(told.what, "public.t was rewritten (TRUNCATE, VACUUM FULL, CLUSTER or an ALTER TABLE)");
  CAF_CHECK(told.rewritten);
  CAF_CHECK(told.columns.empty());
}

CAF_TEST(another table of the same name is no mere rewrite) {
  auto x = sound();
  x.oid = 101;
  x.file = 201;
  x.publication.version = "7:9";
  auto told = only(said(x));
  CAF_CHECK(!told.rewritten);
  CAF_CHECK_EQUAL(told.what, "another table is public.t now (dropped and created again, or renamed)");
}

CAF_TEST(a table that is gone is said to be) {
  auto told = only(complaints(sound(), {"public.t", {}}, needs));
  CAF_CHECK_EQUAL(told.what, "there is no table public.t any more (dropped or renamed)");
  CAF_CHECK_EQUAL(told.remedy, "millrace apply");
}

CAF_TEST(a column that was recreated renamed or retyped is named and alone in doubt) {
  auto x = sound();
  x.columns["v"].number = 5;
  CAF_CHECK_EQUAL(only(said(x)).what, "column v of public.t was dropped and added again");
  CAF_CHECK(only(said(x)).columns == std::set<std::string>{"v"});
  x = sound();
  x.columns.erase("v");
  CAF_CHECK_EQUAL(only(said(x)).what, "column v of public.t was dropped or renamed");
  x = sound();
  x.columns["at"].modifier = 6;
  x.columns["at"].type_name = "timestamp(6) without time zone";
  CAF_CHECK_EQUAL(only(said(x)).what, "column at of public.t has the type timestamp(6) without time zone"
                                      " (it had timestamp(3) without time zone)");
  CAF_CHECK_EQUAL(only(said(x)).remedy, "millrace apply");
}

CAF_TEST(a type that has another name is the same type) {
  auto x = sound();
  x.columns["state"].type_name = "temper";
  CAF_CHECK(said(x).empty());
}

CAF_TEST(a label that was renamed is named and one that was added is not ) {
  auto x = sound();
  x.columns["state"].labels["3"] = "calm";
  CAF_CHECK(said(x).empty());
  x.columns["state"].labels["1"] = "low";
  CAF_CHECK_EQUAL(only(said(x)).what,
                  "column state of public.t: the label 'sad' of its type mood is 'low' now");
}

CAF_TEST(a column that no figure uses any more is not spoken of) {
  auto x = sound();
  x.columns.erase("v");
  auto of = needs;
  of.columns.erase("v");
  CAF_CHECK(said(x, sound(), of).empty());
}

CAF_TEST(a column that is used from now on has nothing before it) {
  auto before = sound();
  before.columns.erase("v");
  CAF_CHECK(said(sound(), before).empty());
}

CAF_TEST(a ledger that does not tell what was relied on leaves it to the plans) {
  auto x = sound();
  x.columns["v"].type_name = "bigint";
  x.columns.erase("at");
  auto told = complaints({}, {"public.t", x}, needs);
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(told[0].what, "column at of public.t was dropped or renamed");
  CAF_CHECK_EQUAL(told[1].what, "column v of public.t has the type bigint (it had integer)");
}

CAF_TEST(old rows are asked for where records are read as having them) {
  auto x = sound();
  x.identity = "d";
  auto told = only(said(x));
  CAF_CHECK_EQUAL(told.remedy, "ALTER TABLE public.t REPLICA IDENTITY FULL");
  CAF_CHECK(told.what.find("REPLICA IDENTITY DEFAULT") != std::string::npos);
  auto of = needs;
  of.full_identity = false;
  CAF_CHECK(said(x, sound(), of).empty());
  x.identity = "n";
  CAF_CHECK(!said(x, sound(), of).empty());
}

CAF_TEST(what stood when it was relied on is told and told again when it has ended) {
  auto before = sound();
  before.identity = "d";
  CAF_CHECK_EQUAL(said(before, before).size(), 1u);
  auto told = only(said(sound(), before));
  CAF_CHECK_EQUAL(told.what.find("public.t has REPLICA IDENTITY DEFAULT"), 0u);
  CAF_CHECK(told.what.find("(until it was mended)") != std::string::npos);
  CAF_CHECK_EQUAL(told.remedy, "");
}

CAF_TEST(a reader without rights is told and reading again is enough once it has them) {
  auto before = sound();
  before.readers.front().reads = false;
  auto told = only(said(before, before));
  CAF_CHECK_EQUAL(told.remedy, "GRANT SELECT ON public.t TO " + before.readers.front().role);
  CAF_CHECK(told.rewritten);
  CAF_CHECK(only(said(sound(), before)).rewritten);
}

CAF_TEST(what the publication lacks is named with the statement that gives it) {
  auto told = [](auto change) {
    auto x = sound();
    change(x.publication);
    return only(said(x));
  };
  CAF_CHECK_EQUAL(told([](auto& p) { p.member = false; }).remedy,
                  "ALTER PUBLICATION millrace_x ADD TABLE public.t");
  CAF_CHECK_EQUAL(told([](auto& p) {
                    p.leaves_out = {"update", "delete"};
                  }).what,
                  "the publication millrace_x leaves out update, delete");
  CAF_CHECK_EQUAL(told([](auto& p) { p.hides = {"v"}; }).what,
                  "the publication millrace_x has a column list on public.t without v");
  CAF_CHECK_EQUAL(told([](auto& p) { p.filters_rows = true; }).what,
                  "the publication millrace_x has a row filter on public.t");
  CAF_CHECK_EQUAL(told([](auto& p) { p.exists = p.member = false; }).what,
                  "there is no publication millrace_x");
}

CAF_TEST(a publication that was altered and put back is told by its version) {
  auto x = sound();
  x.publication.version = "7:9";
  CAF_CHECK_EQUAL(only(said(x)).what,
                  "the publication millrace_x was altered: changes of public.t may not have come");
}

CAF_TEST(who may not read or does not see all is named) {
  auto x = sound();
  x.readers[0].reads = false;
  CAF_CHECK_EQUAL(only(said(x)).remedy, "GRANT SELECT ON public.t TO node");
  x = sound();
  x.readers[1].sees_all = false;
  CAF_CHECK_EQUAL(only(said(x)).remedy, "ALTER ROLE debezium BYPASSRLS");
}

CAF_TEST(a table that is no ordinary one any more is told how) {
  auto told = [](auto change) {
    auto x = sound();
    change(x);
    return only(said(x)).what;
  };
  CAF_CHECK_EQUAL(told([](auto& x) { x.persistence = "u"; }),
                  "public.t is unlogged: its changes aren't in PostgreSQL's log");
  CAF_CHECK_EQUAL(told([](auto& x) { x.parent = "public.p"; }), "public.t is a partition of public.p now");
  CAF_CHECK_EQUAL(told([](auto& x) { x.children = {"public.c"}; }),
                  "public.c inherits from public.t: a query of public.t reads both tables");
  CAF_CHECK_EQUAL(told([](auto& x) { x.kind = "v"; }), "public.t is a view now");
  CAF_CHECK_EQUAL(told([](auto& x) { x.key = {}; }), "public.t has no primary key any more");
  CAF_CHECK_EQUAL(told([](auto& x) { x.key = {"v"}; }), "the primary key of public.t is (v) (it was (id))");
  CAF_CHECK_EQUAL(told([](auto& x) { x.deferrable_key = true; }),
                  "the primary key of public.t is deferrable: its changes can't be put in order");
}
