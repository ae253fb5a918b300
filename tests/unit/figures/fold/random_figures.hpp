#pragma once

/// Random figures of the live subset, over the tables of fold_world.hpp.

#include "actors/postgres/session.hpp"
#include "tests/unit/random_source.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::test {

class random_figures {
 public:
  random_figures(const std::vector<postgres::table>& catalog, random_source& random)
      : catalog_(catalog), random_(random) {}

  /// Returns a target line and a statement. `number` keeps places apart.
  std::string make(std::size_t number) {
    pick_tables();
    auto plain = !parent_ && random_.one_in(4);
    auto body = plain ? projection() : aggregation();
    auto place = "f" + std::to_string(number) + (random_.one_in(2) ? ":" : ":{{}}:");
    return "-- redis: " + target(place, plain) + " name f" + std::to_string(number) + "\n" + body + ";\n";
  }

 private:
  using columns = std::vector<const postgres::column*>;
  using type = postgres::column_type;

  const postgres::table& table(const std::string& name) const {
    return *std::find_if(catalog_.begin(), catalog_.end(), [&](auto& x) { return x.name == name; });
  }

  void pick_tables() {
    auto join = random_.below(3) == 0;
    auto first = random_.one_in(3);
    parent_ = nullptr;
    if (join)
      parent_ = &table(first ? "q" : "p");
    child_ =
        &table(join ? (first ? "d" : "c") : random_.of(std::vector<std::string>{"c", "c", "d", "p", "q"}));
  }

  std::string column(const postgres::table& of, const postgres::column& x) const {
    return parent_ ? of.name + "." + x.name : x.name;
  }

  columns of_types(const postgres::table& of, const std::vector<type>& types) const {
    columns out;
    for (auto& x : of.columns)
      if (std::find(types.begin(), types.end(), x.type) != types.end())
        out.push_back(&x);
    return out;
  }

  const postgres::table& either() { return parent_ && random_.one_in(3) ? *parent_ : *child_; }

  // ----- conditions -----

  std::string literal(const postgres::column& x) {
    switch (x.type) {
    case type::smallint:
    case type::integer:
      return random_.one_in(4) ? random_.of(std::vector<std::string>{"2.5", "2.0"})
                               : std::to_string(random_.below(5));
    case type::bigint:
      return random_.of(std::vector<std::string>{"0", "5", "-1", "1000000000000"});
    case type::numeric:
      return random_.of(std::vector<std::string>{"0", "1", "2.5", "1.005", "-3.00", "'NaN'"});
    case type::boolean:
      return random_.of(std::vector<std::string>{"true", "false"});
    case type::date:
      return random_.of(std::vector<std::string>{"'2023-12-10'", "'2023-12-11'", "'infinity'"});
    case type::timestamp:
      return random_.of(std::vector<std::string>{"'2023-12-08 01:48:00'", "'2023-12-09'"});
    case type::timestamptz:
      return random_.of(std::vector<std::string>{"'2023-12-08 02:48:00+01'", "'2023-12-09'"});
    case type::time:
      return random_.of(std::vector<std::string>{"'06:00:00.000001'", "'12:00'"});
    case type::uuid:
      return "'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'";
    case type::enumeration:
      return "'ok'";
    default:
      return random_.of(std::vector<std::string>{"'new'", "'1:x'", "''", "'50%'"});
    }
  }

  static bool is_text(type x) { return x == type::text || x == type::varchar; }

  std::string comparison_for(type x) {
    auto equality = is_text(x) || x == type::uuid || x == type::enumeration;
    return equality ? random_.of(std::vector<std::string>{"=", "<>"})
                    : random_.of(std::vector<std::string>{"=", "<>", "<", "<=", ">", ">="});
  }

  std::string condition(const postgres::table& of, int depth) {
    if (depth > 0 && random_.one_in(4))
      return "NOT (" + condition(of, depth - 1) + ")";
    if (depth > 0 && random_.one_in(3))
      return "(" + condition(of, depth - 1) + (random_.one_in(2) ? " OR " : " AND ")
             + condition(of, depth - 1) + ")";
    auto among = of_types(of, {type::smallint, type::integer, type::bigint, type::numeric, type::boolean,
                               type::text, type::varchar, type::date, type::timestamp, type::timestamptz,
                               type::time, type::uuid, type::enumeration});
    auto& x = *random_.of(among);
    auto name = column(of, x);
    switch (random_.below(7)) {
    case 0:
      return name + (random_.one_in(2) ? " IS NULL" : " IS NOT NULL");
    case 1:
      return name + (random_.one_in(3) ? " NOT" : "") + " IN (" + literal(x) + ", " + literal(x) + ")";
    case 2:
      return x.type == type::boolean ? name : name + " " + comparison_for(x.type) + " " + literal(x);
    case 3:
      return is_text(x.type) ? name + " LIKE 'n%'" : name + " = " + literal(x);
    case 4:
      return ordered(x.type) ? name + " BETWEEN " + literal(x) + " AND " + literal(x)
                             : name + " = " + literal(x);
    case 5:
      return two_columns(of, x);
    default:
      return name + " " + comparison_for(x.type) + " " + literal(x);
    }
  }

