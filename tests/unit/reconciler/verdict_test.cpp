#define CAF_SUITE reconciler.verdict
#include "actors/reconciler/verdict.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

constexpr auto one_differs =
    R"({"equal":false,"exit_code":1,"figures":[{"figure":"a","result":"equal"},{"figure":"b","result":"differs"}]})";
constexpr auto all_equal = R"({"equal":true,"exit_code":0,"figures":[{"figure":"a","result":"equal"}]})";

} // namespace

CAF_TEST(figures that differ are named since the first comparison that found one) {
  reconciliation_report x;
  take_verdict(x, {1, one_differs, {}}, 100);
  CAF_CHECK_EQUAL(x.result, "differs");
  CAF_CHECK_EQUAL(x.differing, std::vector<std::string>{"b"});
  take_verdict(x, {1, one_differs, {}}, 200);
  CAF_CHECK_EQUAL(x.since, 100);
  CAF_CHECK_EQUAL(x.ended, 200);
  take_verdict(x, {0, all_equal, {}}, 300);
  CAF_CHECK_EQUAL(x.result, "equal");
  CAF_CHECK(x.differing.empty());
  CAF_CHECK_EQUAL(x.since, 0);
}

CAF_TEST(a figure differs until it is found equal) {
  reconciliation_report x;
  take_verdict(x, {1, one_differs, {}}, 100);
  take_verdict(
      x, {3, R"({"figures":[{"figure":"a","result":"equal"},{"figure":"b","result":"moving"}]})", {}}, 200);
  CAF_CHECK_EQUAL(x.differing, std::vector<std::string>{"b"});
  CAF_CHECK_EQUAL(x.since, 100);
}

CAF_TEST(a comparison that failed has a reason and leaves what was found) {
  reconciliation_report x;
  take_verdict(x, {1, one_differs, {}}, 100);
  take_verdict(x, {1, "", "waits\nmillrace: PostgreSQL is away:\n\tis it there?\n"}, 200);
  CAF_CHECK_EQUAL(x.result, "failed");
  CAF_CHECK_EQUAL(x.why, "PostgreSQL is away:  is it there?");
  CAF_CHECK_EQUAL(x.differing.size(), 1u);
  CAF_CHECK_EQUAL(x.since, 100);
  take_verdict(x, {-1, "", ""}, 300);
  CAF_CHECK_EQUAL(x.why, "verify ended with code -1");
}
