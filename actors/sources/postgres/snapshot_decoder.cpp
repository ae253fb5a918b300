#include "actors/sources/postgres/snapshot_decoder.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/figures/values/text_values.hpp"

namespace millrace::postgres {

snapshot_decoder::snapshot_decoder(const plan_set& plans, table_id of, lsn at)
    : plan_(plans.tables[of.value]), id_(of), at_(at), columns_(used_columns(plans, of)) {}

snapshot_batch snapshot_decoder::empty_batch() const {
  snapshot_batch out;
  out.table = id_;
  return out;
}

error snapshot_decoder::refused(const std::string& why) const {
  return {errc::bad_record, plan_.table.schema + "." + plan_.table.name + ": " + why};
}

result<row_change> snapshot_decoder::decode(std::string_view line) {
  auto fields = text_.read(line);
  if (fields.size() != columns_.size())
    return refused("a row of " + std::to_string(fields.size()) + " columns, and it was asked for "
                   + std::to_string(columns_.size()));
  row_change out;
  out.op = 'r';
  out.table = id_;
  out.at = {at_, {}};
  out.after.emplace(plan_.table.columns.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].what == pgoutput::field::kind::null)
      continue;
    auto x = value_from_text(fields[i].content, plan_.table.columns[columns_[i]]);
    if (!x)
      return refused(x.why().message);
    (*out.after)[columns_[i]] = std::move(*x);
  }
  for (auto i : plan_.table.primary_key)
    out.key.push_back((*out.after)[i]);
  return out;
}

void snapshot_decoder::add(std::string_view line, snapshot_batch& to) {
  to.bytes += line.size();
  auto decoded = decode(line);
  if (decoded)
    to.rows.push_back(std::move(*decoded));
  else
    to.bad.push_back({id_, {at_, {}}, 0, decoded.why().message, std::string(line)});
}

} // namespace millrace::postgres
