/// Resolves a join: which table is the parent, and which of the child's columns hold its key.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace {

namespace {

using kind = expression::kind;

/// The columns that ON's equalities compare between the two tables.
struct join_pairs {
  std::vector<std::pair<found_column, found_column>> of; ///< the first table's, the second table's
};

join_pairs read_pairs(std::vector<expression>& on, const std::vector<scope_table>& scope,
                      std::vector<expression>& where) {
  join_pairs out;
  for (auto& term : on) {
    auto columns =
        term.what == kind::compare && term.args[0].what == kind::column && term.args[1].what == kind::column;
    if (columns) {
      auto a = find_column(term.args[0], scope), b = find_column(term.args[1], scope);
      if (a.of != b.of) {
        if (term.text != "=")
          refuse_figure(term.at, "a join by " + term.text, "parent.id = child.parent_id");
        if (a.of != &scope[0])
          std::swap(a, b);
        out.of.emplace_back(a, b);
        continue;
      }
    }
    where.push_back(std::move(term)); // an inner join's ON means the same as WHERE
  }
  return out;
}

/// Returns the columns of `other` that equal the primary key of `of`, in key order. Returns nothing if
/// the pairs aren't exactly the key.
std::optional<std::vector<std::uint16_t>> by_key(const join_pairs& pairs, const postgres::table& of,
                                                 bool first) {
  std::vector<std::uint16_t> out;
  for (auto number : of.primary_key)
    for (auto& [a, b] : pairs.of)
      if ((first ? a : b).number == number) {
        out.push_back((first ? b : a).number);
        break;
      }
  if (out.size() != of.primary_key.size() || pairs.of.size() != out.size())
    return std::nullopt;
  return out;
}

bool refers_to(const postgres::table& child, const std::vector<std::uint16_t>& by,
               const postgres::table& parent) {
  return std::any_of(child.foreign_keys.begin(), child.foreign_keys.end(), [&](auto& key) {
    return key.schema == parent.schema && key.table == parent.name
           && std::set<std::uint16_t>(key.columns.begin(), key.columns.end())
                  == std::set<std::uint16_t>(by.begin(), by.end());
  });
}

void check_join_types(const figure_draft& draft) {
  auto& child = *draft.scope[draft.child].table;
  auto& parent = *draft.scope[1 - draft.child].table;
  for (std::size_t i = 0; i < draft.by.size(); ++i) {
    auto& theirs = parent.columns[parent.primary_key[i]];
    found_column mine{&draft.scope[draft.child], draft.by[i], draft.scope[draft.child].at};
    check_usable(mine);
    check_key_type(mine, "joined on");
    if (!same_form(mine.it(), theirs))
      refuse_figure(draft.scope[1].at,
                    "a join of " + mine.it().type_name + " " + child.name + "." + mine.it().name + " on "
                        + theirs.type_name + " " + parent.name + "." + theirs.name,
                    "columns of the same type");
  }
}

} // namespace

void read_join(figure_draft& draft, select_tree& tree) {
  auto& scope = draft.scope;
  if (scope[0].table == scope[1].table)
    refuse_figure(scope[1].at, "self joins aren't supported", std::string("two figures ") + batch_later);
  if (scope[0].name == scope[1].name)
    refuse_figure(scope[1].at, "two tables have the same name", "an alias for one of them");
  auto pairs = read_pairs(tree.on, scope, tree.where);
  auto first = by_key(pairs, *scope[0].table, true), second = by_key(pairs, *scope[1].table, false);
  if (!first && !second)
    refuse_figure(scope[1].at, "the join isn't on the parent's complete primary key",
                  std::string("parent.id = child.parent_id, the parent's primary key; or two figures ")
                      + batch_later);
  // Both match: one row joins one row. The parent is the table that a foreign key refers to.
  auto parent = !second ? 0u : !first ? 1u : refers_to(*scope[1].table, *first, *scope[0].table) ? 0u : 1u;
  draft.child = 1 - parent;
  draft.by = parent == 0 ? *first : *second;
  draft.entity = scope[parent].table;
  scope[parent].from = side::parent;
  check_join_types(draft);
}

} // namespace millrace
