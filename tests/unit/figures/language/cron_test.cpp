#define CAF_SUITE figures.cron
#include "actors/figures/language/cron.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

cron_times good(const std::string& line) {
  auto x = cron_times::parse(line);
  if (auto* wrong = std::get_if<cron_times::mistake>(&x))
    CAF_FAIL(line << ": " << wrong->message);
  return std::get<cron_times>(x);
}

std::string mistake(const std::string& line) {
  auto x = cron_times::parse(line);
  auto* wrong = std::get_if<cron_times::mistake>(&x);
  return wrong ? std::to_string(wrong->at) + " " + wrong->message : "";
}

constexpr std::int64_t hour = 3'600, day = 86'400;
constexpr std::int64_t friday = 20'000 * day; // 2024-10-04

} // namespace

CAF_TEST(every minute comes at the next minute) {
  auto x = good("* * * * *");
  CAF_CHECK_EQUAL(x.after(friday), friday + 60);
  CAF_CHECK_EQUAL(x.after(friday + 59), friday + 60);
  CAF_CHECK_EQUAL(x.at_or_before(friday + 59), friday);
  CAF_CHECK_EQUAL(x.at_or_before(friday), friday);
}

CAF_TEST(a time of the day comes once a day) {
  auto x = good("30 3 * * *");
  auto at = friday + 3 * hour + 1800;
  CAF_CHECK_EQUAL(x.after(friday), at);
  CAF_CHECK_EQUAL(x.after(at), at + day);
  CAF_CHECK_EQUAL(x.at_or_before(at - 1), at - day);
  CAF_CHECK_EQUAL(x.at_or_before(at), at);
}

CAF_TEST(lists ranges and steps are minutes) {
  auto x = good("0-10/5,40 * * * *");
  CAF_CHECK_EQUAL(x.after(friday), friday + 300);
  CAF_CHECK_EQUAL(x.after(friday + 300), friday + 600);
  CAF_CHECK_EQUAL(x.after(friday + 600), friday + 2400);
  CAF_CHECK_EQUAL(x.after(friday + 2400), friday + hour);
  CAF_CHECK_EQUAL(good("*/20 * * * *").after(friday), friday + 1200);
  CAF_CHECK_EQUAL(good("50/5 * * * *").after(friday + 3000), friday + 3300);
}

CAF_TEST(a day of the week has a number or a name and Sunday has two) {
  auto sunday = friday + 2 * day;
  for (auto line : {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * SUN"})
    CAF_CHECK_EQUAL(good(line).after(friday), sunday);
  CAF_CHECK_EQUAL(good("0 0 * * mon-wed").after(friday), friday + 3 * day);
  CAF_CHECK_EQUAL(good("0 0 * * 5-7").after(friday), friday + day);
}

CAF_TEST(either day field suffices unless one is a star) {
  // 2024-10-04 is a Friday; the 6th is a Sunday.
  CAF_CHECK_EQUAL(good("0 0 6 * mon").after(friday), friday + 2 * day);
  CAF_CHECK_EQUAL(good("0 0 6 * mon").after(friday + 2 * day), friday + 3 * day);
  CAF_CHECK_EQUAL(good("0 0 */2 * mon").after(friday), friday + 3 * day); // the 7th is odd, and a Monday
}

CAF_TEST(a leap day comes after years and before them) {
  auto x = good("0 0 29 feb *");
  auto leap_2024 = 19'782 * day, leap_2028 = (19'782 + 1'461) * day;
  CAF_CHECK_EQUAL(x.after(friday), leap_2028);
  CAF_CHECK_EQUAL(x.at_or_before(friday), leap_2024);
}

CAF_TEST(a time that never comes is refused) {
  CAF_CHECK(mistake("0 0 30 2 *").find("never comes") != std::string::npos);
  CAF_CHECK(mistake("0 0 31 2,4,6,9,11 *").find("never comes") != std::string::npos);
  CAF_CHECK_EQUAL(mistake("0 0 31 2,5 *"), "");
}

CAF_TEST(a mistake is named at its place) {
  CAF_CHECK_EQUAL(mistake("60 * * * *"), "0 '60' is no minute (0 to 59)");
  CAF_CHECK_EQUAL(mistake("0 24 * * *"), "2 '24' is no hour (0 to 23)");
  CAF_CHECK_EQUAL(mistake("0 0 0 * *"), "4 '0' is no day of the month (1 to 31)");
  CAF_CHECK_EQUAL(mistake("0 0 * foo *"), "6 'foo' is no month (1 to 12)");
  CAF_CHECK_EQUAL(mistake("*/0 * * * *"), "2 '0' is no step");
  CAF_CHECK_EQUAL(mistake("5-3 * * * *"), "0 the range '5-3' ends before it begins");
  CAF_CHECK_EQUAL(mistake("1,,2 * * * *"), "2 '' is no minute (0 to 59)");
  CAF_CHECK_EQUAL(mistake("* * * *"), "0 a cron line has five fields, this has 4");
  CAF_CHECK_EQUAL(mistake("@daily"), "0 a cron line has five fields, this has 1");
}