  static bool ordered(type x) { return !is_text(x) && x != type::uuid && x != type::enumeration; }

  static bool is_number(type x) {
    return x == type::smallint || x == type::integer || x == type::bigint || x == type::numeric;
  }

  std::string two_columns(const postgres::table& of, const postgres::column& x) {
    columns among;
    for (auto& y : of.columns)
      if ((is_number(x.type) && is_number(y.type)) || (is_text(x.type) && is_text(y.type))
          || y.type == x.type)
        among.push_back(&y);
    return column(of, x) + " " + comparison_for(x.type) + " " + column(of, *random_.of(among));
  }

  std::string where() {
    std::string out;
    for (auto terms = random_.one_in(2) ? 0 : 1 + random_.below(2); terms-- > 0;)
      out += (out.empty() ? " WHERE " : " AND ") + condition(either(), 2);
    for (auto terms = random_.one_in(3) ? 1 + random_.below(2) : 0; terms-- > 0;)
      if (auto term = window(either()); !term.empty())
        out += (out.empty() ? " WHERE " : " AND ") + term;
    return out;
  }

  std::string clock() {
    static const std::vector<std::string> lengths{"100 seconds", "1 minute",    "1 day",
                                                  "1 day 30.5s", "-50 seconds", "0.25 seconds"};
    return random_.one_in(5) ? "now()" : "now() - interval '" + random_.of(lengths) + "'";
  }

  /// A condition with the clock; empty if the table has no timestamps.
  std::string window(const postgres::table& of) {
    auto times = of_types(of, {type::timestamp, type::timestamptz});
    if (times.empty())
      return {};
    auto name = column(of, *random_.of(times));
    auto cmp = random_.of(std::vector<std::string>{"<", "<=", ">", ">=", ">", ">"});
    switch (random_.below(4)) {
    case 0:
      return clock() + " " + cmp + " " + name;
    case 1:
      return name + " BETWEEN now() - interval '2 days' AND " + clock();
    default:
      return name + " " + cmp + " " + clock();
    }
  }

  // ----- plain columns -----

  std::string projection() {
    keys_.clear();
    shown_.clear();
    auto& of = *child_;
    for (auto number : of.primary_key)
      keys_.push_back(of.columns[number].name);
    std::string list;
    if (random_.one_in(3)) {
      list = "*";
      shown_ = {"some"};
    } else {
      for (auto& x : of.columns)
        if (std::find(keys_.begin(), keys_.end(), x.name) != keys_.end() || random_.one_in(2)) {
          list += (list.empty() ? "" : ", ") + x.name;
          if (std::find(keys_.begin(), keys_.end(), x.name) == keys_.end())
            shown_.push_back(x.name);
        }
    }
    return "SELECT " + list + " FROM " + of.name + where();
  }

  // ----- aggregates -----

  std::string key() {
    auto& of = either();
    auto times = of_types(of, {type::timestamp});
    if (!times.empty() && random_.one_in(3)) {
      auto name = column(of, *random_.of(times));
      if (random_.one_in(2))
        return "date_trunc('"
               + random_.of(std::vector<std::string>{"second", "minute", "hour", "day", "week", "month",
                                                     "quarter", "year"})
               + "', " + name + ")";
      return "to_char(" + name + ", '"
             + random_.of(std::vector<std::string>{"YYYYMMDD_HH24MI", "HH24:MI", "YYYY-MM-DD", "DD SS", "MM"})
             + "')";
    }
    auto among = of_types(of, {type::smallint, type::integer, type::bigint, type::numeric, type::boolean,
                               type::text, type::varchar, type::date, type::timestamp, type::timestamptz,
                               type::time, type::uuid, type::enumeration});
    auto& x = *random_.of(among);
    if (random_.one_in(4) && (is_text(x.type) || x.type == type::integer || x.type == type::date))
      return "coalesce(" + column(of, x) + ", "
             + (is_text(x.type)        ? "'new'"
                : x.type == type::date ? "'2023-12-10'"
                                       : "3")
             + ")";
    return column(of, x);
  }

  std::vector<std::string> entity_key() {
    if (parent_ && parent_->name == "p")
      return {random_.one_in(2) ? "p.id" : "c.parent_id"};
    if (parent_)
      return {"q.k1", random_.one_in(2) ? "q.k2" : "d.q2"};
    if (child_->name == "c" && random_.one_in(3))
      return {"id"};
    if (child_->name == "c")
      return {"parent_id"};
    if (child_->name == "d")
      return {"q1", "q2"};
    return child_->name == "p" ? std::vector<std::string>{"id"} : std::vector<std::string>{"k1", "k2"};
  }

