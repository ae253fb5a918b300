#include "actors/figures/language/parse_batch.hpp"

#include "actors/figures/language/refusal.hpp"

#include <nlohmann/json.hpp>
#include <pg_query.h>

#include <algorithm>
#include <memory>

namespace millrace {

namespace {

using json = nlohmann::json;

struct parse_deleter {
  void operator()(PgQueryParseResult* x) const {
    pg_query_free_parse_result(*x);
    delete x;
  }
};

[[noreturn]] void refuse(int at, std::string message, std::string advice) {
  throw figure_refused{at, std::move(message), std::move(advice)};
}

json parse(const std::string& sql) {
  std::unique_ptr<PgQueryParseResult, parse_deleter> parsed(
      new PgQueryParseResult(pg_query_parse(sql.c_str())));
  if (parsed->error)
    refuse(static_cast<int>(byte_of_character(sql, parsed->error->cursorpos)), parsed->error->message, {});
  auto tree = json::parse(parsed->parse_tree, nullptr, false);
  // Never copied: a copy descends by calls, and a tree of any depth comes here.
  if (!tree.is_object() || !tree.contains("stmts") || tree["stmts"].size() != 1)
    refuse(0, "no single statement", "one SELECT");
  return std::move(tree["stmts"][0]["stmt"]);
}

/// Returns the first position within a node; 0 if none has one.
int place_of(const json& node) {
  if (node.is_object())
    if (auto at = node.find("location"); at != node.end() && at->is_number_integer())
      return at->get<int>();
  if (node.is_structured())
    for (auto& child : node)
      if (auto at = place_of(child); at > 0)
        return at;
  return 0;
}

/// Refuses what a read-only transaction would refuse at every run, or what a run has no use for.
void refuse_effects(const std::string& kind, const json& node) {
  for (auto* changes : {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
    if (kind == changes)
      refuse(place_of(node), "a batch figure's query can't change rows", "a SELECT that only reads");
  if (kind == "intoClause")
    refuse(place_of(node), "SELECT INTO makes a table", "the SELECT without INTO");
  if (kind == "lockingClause")
    refuse(place_of(node), "FOR UPDATE and FOR SHARE lock rows", "the SELECT without it");
  if (kind == "ParamRef")
    refuse(place_of(node), "figures can't have parameters", "the constant");
}

std::string name_in(const json& part) {
  if (!part.contains("String"))
    return {};
  auto& text = part["String"];
  return text.value("sval", text.value("str", ""));
}

void note_function(const json& call, std::vector<called_function>& to) {
  auto names = call.value("funcname", json::array());
  if (names.empty())
    return;
  called_function x{names.size() > 1 ? name_in(names[names.size() - 2]) : "", name_in(names.back())};
  if (std::find(to.begin(), to.end(), x) == to.end())
    to.push_back(std::move(x));
}

/// Nesting of the parse tree, of which an operator takes some four levels. Deeper ones could end the stack.
constexpr int deepest = 4000;

void walk(const json& node, std::vector<called_function>& functions, int depth = 0) {
  if (depth > deepest)
    refuse(0, "the query is nested too deeply", "fewer operators in a row, or a VALUES list");
  if (node.is_array())
    for (auto& child : node)
      walk(child, functions, depth + 1);
  if (!node.is_object())
    return;
  for (auto& [kind, child] : node.items()) {
    refuse_effects(kind, child);
    if (kind == "FuncCall")
      note_function(child, functions);
    walk(child, functions, depth + 1);
  }
}

} // namespace

std::vector<called_function> parse_batch(const std::string& sql) {
  auto statement = parse(sql);
  if (!statement.contains("SelectStmt"))
    refuse(0, "a batch figure is a SELECT", "one SELECT; WITH, UNION and VALUES are fine");
  std::vector<called_function> out;
  walk(statement, out);
  return out;
}

} // namespace millrace
