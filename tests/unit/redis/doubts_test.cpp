#define CAF_SUITE redis.doubts
#include "tests/unit/redis/fixture.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr auto life = "first";

/// A store whose ledger is of the life above.
struct doubting : store_fixture {
  doubting() {
    redis::project_format out{"1", 7, 32, "{}", "db", "live", "{}"};
    out.life = life;
    must(store.set_format(out));
  }
};

redis::table_doubt rewritten(std::uint64_t at) {
  return {"public.t was rewritten", "millrace resync public.t", 1700000000, lsn{at}, true, {}};
}

} // namespace

CAF_TEST(a doubt comes back as it was noted) {
  doubting f;
  CAF_CHECK(must(f.store.doubts()).empty());
  redis::table_doubt x{"\"Quoted\".\"t:ä\" was rewritten (ALTER TABLE ... TYPE)", "resync \"a/b\"",
                       1700000000, lsn{~std::uint64_t{0}}, true};
  must(f.store.doubt("Quoted.t:ä", x, life));
  must(f.store.doubt("public.t", rewritten(7), life));
  auto all = must(f.store.doubts());
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK(all["Quoted.t:ä"] == x);
  CAF_CHECK(all["public.t"] == rewritten(7));
}

CAF_TEST(a doubt that is noticed again keeps its beginning and moves its position up) {
  doubting f;
  must(f.store.doubt("public.t", rewritten(0x2000000000000001), life));
  auto again = rewritten(0x2000000000000002);
  again.since += 60;
  must(f.store.doubt("public.t", again, life));
  auto have = must(f.store.doubts()).at("public.t");
  CAF_CHECK_EQUAL(have.since, 1700000000);
  CAF_CHECK_EQUAL(have.at.value, 0x2000000000000002u);
  CAF_CHECK_EQUAL(have.reason, "public.t was rewritten");
  must(f.store.doubt("public.t", rewritten(0x2000000000000001), life));
  CAF_CHECK_EQUAL(must(f.store.doubts()).at("public.t").at.value, 0x2000000000000002u);
}

CAF_TEST(reasons that differ are joined and one that is more than a rewrite stays more) {
  doubting f;
  must(f.store.doubt("public.t", rewritten(7), life));
  redis::table_doubt filtered{
      "the publication filters public.t",
      "ALTER PUBLICATION p SET TABLE public.t; millrace apply; millrace resync public.t",
      1,
      lsn{8},
      false,
      {}};
  must(f.store.doubt("public.t", filtered, life));
  must(f.store.doubt("public.t", rewritten(9), life));
  auto have = must(f.store.doubts()).at("public.t");
  CAF_CHECK_EQUAL(have.reason, "public.t was rewritten; the publication filters public.t");
  CAF_CHECK_EQUAL(have.remedy,
                  "ALTER PUBLICATION p SET TABLE public.t; millrace apply; millrace resync public.t");
  CAF_CHECK(!have.rewritten_only);
}

CAF_TEST(doubts about columns are about all of them together and one about rows is about all) {
  doubting f;
  auto about = [&](std::set<std::string> columns) {
    auto x = rewritten(7);
    x.columns = std::move(columns);
    must(f.store.doubt("public.t", x, life));
    return must(f.store.doubts()).at("public.t").columns;
  };
  CAF_CHECK(about({"v"}) == std::set<std::string>{"v"});
  CAF_CHECK((about({"w"}) == std::set<std::string>{"v", "w"}));
  CAF_CHECK(about({}).empty());
  CAF_CHECK(about({"v"}).empty());
}

CAF_TEST(a doubt is cleared by a read that began after it and by no earlier one) {
  doubting f;
  must(f.store.doubt("public.t", rewritten(100), life));
  must(f.store.doubt("public.o", rewritten(100), life));
  must(f.store.clear_doubt("public.t", lsn{99}, life));
  must(f.store.clear_doubt("public.t", lsn{100}, life));
  CAF_CHECK_EQUAL(must(f.store.doubts()).size(), 2u);
  must(f.store.clear_doubt("public.t", lsn{1000}, life));
  CAF_CHECK_EQUAL(must(f.store.doubts()).count("public.t"), 0u);
  CAF_CHECK_EQUAL(must(f.store.doubts()).count("public.o"), 1u);
  must(f.store.clear_doubt("public.t", lsn{1000}, life));
}

CAF_TEST(facts are added and replaced by table) {
  doubting f;
  CAF_CHECK(must(f.store.relied_on()).empty());
  must(f.store.rely_on({{"public.t", "{\"oid\":1}"}, {"public.o", "{\"oid\":2}"}}, life));
  must(f.store.rely_on({{"public.t", "{\"oid\":3}"}}, life));
  must(f.store.rely_on({}, life));
  auto all = must(f.store.relied_on());
  CAF_CHECK_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all["public.t"], "{\"oid\":3}");
}

CAF_TEST(a writer of another life changes neither doubts nor facts) {
  doubting f;
  must(f.store.doubt("public.t", rewritten(7), life));
  must(f.store.rely_on({{"public.t", "{}"}}, life));
  for (auto& refused :
       {f.store.doubt("public.o", rewritten(7), "before"), f.store.clear_doubt("public.t", lsn{9}, "before"),
        f.store.rely_on({{"public.o", "{}"}}, "before")}) {
    CAF_REQUIRE(!refused);
    CAF_CHECK(refused.why().code == errc::fenced);
  }
  CAF_CHECK_EQUAL(must(f.store.doubts()).size(), 1u);
  CAF_CHECK_EQUAL(must(f.store.relied_on()).size(), 1u);
}

CAF_TEST(doubts and facts outlast other figures and end with the ledger) {
  doubting f;
  must(f.store.doubt("public.t", rewritten(7), life));
  must(f.store.rely_on({{"public.t", "{}"}}, life));
  auto mine = f.claim(cell(0));
  auto after = must(f.store.format());
  after.life = "second";
  must(f.store.adopt({{cell(0), mine.owner, {}, {}}}, {}, after));
  CAF_CHECK_EQUAL(must(f.store.doubts()).size(), 1u);
  CAF_CHECK_EQUAL(must(f.store.relied_on()).size(), 1u);
  must(f.store.wipe({cell(0)}, "second"));
  CAF_CHECK(must(f.store.doubts()).empty());
  CAF_CHECK(must(f.store.relied_on()).empty());
}

CAF_TEST(a flush that met rows of a read its cell did not know of doubts their tables) {
  doubting f;
  auto flush = f.next(f.claim(cell(0)));
  flush.unknown_reads = {{table_id{0}, lsn{0x2000000000000001}}};
  must(f.store.flush({flush}, tick_seconds{1700000000}));
  auto have = must(f.store.doubts());
  CAF_REQUIRE_EQUAL(have.size(), 1u);
  auto& [table, x] = *have.begin();
  CAF_CHECK_EQUAL(table, "public.orders");
  CAF_CHECK(x.rewritten_only);
  CAF_CHECK_EQUAL(x.at.value, 0x2000000000000001u);
  CAF_CHECK_EQUAL(x.since, 1700000000);
  CAF_CHECK_EQUAL(x.remedy, "millrace resync " + table);
}

CAF_TEST(a doubt that cannot be read stays a doubt) {
  doubting f;
  f.ask({"HSET", "millrace:shop:doubts", "public.t", "nonsense"});
  CAF_CHECK(!must(f.store.doubts()).at("public.t").reason.empty());
}
