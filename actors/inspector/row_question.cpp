#include "actors/inspector/row_question.hpp"

#include "actors/figures/values/text_values.hpp"
#include "messages/rows.hpp"
#include "messages/shard_of.hpp"

namespace millrace {

namespace {

std::string full_name(const postgres::table& x) { return x.schema + "." + x.name; }

std::string joined(const std::vector<std::string>& some) {
  std::string out;
  for (auto& x : some)
    out += (out.empty() ? "" : ", ") + x;
  return out;
}

result<table_id> find_table(const plan_set& plans, const std::string& name) {
  std::vector<std::string> there, fitting;
  table_id found{};
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& table = plans.tables[i].table;
    if (!plans.tables[i].captured)
      continue;
    there.push_back(full_name(table));
    if (table.name != name && full_name(table) != name)
      continue;
    fitting.push_back(full_name(table));
    found = table_id{i};
  }
  if (fitting.empty())
    return error{errc::bad_setting, "no figure reads a table " + name + "; there are: " + joined(there)};
  if (fitting.size() > 1)
    return error{errc::bad_setting, "the table " + name + " is ambiguous: name one of " + joined(fitting)};
  return found;
}

std::string key_names(const postgres::table& of) {
  std::vector<std::string> out;
  for (auto column : of.primary_key)
    out.push_back(of.columns[column].name);
  return joined(out);
}

} // namespace

result<row_question> question_of(const plan_set& plans, std::uint16_t shards, const std::string& name,
                                 const std::vector<std::string>& key) {
  auto id = find_table(plans, name);
  if (!id)
    return id.why();
  auto& table = plans.tables[id->value].table;
  if (key.size() != table.primary_key.size())
    return error{errc::bad_setting, (key.size() < table.primary_key.size() ? "the key is ambiguous: " : "")
                                        + full_name(table) + " has the key (" + key_names(table)
                                        + "); give its " + std::to_string(table.primary_key.size())
                                        + " parts in this order"};
  row values;
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto x = value_from_text(key[i], table.columns[table.primary_key[i]]);
    if (!x)
      return error{errc::bad_setting, full_name(table) + ": " + x.why().message};
    values.push_back(std::move(*x));
  }
  return row_question{*id, full_name(table), pack(values), shard_of(values, shards)->value};
}

} // namespace millrace
