#include "actors/sources/debezium/row_decoder.hpp"

#include <algorithm>

namespace millrace {

namespace json = simdjson::ondemand;

namespace {

/// Returns a name as written, up to its closing quote.
std::string written(const char* begin) {
  auto* end = begin;
  for (; *end != '"'; ++end)
    if (*end == '\\')
      ++end;
  return {begin, end};
}

} // namespace

row_decoder::row_decoder(const postgres::table& table, const std::vector<std::uint16_t>& wanted)
    : table_(table), wanted_(table.columns.size(), false) {
  for (auto i : wanted)
    if (!wanted_[i]) {
      wanted_[i] = true;
      ++wanted_count_;
    }
}

int row_decoder::column_at(std::size_t place, json::field& x) {
  auto raw = x.key();
  if (place < slots_.size() && raw.unsafe_is_equal(slots_[place].name))
    return slots_[place].column;
  auto name = written(raw.raw());
  std::string_view plain = x.unescaped_key();
  auto index = table_.find(std::string(plain));
  auto column = index && wanted_[*index] ? *index : unwanted;
  slots_.resize(std::max(slots_.size(), place + 1));
  // Comparing a longer name could read past the end of the next, shorter record.
  if (name.size() < simdjson::SIMDJSON_PADDING)
    slots_[place] = {std::move(name), column};
  return column;
}

void row_decoder::name_missing() const {
  for (std::size_t i = 0; i < seen_.size(); ++i)
    if (wanted_[i] && !seen_[i])
      throw missing_column("column " + table_.columns[i].name + " is missing from the record");
  throw missing_column("columns are missing from the record");
}

decoded_row row_decoder::decode(json::object from, const std::vector<wire_form>& forms) {
  decoded_row out;
  out.values.resize(table_.columns.size());
  seen_.assign(table_.columns.size(), false);
  std::size_t found = 0;
  std::size_t place = 0;
  for (auto each : from) {
    auto field = field_of(std::move(each));
    auto column = column_at(place++, field);
    if (column == unwanted)
      continue;
    auto i = static_cast<std::size_t>(column);
    if (seen_[i])
      throw undecodable("column " + table_.columns[i].name + " stands twice in the record");
    std::string suspect;
    auto content = decode_column(field.value(), table_.columns[i], forms[i], suspect);
    if (content)
      out.values[i] = std::move(*content);
    else
      out.suspects.push_back({static_cast<std::uint16_t>(i), std::move(suspect)});
    seen_[i] = true;
    ++found;
  }
  if (found != wanted_count_)
    name_missing();
  return out;
}

} // namespace millrace
