#include "actors/sources/postgres/table_decoder.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/figures/values/text_values.hpp"
#include "actors/postgres/session.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace millrace::postgres {

using pgoutput::field;
using pgoutput::old_tuple;
using pgoutput::tuple;

namespace {

/// Why a row can't be decoded.
struct undecodable_row : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool holds(const std::vector<std::uint16_t>& all, std::uint16_t x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

std::vector<std::uint16_t> routed_columns(const plan_set& plans, table_id of) {
  std::set<std::uint16_t> out;
  for (auto& each : plans.routes)
    if (each.table == of && !each.own)
      out.insert(each.by.begin(), each.by.end());
  for (auto i : plans.tables[of.value].table.primary_key)
    out.erase(i);
  return {out.begin(), out.end()};
}

} // namespace

table_decoder::table_decoder(const plan_set& plans, table_id of)
    : plan_(plans.tables[of.value]), id_(of), wanted_(used_columns(plans, of)),
      routed_(routed_columns(plans, of)) {
  for (auto i : wanted_)
    if (plan_.table.columns[i].not_null && !holds(plan_.table.primary_key, i))
      not_null_.push_back(i);
}

relation_layout table_decoder::layout_of(const pgoutput::relation& x) const {
  return relation_layout(x, plan_.table, wanted_);
}

std::string table_decoder::full_identity() const {
  return "ALTER TABLE " + written_name(plan_.table.schema) + "." + written_name(plan_.table.name)
         + " REPLICA IDENTITY FULL";
}

row_change table_decoder::change(char op) const {
  row_change out;
  out.op = op;
  out.table = id_;
  return out;
}

value table_decoder::value_of(const relation_layout& by, tuple fields, std::uint16_t column) const {
  auto& x = fields[by.field_of(column)];
  if (x.what == field::kind::null)
    return null_value{};
  if (x.what == field::kind::unchanged)
    throw undecodable_row("column " + plan_.table.columns[column].name
                          + ": the WAL leaves out its unchanged long value (TOAST), and no old row has it; "
                          + full_identity() + " puts it into later changes");
  auto out = value_from_text(x.content, plan_.table.columns[column]);
  if (!out)
    throw undecodable_row(out.why().message);
  return std::move(*out);
}

/// An unchanged long value is the old row's, if that is whole.
row table_decoder::new_row(const relation_layout& by, tuple fresh,
                           const std::optional<old_tuple>& old) const {
  row out(plan_.table.columns.size());
  for (auto i : wanted_) {
    auto here = by.field_of(i);
    auto elsewhere =
        fresh[here].what == field::kind::unchanged && old && old->fields[here].what == field::kind::text;
    out[i] = value_of(by, elsewhere ? old->fields : fresh, i);
  }
  return out;
}

/// Returns whether a row of REPLICA IDENTITY FULL has its key alone: a partition has another identity than
/// the table whose partition it is, and the server writes that table's.
bool table_decoder::is_key_alone(const relation_layout& by, const old_tuple& old) const {
  return std::any_of(not_null_.begin(), not_null_.end(),
                     [&](auto i) { return old.fields[by.field_of(i)].what == field::kind::null; });
}

row table_decoder::old_row(const relation_layout& by, const old_tuple& old) const {
  row out(plan_.table.columns.size());
  for (auto i : plan_.table.primary_key)
    out[i] = value_of(by, old.fields, i);
  if (old.whole)
    for (auto i : routed_)
      out[i] = value_of(by, old.fields, i);
  return out;
}

row table_decoder::key_of(const row& of) const {
  row out;
  for (auto i : plan_.table.primary_key) {
    if (is_null(of[i]))
      throw undecodable_row("column " + plan_.table.columns[i].name + " of the key is null");
    out.push_back(of[i]);
  }
  return out;
}

/// Refuses an update or delete whose old row is in other cells, or of another key, than the WAL can say.
void table_decoder::want_old_row(const relation_layout& by, const std::optional<old_tuple>& old) const {
  if (!by.identifies_rows() && !(old && old->whole))
    throw undecodable_row("the replica identity doesn't have all columns of the primary key; "
                          + full_identity() + " puts them into later changes");
  if (routed_.empty() || (old && old->whole && !is_key_alone(by, *old)))
    return;
  throw undecodable_row("the old row is missing, and figures need column "
                        + plan_.table.columns[routed_.front()].name + " of it; " + full_identity()
                        + " puts it into later changes");
}

template <class F>
result<decoded_changes> table_decoder::guarded(const relation_layout& by, F&& decode) const {
  auto refused = [&](const std::string& why) {
    return error{errc::bad_record, plan_.table.schema + "." + plan_.table.name + ": " + why};
  };
  if (!by.trouble().empty())
    return refused(by.trouble());
  try {
    return decode();
  } catch (const undecodable_row& why) {
    return refused(why.what());
  }
}

result<decoded_changes> table_decoder::insert(const relation_layout& by, tuple fresh) const {
  return guarded(by, [&]() -> decoded_changes {
    auto out = change('c');
    out.after = new_row(by, fresh, std::nullopt);
    out.key = key_of(*out.after);
    return {std::move(out), std::nullopt};
  });
}

result<decoded_changes> table_decoder::update(const relation_layout& by, const std::optional<old_tuple>& old,
                                              tuple fresh) const {
  return guarded(by, [&]() -> decoded_changes {
    want_old_row(by, old);
    auto now = change('u');
    now.after = new_row(by, fresh, old);
    now.key = key_of(*now.after);
    if (!old)
      return {std::move(now), std::nullopt};
    auto before = old_row(by, *old);
    auto former_key = key_of(before);
    if (former_key == now.key) {
      if (old->whole)
        now.before = std::move(before);
      return {std::move(now), std::nullopt};
    }
    auto gone = change('d');
    gone.before = std::move(before);
    gone.key = std::move(former_key);
    now.op = 'c';
    return {std::move(gone), std::move(now)};
  });
}

result<decoded_changes> table_decoder::remove(const relation_layout& by, const old_tuple& old) const {
  return guarded(by, [&]() -> decoded_changes {
    want_old_row(by, old);
    auto out = change('d');
    out.before = old_row(by, old);
    out.key = key_of(*out.before);
    return {std::move(out), std::nullopt};
  });
}

row_change table_decoder::truncate() const { return change('t'); }

} // namespace millrace::postgres