  std::string product(const postgres::table& of) {
    auto decimals = of_types(of, {type::numeric});
    auto numbers = of_types(of, {type::smallint, type::integer, type::bigint, type::numeric});
    auto& x = *random_.of(numbers);
    if (decimals.empty() || random_.one_in(2))
      return column(of, x);
    return column(of, *random_.of(decimals)) + " * " + column(of, x);
  }

  std::string aggregate() {
    auto& of = either();
    std::string out;
    switch (random_.below(6)) {
    case 0:
      out = "count(*)";
      break;
    case 1:
      out = "count(" + column(of, of.columns[random_.below(of.columns.size())]) + ")";
      break;
    case 2:
      out = "sum(" + product(of) + ")";
      break;
    case 3:
      out = "avg(" + product(of) + ")";
      break;
    default:
      out = (random_.one_in(2) ? "min(" : "max(")
            + column(of,
                     *random_.of(of_types(of, {type::smallint, type::integer, type::bigint, type::numeric,
                                               type::date, type::timestamp, type::timestamptz, type::time})))
            + ")";
    }
    auto term = window(either());
    if (random_.one_in(8) && !term.empty())
      return out + " FILTER (WHERE " + term + (random_.one_in(3) ? " AND " + condition(either(), 1) : "")
             + ")";
    if (random_.one_in(4))
      out += " FILTER (WHERE " + condition(either(), 1)
             + (random_.one_in(3) ? " AND " + condition(either(), 1) : "") + ")";
    return out;
  }

  std::string having() {
    switch (random_.below(3)) {
    case 0:
      return " HAVING count(*) > 1";
    case 1:
      return " HAVING sum(" + product(*child_) + ") >= 2.5";
    default:
      return " HAVING avg(" + product(*child_) + ") < 3";
    }
  }

  std::string aggregation() {
    keys_.clear();
    shown_.clear();
    std::vector<std::string> group, list;
    auto keyed = random_.one_in(2);
    if (keyed)
      group = entity_key();
    for (auto more = keyed ? random_.below(2) : random_.below(3); more-- > 0;)
      group.push_back(key());
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
    for (auto& x : group) {
      keys_.push_back("k" + std::to_string(keys_.size()));
      list.push_back(x + " AS " + keys_.back());
    }
    for (auto more = random_.one_in(2) ? 1 : 1 + random_.below(4); more-- > 0;) {
      shown_.push_back("a" + std::to_string(shown_.size()));
      auto what = aggregate();
      numbers_only_ = what.starts_with("count") || what.starts_with("sum") || what.starts_with("avg");
      list.push_back(what + " AS " + shown_.back());
    }
    if (random_.one_in(3))
      std::reverse(list.begin(), list.end());
    auto sql = "SELECT " + joined(list, ", ") + " FROM " + from() + where();
    if (!group.empty())
      sql += " GROUP BY " + joined(group, ", ");
    return keyed && random_.one_in(4) ? sql + having() : sql;
  }

  std::string from() const {
    if (!parent_)
      return child_->name;
    return parent_->name == "p" ? "c JOIN p ON p.id = c.parent_id"
                                : "d JOIN q ON q.k1 = d.q1 AND d.q2 = q.k2";
  }

  static std::string joined(const std::vector<std::string>& xs, const std::string& between) {
    std::string out;
    for (auto& x : xs)
      out += (out.empty() ? "" : between) + x;
    return out;
  }

  static std::string placeholders(const std::vector<std::string>& names) {
    std::string out;
    for (auto& x : names)
      out += (out.empty() ? "{" : ":{") + x + "}";
    return out;
  }

  std::string target(const std::string& place, bool plain) {
    auto all = place + placeholders(keys_);
    if (plain)
      return (shown_.empty() || random_.one_in(2) ? "json " : "hash ") + all;
    if (shown_.size() > 1 || keys_.empty())
      return (random_.one_in(2) ? "json " : shown_.size() == 1 ? "string " : "hash ") + all;
    switch (random_.below(5)) {
    case 0:
      return "string " + all;
    case 1:
      return "hash " + all;
    case 2:
      return "json " + all;
    case 3:
      if (numbers_only_)
        return "zset " + place + " member " + placeholders(keys_) + " score a0";
      [[fallthrough]];
    default:
      return "hash " + place + " field " + placeholders(keys_);
    }
  }

  const std::vector<postgres::table>& catalog_;
  random_source& random_;
  const postgres::table* child_ = nullptr;
  const postgres::table* parent_ = nullptr;
  std::vector<std::string> keys_, shown_; ///< names of output columns
  bool numbers_only_ = false;
};

} // namespace millrace::test
