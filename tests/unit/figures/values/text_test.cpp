// Values as PostgreSQL prints them: by example, and against PostgreSQL itself
// in postgres_text_test.cpp.

#include "actors/figures/values/text.hpp"

#include "actors/figures/values/calendar.hpp"

#include <cmath>
#include <limits>

#define CAF_SUITE figures.text
#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

namespace {

std::int64_t microseconds(civil_date date, std::int64_t hour, std::int64_t rest) {
  return days_from_civil(date) * microseconds_per_day + hour * 3600 * microseconds_per_second + rest;
}

} // namespace

CAF_TEST(a double prints its shortest digits and takes an exponent where float8out does) {
  CAF_CHECK_EQUAL(text_of_double(0.1), "0.1");
  CAF_CHECK_EQUAL(text_of_double(-0.0), "-0");
  CAF_CHECK_EQUAL(text_of_double(100), "100");
  CAF_CHECK_EQUAL(text_of_double(123456789012345), "123456789012345");
  CAF_CHECK_EQUAL(text_of_double(1e15), "1e+15");
  CAF_CHECK_EQUAL(text_of_double(0.0001), "0.0001");
  CAF_CHECK_EQUAL(text_of_double(0.00001), "1e-05");
  CAF_CHECK_EQUAL(text_of_double(1.25e100), "1.25e+100");
  CAF_CHECK_EQUAL(text_of_double(std::numeric_limits<double>::denorm_min()), "5e-324");
  CAF_CHECK_EQUAL(text_of_double(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  CAF_CHECK_EQUAL(text_of_double(std::nan("")), "NaN");
  CAF_CHECK_EQUAL(text_of_double(-std::numeric_limits<double>::infinity()), "-Infinity");
}

CAF_TEST(a float prints its shortest digits and takes an exponent where float4out does) {
  CAF_CHECK_EQUAL(text_of_float(0.1F), "0.1");
  CAF_CHECK_EQUAL(text_of_float(123456), "123456");
  CAF_CHECK_EQUAL(text_of_float(1234567), "1.234567e+06");
  CAF_CHECK_EQUAL(text_of_float(16777216), "1.6777216e+07");
}

CAF_TEST(numeric keeps all digits of its scale) {
  CAF_CHECK_EQUAL(to_text(std::int64_t{1234}, column_type::numeric, 2), "12.34");
  CAF_CHECK_EQUAL(to_text(std::int64_t{-5}, column_type::numeric, 2), "-0.05");
  CAF_CHECK_EQUAL(to_text(std::int64_t{0}, column_type::numeric, 3), "0.000");
  CAF_CHECK_EQUAL(to_text(std::int64_t{7}, column_type::numeric, 0), "7");
  CAF_CHECK_EQUAL(to_text(not_a_number{}, column_type::numeric, 2), "NaN");
  CAF_CHECK_EQUAL(to_json_text(not_a_number{}, column_type::numeric, 2), "\"NaN\"");
}

CAF_TEST(times lose the zeros at the end of their fraction and nothing else) {
  auto at = microseconds({2024, 2, 29}, 7, 1'500'000);
  CAF_CHECK_EQUAL(to_text(at, column_type::timestamp, 0), "2024-02-29 07:00:01.5");
  CAF_CHECK_EQUAL(to_text(at, column_type::timestamptz, 0), "2024-02-29 07:00:01.5+00");
  CAF_CHECK_EQUAL(to_json_text(at, column_type::timestamp, 0), "\"2024-02-29T07:00:01.5\"");
  CAF_CHECK_EQUAL(to_json_text(at, column_type::timestamptz, 0), "\"2024-02-29T07:00:01.5+00:00\"");
  CAF_CHECK_EQUAL(to_text(std::int64_t{-1}, column_type::timestamp, 0), "1969-12-31 23:59:59.999999");
  CAF_CHECK_EQUAL(to_text(microseconds_per_day, column_type::time, 0), "24:00:00");
}

CAF_TEST(infinity and years out of the ordinary print as in PostgreSQL) {
  CAF_CHECK_EQUAL(to_text(plus_infinity, column_type::timestamp, 0), "infinity");
  CAF_CHECK_EQUAL(to_json_text(minus_infinity, column_type::date, 0), "\"-infinity\"");
  CAF_CHECK_EQUAL(to_text(days_from_civil({12345, 1, 2}), column_type::date, 0), "12345-01-02");
  CAF_CHECK_EQUAL(to_text(days_from_civil({-43, 3, 15}), column_type::date, 0), "0044-03-15 BC");
}

CAF_TEST(JSON has numbers bare and strings escaped as escape_json does) {
  CAF_CHECK_EQUAL(to_json_text(std::int64_t{1}, column_type::boolean, 0), "true");
  CAF_CHECK_EQUAL(to_text(std::int64_t{0}, column_type::boolean, 0), "f");
  CAF_CHECK_EQUAL(to_json_text(std::string("1e+15"), column_type::double_precision, 0), "1e+15");
  CAF_CHECK_EQUAL(to_json_text(std::string("-Infinity"), column_type::real, 0), "\"-Infinity\"");
  CAF_CHECK_EQUAL(to_json_text(std::string("a\"\\\n\x01/\x7f"), column_type::text, 0),
                  "\"a\\\"\\\\\\n\\u0001/\x7f\"");
  CAF_CHECK_EQUAL(to_json_text(std::string("\\x00ff"), column_type::bytea, 0), "\"\\\\x00ff\"");
  CAF_CHECK_EQUAL(to_json_text(std::string("{ \"a\" : 1}"), column_type::json, 0), "{ \"a\" : 1}");
  CAF_CHECK_EQUAL(to_json_text(std::string("ab  "), column_type::bpchar, 0), "\"ab  \"");
  CAF_CHECK_EQUAL(to_json_text(null_value{}, column_type::text, 0), "null");
}
