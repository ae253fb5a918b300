/// Resolves conditions with now(). Each becomes `column cmp now() - offset`, which changes once in a row's
/// life: at the tick at which the row enters, or at the tick at which it leaves.
///
///   column > now() - i        now() - i < column        now() - column < i        BETWEEN of two such bounds

#include "actors/figures/plan/plan_draft.hpp"
#include "actors/figures/values/numeric.hpp"
#include "actors/figures/values/time_text.hpp"

#include <utility>

namespace millrace {

namespace {

using kind = expression::kind;
using postgres::column_type;

constexpr const char* allowed = "column > now() - interval '5 minutes', with < <= >= or BETWEEN too; "
                                "or now() - column < interval '5 minutes'";

/// One side of the comparison: clock * now() + column + offset.
struct side_of_window {
  int clock = 0; ///< 1: now() is added
  const expression* column = nullptr;
  bool column_subtracted = false;
  int128 offset = 0; ///< microseconds
};

[[noreturn]] void refuse_window(int at, std::string message) {
  refuse_figure(at, std::move(message), std::string(allowed) + " " + batch_later);
}

/// Returns an interval's microseconds. PostgreSQL says what its text means.
std::int64_t microseconds_of(const expression& from, const figure_context& with) {
  auto text = from.text;
  if (with.answers.canonical) {
    auto told = with.answers.canonical("interval", from.text);
    if (!told && told.why().code == errc::unavailable)
      throw told.why();
    if (!told)
      refuse_figure(from.at, told.why().message, "an interval such as '5 minutes' or '2 days'");
    text = *told;
  }
  auto out = interval_from_postgres(text);
  if (!out)
    refuse_figure(from.at,
                  "the interval '" + from.text
                      + "' has months or years, whose length varies, or "
                        "is longer than 64 bits",
                  "days, hours, minutes or seconds");
  return *out;
}

side_of_window to_side(const expression& x, const figure_context& with);

side_of_window shifted(const expression& x, const figure_context& with) {
  auto left = to_side(x.args[0], with), right = to_side(x.args[1], with);
  auto minus = x.text == "-";
  if (left.column || (minus && right.clock != 0) || left.clock + right.clock > 1 || (!minus && right.column))
    refuse_window(x.at, "such a calculation with now()");
  left.clock += right.clock;
  left.column = right.column;
  left.column_subtracted = right.column != nullptr;
  left.offset += minus ? -right.offset : right.offset;
  return left;
}

side_of_window to_side(const expression& x, const figure_context& with) {
  side_of_window out;
  switch (x.what) {
  case kind::clock:
    out.clock = 1;
    return out;
  case kind::column:
    out.column = &x;
    return out;
  case kind::interval:
    out.offset = microseconds_of(x, with);
    return out;
  case kind::constant: // now() - column < '5 minutes': PostgreSQL takes an untyped text for an interval
    if (x.literal == expression::literal_kind::text && x.cast.empty()) {
      out.offset = microseconds_of(x, with);
      return out;
    }
    break;
  case kind::shift:
    return shifted(x, with);
  default:
    break;
  }
  refuse_window(x.at, "this beside now()");
}

found_column column_of(const expression& x, const std::vector<scope_table>& scope) {
  auto out = find_column(x, scope);
  check_usable(out);
  if (out.it().type != column_type::timestamp && out.it().type != column_type::timestamptz)
    refuse_figure(x.at, "now() beside the column " + out.it().name + " of type " + out.it().type_name,
                  "a column of type timestamp or timestamptz");
  return out;
}

predicate make_window(const found_column& x, comparison cmp, int128 offset, int at) {
  constexpr int128 limit = std::int64_t{1} << 62;
  if (offset > limit || offset < -limit)
    refuse_window(at, "an interval that is longer than all of time");
  predicate out;
  out.what = predicate::kind::window;
  out.column = x.use();
  out.cmp = cmp;
  out.constants.push_back({static_cast<std::int64_t>(offset), 0});
  return out;
}

/// left cmp right, where `flipped` is cmp as seen from the right.
predicate compare_sides(const expression& from, side_of_window left, side_of_window right, comparison cmp,
                        comparison flipped, const std::vector<scope_table>& scope) {
  if (cmp == comparison::eq || cmp == comparison::ne)
    refuse_window(from.at, "= and <> with now(), which hold for a moment at most");
  if (right.column)
    std::swap(left, right), std::swap(cmp, flipped);
  if (!left.column || right.column || left.clock + right.clock != 1)
    refuse_window(from.at, "this comparison with now()");
  if (left.clock == 1) { // now() + a - column cmp b: column flipped now() + a - b
    if (right.clock != 0)
      refuse_window(from.at, "this comparison with now()");
    return make_window(column_of(*left.column, scope), flipped, right.offset - left.offset, from.at);
  }
  if (left.column_subtracted || left.offset != 0)
    refuse_window(from.at, "a calculation with the column");
  return make_window(column_of(*left.column, scope), cmp, -right.offset, from.at);
}

predicate compare(const expression& from, const expression& a, const expression& b, const std::string& text,
                  const std::vector<scope_table>& scope, const figure_context& with) {
  return compare_sides(from, to_side(a, with), to_side(b, with), to_comparison(text, false),
                       to_comparison(text, true), scope);
}

} // namespace

predicate to_window(const expression& from, const std::vector<scope_table>& scope,
                    const figure_context& with) {
  auto& args = from.args;
  if (from.what == kind::compare)
    return compare(from, args[0], args[1], from.text, scope, with);
  predicate out;
  out.what = predicate::kind::conjunction;
  out.terms.push_back(compare(from, args[0], args[1], ">=", scope, with));
  out.terms.push_back(compare(from, args[0], args[2], "<=", scope, with));
  if (out.terms[0].column.from != out.terms[1].column.from)
    refuse_window(from.at, "BETWEEN over columns of two tables");
  return out;
}

} // namespace millrace
