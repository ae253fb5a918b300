#define CAF_SUITE figures.hostile_text
#include "actors/figures/plan/planner.hpp"
#include "messages/visible.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

std::vector<refusal> refusals_of(const std::string& text, const std::string& name = "f.sql") {
  return plan_texts({{name, text}}, {}, {"public"}, {}, "").refusals;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

constexpr auto query = "\nSELECT count(*) AS n FROM orders;";

} // namespace

CAF_TEST(a byte that no character has is refused at its place) {
  auto all = refusals_of(std::string("-- redis: string a\xff") + query);
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK_EQUAL(all[0].line, 1);
  CAF_CHECK_EQUAL(all[0].column, 19);
  CAF_CHECK_EQUAL(to_text(all[0]), "f.sql:1:19: the byte \\xff isn't UTF-8\n"
                                   "    -- redis: string a\\xff\n"
                                   "                      ^\n"
                                   "  instead: save the file as UTF-8\n");
}

CAF_TEST(a control character in a target line is refused at its place) {
  for (std::string bad : {"\x1b]0;x\x07", "\u202e", "\u0085", "\x7f"}) {
    auto all = refusals_of("-- redis: string a name x" + bad + query);
    CAF_REQUIRE_EQUAL(all.size(), 1u);
    CAF_CHECK_EQUAL(all[0].column, 26);
    CAF_CHECK(has(all[0].message, "control character"));
    CAF_CHECK_EQUAL(visible_lines(to_text(all[0])), to_text(all[0]));
  }
}

CAF_TEST(a path with control characters is refused and can be printed) {
  for (std::string name : {"a\nb.sql", "a\xff.sql", "a\x1b[2J.sql"}) {
    auto all = refusals_of(std::string("-- redis: string a") + query, name);
    CAF_REQUIRE_EQUAL(all.size(), 1u);
    CAF_CHECK(has(to_text(all[0]), visible(name) + ": the file's path has control characters"));
  }
}

CAF_TEST(a refusal of a query with control characters can be printed) {
  auto all = refusals_of("-- redis: string a\nSELECT count(*) AS n FROM \"x\x1b[2J\ny\";");
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK(has(all[0].message, "there is no table"));
  CAF_CHECK_EQUAL(visible_lines(to_text(all[0])), to_text(all[0]));
  CAF_CHECK(has(to_text(all[0]), "there is no table \"x\\u001b[2J\\ny\" in public"));
}
